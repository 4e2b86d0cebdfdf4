using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Eight classes of a row, or of the parts of a computation over them.</summary>
internal struct Float8
{
    public Float4 Low, High;
}

/// <summary>One thread's eight classes of a row, and the way of a row from logits to gradient.</summary>
internal struct RowInRegisters<TAccess>
    where TAccess : unmanaged, IRowAccess
{
    /// <summary>The new logits; after <see cref="Process"/> the gradient.</summary>
    public Float8 New;

    public Float8 Old;

    private readonly int _first, _second, _step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RowInRegisters(in RowLossArguments g, int t)
    {
        int threads = 1 << g.Shift;
        _first = default(TAccess).First(0, t, threads);
        _second = default(TAccess).First(1, t, threads);
        _step = default(TAccess).Step(threads);
        New = default;
        Old = default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float8 Load(ArrayView<float> view, long row, int classes) => new()
    {
        Low = default(TAccess).Load(view, row, _first, _step, classes),
        High = default(TAccess).Load(view, row, _second, _step, classes),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> view, long row, int classes, Float8 value)
    {
        default(TAccess).Store(view, row, _first, _step, classes, value.Low);
        default(TAccess).Store(view, row, _second, _step, classes, value.High);
    }

    /// <summary>All threads of the group. <paramref name="slot"/> is the row's place in the group, of <paramref name="rows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Process<TLoss, TReduction>(in RowLossArguments g, ArrayView<ulong> fold, RowLossGpuFinish finish, long row, int slot, int rows, int group)
        where TLoss : unmanaged, IRowLossParts
        where TReduction : unmanaged, IRowReduction
    {
        TReduction reduction = default;
        int parts = default(TLoss).Of(g.Parts), fields = RowGpuSums.Fields(parts), threads = 1 << g.Shift;
        bool hasOld = g.Old.Length > 0;
        ArrayView<float> sums = fold.Cast<float>();
        // One thread a row finishes what the row's threads have summed.
        int mine = Group.IdxX;
        long myRow = row - slot + mine;
        bool finishes = mine < rows && myRow < g.Rows;

        reduction.Keys(fold, Key(New, g.Classes), hasOld ? Key(Old, g.Classes) : 0UL, hasOld, threads, group);
        if (finishes) finish.SetMaxima(g, mine, myRow, reduction.Key(fold, 0, mine, threads, group), hasOld ? reduction.Key(fold, 1, mine, threads, group) : 0UL);
        Group.Barrier();
        RowGpuFacts facts = finish.Facts(slot, row);
        RowGpuSums part = default;
        RowGpuExponentials low = RowLossGpuElements.Accumulate(parts, g, facts, New.Low, Old.Low, _first, _step, ref part);
        RowGpuExponentials high = RowLossGpuElements.Accumulate(parts, g, facts, New.High, Old.High, _second, _step, ref part);
        reduction.Sums(sums, part, fields, threads, group);
        if (finishes) finish.SetSums(parts, g, mine, reduction.Sum(sums, fields, mine, threads, group));
        Float8 terms = default;
        RowGpuSums second = default;
        bool looks = false;
        // A constant: kernels of any loss take part in the barriers even where there is no second look.
        if (default(TLoss).Of(0) == 0 || (parts & RowLossParts.Divergence) != 0)
        {
            Group.Barrier();
            looks = (parts & RowLossParts.Divergence) != 0 && finish.Looks(slot);
            part = default;
            if (looks)
            {
                RowGpuCentre centre = finish.CentreOf(slot);
                terms.Low = RowLossGpuElements.Centre(parts, g, centre, New.Low, Old.Low, low, ref part);
                terms.High = RowLossGpuElements.Centre(parts, g, centre, New.High, Old.High, high, ref part);
            }
            const int Fields = RowGpuSums.BaseField | RowGpuSums.NewField;
            reduction.Sums(sums, part, Fields, threads, group);
            if (finishes) second = reduction.Sum(sums, Fields, mine, threads, group);
        }
        if (finishes) finish.Finish(parts, g, mine, myRow, second);
        Group.Barrier();
        bool valid = g.Gradient.Length > 0 && finish.IsValid(slot);
        RowGpuCoefficients by = finish.Coefficients(slot);
        Float8 gradient = default;
        if (valid)
        {
            gradient.Low = RowLossGpuElements.Gradient(parts, facts, by, looks, New.Low, Old.Low, low, terms.Low, _first, _step);
            gradient.High = RowLossGpuElements.Gradient(parts, facts, by, looks, New.High, Old.High, high, terms.High, _second, _step);
        }
        New = gradient;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly ulong Key(Float8 z, int classes)
    {
        RowGpuBest best = new(_first);
        best.Add(z.Low, _first, _step);
        best.Add(z.High, _second, _step);
        return best.Key(_first, classes);
    }
}
