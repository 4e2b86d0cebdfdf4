using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Rows that no group can hold: one group a row, which goes over it for the maxima, for the sums, for the second look of KL where there is one, and
/// for the gradient. Only the first of these reads is sure to come from memory: each goes the other way than the one before, so that it begins
/// with what was read last and is still in the nearest cache. A large group has a multiprocessor for itself, or shares it with one
/// other; what the nearest cache does not hold (two rows of 32,000 classes are 256 KB) comes from the second-level cache.
/// </summary>
internal static class RowLossGpuWide
{
    public static readonly GpuKernel<RowLossArguments> Any = new(Passes<QuadAccess, Group1024>, Group1024.Threads, KernelTraits.Vectors);
    public static readonly GpuKernel<RowLossArguments> AnySingles = new(Passes<SingleAccess, Group1024>, Group1024.Threads);

    /// <summary>For devices whose groups are small.</summary>
    public static readonly GpuKernel<RowLossArguments> AnySinglesSmall = new(Passes<SingleAccess, Group256>);

    private static void Passes<TAccess, TGroup>(RowLossArguments g)
        where TAccess : unmanaged, IRowAccess
        where TGroup : unmanaged, IRowGroup
    {
        TGroup size = default;
        SharedReduction reduction = default;
        ArrayView<ulong> fold = SharedMemory.Allocate<ulong>(3 * size.Size);
        RowLossGpuFinish finish = new(SharedMemory.Allocate<float>(RowLossGpuFinish.Count), 1);
        int parts = g.Parts, fields = RowGpuSums.Fields(parts), threads = size.Size, t = Group.IdxX;
        long row = Grid.IdxX;
        bool hasOld = g.Old.Length > 0, finishes = t == 0;
        WideRow<TAccess> pass = new(g, row, threads);

        int lowest = default(TAccess).First(0, t, threads);
        RowGpuBest bestNew = new(lowest), bestOld = new(lowest);
        for (int block = 0; block < pass.Blocks; block++)
        {
            int first = default(TAccess).First(block, t, threads);
            bestNew.Add(pass.New(g, first), first, pass.Step);
            if (hasOld) bestOld.Add(pass.Old(g, first), first, pass.Step);
        }
        reduction.Keys(fold, bestNew.Key(lowest, g.Classes), bestOld.Key(lowest, g.Classes), hasOld, threads, threads);
        if (finishes) finish.SetMaxima(g, 0, row, reduction.Key(fold, 0, 0, threads, threads), hasOld ? reduction.Key(fold, 1, 0, threads, threads) : 0UL);
        Group.Barrier();

        RowGpuFacts facts = finish.Facts(0, row);
        RowGpuSums part = default;
        for (int block = pass.Blocks - 1; block >= 0; block--)
        {
            int first = default(TAccess).First(block, t, threads);
            RowLossGpuElements.Accumulate(parts, g, facts, pass.New(g, first), pass.Old(g, first), first, pass.Step, ref part);
        }
        ArrayView<float> sums = fold.Cast<float>();
        reduction.Sums(sums, part, fields, threads, threads);
        if (finishes) finish.SetSums(parts, g, 0, reduction.Sum(sums, fields, 0, threads, threads));
        Group.Barrier();

        RowGpuSums second = default;
        RowGpuCentre centre = default;
        bool looks = (parts & RowLossParts.Divergence) != 0 && finish.Looks(0);
        if (looks) centre = finish.CentreOf(0);
        part = default;
        int blocks = looks ? pass.Blocks : 0;
        for (int block = 0; block < blocks; block++)
        {
            int first = default(TAccess).First(block, t, threads);
            Float4 n = pass.New(g, first), o = pass.Old(g, first);
            RowLossGpuElements.Centre(parts, g, centre, n, o, pass.Exponentials(parts, g, facts, n, o, first), ref part);
        }
        const int Looked = RowGpuSums.BaseField | RowGpuSums.NewField;
        reduction.Sums(sums, part, Looked, threads, threads);
        if (finishes)
        {
            second = reduction.Sum(sums, Looked, 0, threads, threads);
            finish.Finish(parts, g, 0, row, second);
        }
        Group.Barrier();
        if (g.Gradient.Length == 0) return;

        bool valid = finish.IsValid(0);
        RowGpuCoefficients by = finish.Coefficients(0);
        for (int i = 0; i < pass.Blocks; i++)
        {
            int block = looks ? pass.Blocks - 1 - i : i;
            int first = default(TAccess).First(block, t, threads);
            Float4 gradient = default;
            if (valid)
            {
                Float4 n = pass.New(g, first), o = pass.Old(g, first), terms = default;
                RowGpuExponentials exps = pass.Exponentials(parts, g, facts, n, o, first);
                RowGpuSums unused = default;
                if (looks) terms = RowLossGpuElements.Centre(parts, g, centre, n, o, exps, ref unused);
                gradient = RowLossGpuElements.Gradient(parts, facts, by, looks, n, o, exps, terms, first, pass.Step);
            }
            default(TAccess).Store(g.Gradient, row * g.LdGradient, first, pass.Step, g.Classes, gradient);
        }
    }

    /// <summary>Where one row lies, and how often a group's threads step over it.</summary>
    private struct WideRow<TAccess>
        where TAccess : unmanaged, IRowAccess
    {
        private readonly long _new, _old;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public WideRow(in RowLossArguments g, long row, int threads)
        {
            _new = row * g.LdNew;
            _old = row * g.LdOld;
            Step = default(TAccess).Step(threads);
            Blocks = (int)(((long)g.Classes + (4 * threads) - 1) / (4 * threads));
        }

        public int Step { get; }

        public int Blocks { get; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Float4 New(in RowLossArguments g, int first) => default(TAccess).Load(g.New, _new, first, Step, g.Classes);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Float4 Old(in RowLossArguments g, int first)
        {
            Float4 value = default;
            if (g.Old.Length > 0) value = default(TAccess).Load(g.Old, _old, first, Step, g.Classes);
            return value;
        }

        /// <summary>As they were summed.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly RowGpuExponentials Exponentials(int parts, in RowLossArguments g, RowGpuFacts facts, Float4 n, Float4 o, int first)
        {
            RowGpuSums unused = default;
            return RowLossGpuElements.Accumulate(parts, g, facts, n, o, first, Step, ref unused);
        }
    }
}
