using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>What a column sum adds up: the term at element <c>index</c> of the matrix, which lies in column <c>column</c>.</summary>
internal unsafe interface IColumnTerm<TLanes, TDoubles>
{
    void Add(long index, int column, int count, ref TDoubles low, ref TDoubles high);

    /// <summary>Asks memory for what a term further on is made of.</summary>
    void Ask(long index);
}

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    private const int SumColumns = 1024;
    private const int SumRows = 64;

    public void ColumnSum(long rows, int columns, Block<float> x, float beta, Block<float> sum)
    {
        Debug.Assert(x.Length == rows * columns && sum.Length == columns);
        var pattern = new ChannelPattern(rows, columns);
        SumColumnsOf(pattern, new PlainTerm(x.Pointer), beta, sum.Pointer);
    }

    public void ChannelAffineGradient(
        long rows, int channels, Block<float> x, Block<float> scale, Block<float> shift, Block<float> dy, float beta, Block<float> sum)
    {
        Debug.Assert(x.Length == rows * channels && dy.Length == x.Length && sum.Length == channels);
        Debug.Assert(scale.Length == channels && (shift.IsEmpty || shift.Length == channels));
        var pattern = new ChannelPattern(rows, channels);
        float* parameters = Scratch.Get<float>(ScratchSlot.Columns, 2L * pattern.PaddedWidth);
        pattern.Repeat(scale, parameters);
        pattern.Repeat(shift, parameters + pattern.PaddedWidth);
        SumColumnsOf(pattern, new AffineTerm(x.Pointer, dy.Pointer, parameters, parameters + pattern.PaddedWidth), beta, sum.Pointer);
    }

    /// <summary>
    /// <c>sum[c] = Σ_r term(r, c) + beta·sum[c]</c> in fp64: sums over blocks of rows, which are combined in the order of the blocks. A block's
    /// height depends on the shape alone.
    /// </summary>
    private void SumColumnsOf<TTerm>(in ChannelPattern pattern, TTerm term, float beta, float* sum)
        where TTerm : struct, IColumnTerm<TLanes, TDoubles>
    {
        int stretches = Chunks.Count(pattern.Width, SumColumns);
        long rowsPerBlock = Math.Max(SumRows, Chunks.Rows(pattern.Width));
        int blocks = Chunks.Count(pattern.Rows, rowsPerBlock);
        long pitch = pattern.PaddedWidth;
        // One more row than blocks: the total.
        double* partials = Scratch.Get<double>(ScratchSlot.PartialSums, (blocks + 1) * pitch);
        var job = new ColumnSumJob<TTerm> { Pattern = pattern, Term = term, Stretches = stretches, RowsPerBlock = rowsPerBlock, Partials = partials };
        _workers.Run(blocks * stretches, ref job);

        double* total = partials + (blocks * pitch);
        new Span<double>(total, (int)pitch).Clear();
        for (int block = 0; block < blocks; block++)
        {
            double* partial = partials + (block * pitch);
            for (int c = 0; c < pitch; c += 8) TDoubles.Store(total + c, TDoubles.Load(total + c) + TDoubles.Load(partial + c));
        }
        for (int c = 0; c < pattern.Channels; c++)
        {
            double all = 0;
            for (int i = c; i < pattern.Width; i += pattern.Channels) all += total[i];
            // The product of two fp32 numbers is exact in fp64.
            sum[c] = (float)(beta == 0 ? all : all + ((double)beta * sum[c]));
        }
    }

    private struct ColumnSumJob<TTerm> : IJob where TTerm : struct, IColumnTerm<TLanes, TDoubles>
    {
        public ChannelPattern Pattern;
        public TTerm Term;
        public int Stretches;
        public long RowsPerBlock;
        public double* Partials;

        public readonly void Execute(int chunk)
        {
            (int block, int stretch) = Math.DivRem(chunk, Stretches);
            int column = stretch * SumColumns, columnEnd = Math.Min(column + SumColumns, Pattern.Width);
            long row = block * RowsPerBlock, rowEnd = Math.Min(row + RowsPerBlock, Pattern.Rows);
            double* sums = Partials + ((long)block * Pattern.PaddedWidth) + column;
            new Span<double>(sums, (columnEnd - column + Lane - 1) / Lane * Lane).Clear();
            bool shortLast = rowEnd == Pattern.Rows && Pattern.Rows * Pattern.Width > Pattern.Length;
            if (shortLast) rowEnd--;
            AddRows(Term, row * Pattern.Width, rowEnd - row, Pattern.Width, column, columnEnd, sums);
            if (shortLast)
            {
                long start = rowEnd * Pattern.Width;
                AddRows(Term, start, 1, Pattern.Width, column, (int)Math.Min(columnEnd, Pattern.Length - start), sums);
            }
        }
    }

    /// <summary>
    /// Adds <paramref name="rows"/> rows, the first at <paramref name="start"/>, to sums that stay in the first cache. Four rows at a
    /// time, so that a sum is loaded and stored once for four terms; each column still adds its rows one by one, in order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows<TTerm>(TTerm term, long start, long rows, long pitch, int column, int columnEnd, double* sums)
        where TTerm : struct, IColumnTerm<TLanes, TDoubles>
    {
        int whole = column + ((columnEnd - column) / Lane * Lane);
        // Four rows at once are four places of memory; where they lie far apart, the processor does not foresee the next four.
        bool far = pitch > 256;
        long row = 0;
        for (; row <= rows - 4; row += 4)
        {
            long at = start + (row * pitch), next = at + (4 * pitch);
            int c = column;
            for (; c < whole; c += Lane)
            {
                double* sum = sums + (c - column);
                TDoubles low = TDoubles.Load(sum), high = TDoubles.Load(sum + 8);
                if (far)
                {
                    term.Ask(next + c);
                    term.Ask(next + pitch + c);
                    term.Ask(next + (2 * pitch) + c);
                    term.Ask(next + (3 * pitch) + c);
                }
                term.Add(at + c, c, Lane, ref low, ref high);
                term.Add(at + pitch + c, c, Lane, ref low, ref high);
                term.Add(at + (2 * pitch) + c, c, Lane, ref low, ref high);
                term.Add(at + (3 * pitch) + c, c, Lane, ref low, ref high);
                TDoubles.Store(sum, low);
                TDoubles.Store(sum + 8, high);
            }
            if (c < columnEnd) AddEnd(term, at, 4, pitch, c, columnEnd - c, sums + (c - column));
        }
        for (; row < rows; row++)
        {
            long at = start + (row * pitch);
            int c = column;
            for (; c < whole; c += Lane)
            {
                double* sum = sums + (c - column);
                TDoubles low = TDoubles.Load(sum), high = TDoubles.Load(sum + 8);
                term.Add(at + c, c, Lane, ref low, ref high);
                TDoubles.Store(sum, low);
                TDoubles.Store(sum + 8, high);
            }
            if (c < columnEnd) AddEnd(term, at, 1, pitch, c, columnEnd - c, sums + (c - column));
        }
    }

    /// <summary>The last columns, fewer than a register holds: apart, so that the loops over whole ones hold no partial load.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void AddEnd<TTerm>(TTerm term, long at, int rows, long pitch, int column, int count, double* sum)
        where TTerm : struct, IColumnTerm<TLanes, TDoubles>
    {
        TDoubles low = TDoubles.Load(sum), high = TDoubles.Load(sum + 8);
        for (int r = 0; r < rows; r++) term.Add(at + (r * pitch) + column, column, count, ref low, ref high);
        TDoubles.Store(sum, low);
        TDoubles.Store(sum + 8, high);
    }

    private readonly struct PlainTerm(float* x) : IColumnTerm<TLanes, TDoubles>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Ask(long index) => Prefetch.Near(x + index);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(long index, int column, int count, ref TDoubles low, ref TDoubles high)
        {
            TLanes v = count == Lane ? TLanes.Load(x + index) : TLanes.LoadPartial(x + index, count);
            TLanes.Widen(v, out TDoubles vLow, out TDoubles vHigh);
            low += vLow;
            high += vHigh;
        }
    }

    private readonly struct AffineTerm(float* x, float* dy, float* scale, float* shift) : IColumnTerm<TLanes, TDoubles>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Ask(long index)
        {
            Prefetch.Near(x + index);
            Prefetch.Near(dy + index);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(long index, int column, int count, ref TDoubles low, ref TDoubles high)
        {
            bool whole = count == Lane;
            TLanes.Widen(whole ? TLanes.Load(x + index) : TLanes.LoadPartial(x + index, count), out TDoubles xLow, out TDoubles xHigh);
            TLanes.Widen(whole ? TLanes.Load(dy + index) : TLanes.LoadPartial(dy + index, count), out TDoubles dyLow, out TDoubles dyHigh);
            TLanes.Widen(TLanes.Load(scale + column), out TDoubles scaleLow, out TDoubles scaleHigh);
            TLanes.Widen(TLanes.Load(shift + column), out TDoubles shiftLow, out TDoubles shiftHigh);
            low = TDoubles.MultiplyAdd(dyLow, TDoubles.MultiplyAdd(xLow, scaleLow, shiftLow), low);
            high = TDoubles.MultiplyAdd(dyHigh, TDoubles.MultiplyAdd(xHigh, scaleHigh, shiftHigh), high);
        }
    }
}
