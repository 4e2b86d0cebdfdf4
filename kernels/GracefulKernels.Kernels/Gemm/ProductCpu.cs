namespace GracefulKernels.Kernels;

/// <summary>
/// The blocked driver behind GEMM and SYRK: columns are cut so that a block of B fills half of a second-level cache, rows so that every
/// thread has work. How they are cut touches no bit of the result; only the blocks of the inner dimension do, and those follow from the shape.
/// </summary>
internal static unsafe class ProductCpu<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const long BlockElements = 140_000;
    private const int RowsPerPackedBlock = 192;

    public static void Run<TRows, TColumns>(
        Workers workers,
        in TRows rows,
        in TColumns columns,
        in InnerBlocks inner,
        in Output output,
        int m,
        int n,
        float* c,
        int ldc,
        bool lower)
        where TRows : struct, IRowSource
        where TColumns : struct, IColumnSource
    {
        const int group = TileCpu<TLanes, TDoubles>.Group;
        int maxRows = TileCpu<TLanes, TDoubles>.MaxRows;
        long work = (long)m * n * Math.Max(inner.MaxLength, 1) * inner.Count;
        int threads = workers.ThreadsFor(work);
        bool sweep = inner.Count == 1 && (long)inner.MaxLength * n <= InnerBlocks.SweepElements;
        int groups = (n + group - 1) / group;
        int columnChunks = sweep ? 1 : (int)Math.Min(groups, (((long)n * inner.MaxLength) + BlockElements - 1) / BlockElements);
        int wanted = threads == 1 ? 1 : 4 * threads;
        int rowChunks = Math.Clamp((wanted + columnChunks - 1) / columnChunks, 1, Math.Max(1, m / (sweep ? 2 * maxRows : RowsPerPackedBlock)));
        if (rowChunks * columnChunks < wanted) columnChunks = Math.Min(groups, (wanted + rowChunks - 1) / rowChunks);
        var job = new Job<TRows, TColumns>
        {
            Rows = rows,
            Columns = columns,
            Inner = inner,
            Output = output,
            C = c,
            Ldc = ldc,
            M = m,
            N = n,
            Lower = lower,
            RowsPerChunk = (((m + rowChunks - 1) / rowChunks) + maxRows - 1) / maxRows * maxRows,
            ColumnsPerChunk = (groups + columnChunks - 1) / columnChunks * group,
        };
        job.ColumnChunks = (n + job.ColumnsPerChunk - 1) / job.ColumnsPerChunk;
        rowChunks = (m + job.RowsPerChunk - 1) / job.RowsPerChunk;
        if (sweep && rowChunks > 1)
        {
            job.Shared = Scratch.Get<float>(ScratchSlot.PackedB, TileCpu<TLanes, TDoubles>.PackedLength(n, inner.MaxLength));
            var packing = new Packing<TColumns> { Columns = columns, Shared = job.Shared, N = n, Length = inner.MaxLength };
            workers.Run(groups, ref packing, work);
        }
        workers.Run(rowChunks * job.ColumnChunks, ref job, work);
    }

    private struct Packing<TColumns> : IJob where TColumns : struct, IColumnSource
    {
        public TColumns Columns;
        public float* Shared;
        public int N;
        public nint Length;

        public readonly void Execute(int chunk)
        {
            int column = chunk * TileCpu<TLanes, TDoubles>.Group;
            Columns.Pack(0, column, Math.Min(TileCpu<TLanes, TDoubles>.Group, N - column), Shared + (column * Length));
        }
    }

    private struct Job<TRows, TColumns> : IJob
        where TRows : struct, IRowSource
        where TColumns : struct, IColumnSource
    {
        public TRows Rows;
        public TColumns Columns;
        public InnerBlocks Inner;
        public Output Output;
        public float* C;
        public nint Ldc;
        public int M, N;
        public int RowsPerChunk, ColumnsPerChunk, ColumnChunks;
        public bool Lower;
        public float* Shared;

        public readonly void Execute(int chunk)
        {
            int rowChunk = chunk / ColumnChunks, columnChunk = chunk - (rowChunk * ColumnChunks);
            int row = rowChunk * RowsPerChunk, rowEnd = Math.Min(row + RowsPerChunk, M);
            int column = columnChunk * ColumnsPerChunk, columnEnd = Math.Min(column + ColumnsPerChunk, N);
            // Whole groups, so that their packed width is the one that a shared B has.
            if (Lower) columnEnd = Math.Min(columnEnd, (rowEnd + 31) & ~31);
            if (column >= columnEnd) return;
            if (Lower && row < column) row = column;
            if (row >= rowEnd) return;
            bool direct = rowEnd - row <= TileCpu<TLanes, TDoubles>.MaxRows;
            float* scratch = Scratch.Get<float>(ScratchSlot.PackedA, Rows.ScratchLength);
            float* packed = Shared != null
                ? Shared + ((nint)column * Inner.MaxLength)
                : Scratch.Get<float>(ScratchSlot.PackedB, TileCpu<TLanes, TDoubles>.PackedLength(direct ? TileCpu<TLanes, TDoubles>.Group : columnEnd - column, Inner.MaxLength));
            for (int block = 0; block < Inner.Count; block++)
            {
                Inner.Get(block, out _, out int products, out _, out int length);
                length *= products;
                if (direct && Shared == null)
                {
                    OneTile(block, length, row, rowEnd - row, column, columnEnd, scratch, packed);
                    continue;
                }
                if (Shared == null)
                {
                    for (int j = column; j < columnEnd; j += TileCpu<TLanes, TDoubles>.Group)
                    {
                        Columns.Pack(block, j, Math.Min(TileCpu<TLanes, TDoubles>.Group, columnEnd - j), packed + ((nint)(j - column) * length));
                    }
                }
                Block(block, length, row, rowEnd, column, columnEnd, scratch, packed);
            }
        }

        /// <summary>Every row tile of the chunk against a packed block of B.</summary>
        private readonly void Block(int block, int length, int row, int rowEnd, int column, int columnEnd, float* scratch, float* packed)
        {
            Segment* segments = stackalloc Segment[2];
            for (int rows; row < rowEnd; row += rows)
            {
                rows = TileCpu<TLanes, TDoubles>.NextRows(rowEnd - row);
                Rows.Tile(row, rows, block, scratch, segments, out RowTile a);
                int end = Lower ? Math.Min(columnEnd, row + rows) : columnEnd;
                for (int j = column; j < end; j += TileCpu<TLanes, TDoubles>.Group)
                {
                    var panel = new Panel
                    {
                        Start = packed + ((nint)(j - column) * length),
                        ColumnStride = length,
                        Step = TileCpu<TLanes, TDoubles>.SubPanel(TileCpu<TLanes, TDoubles>.Width(Math.Min(TileCpu<TLanes, TDoubles>.Group, columnEnd - j))),
                    };
                    Emit(a, panel, block, row, rows, j, columnEnd);
                }
            }
        }

        /// <summary>One row tile alone: B is read once, so whole groups are taken where they lie and others are packed one at a time.</summary>
        private readonly void OneTile(int block, int length, int row, int rows, int column, int columnEnd, float* scratch, float* packed)
        {
            Segment* segments = stackalloc Segment[2];
            Rows.Tile(row, rows, block, scratch, segments, out RowTile a);
            for (int j = column; j < columnEnd; j += TileCpu<TLanes, TDoubles>.Group)
            {
                int columns = Math.Min(TileCpu<TLanes, TDoubles>.Group, columnEnd - j);
                if (!Columns.TryInPlace(block, j, columns, out Panel panel))
                {
                    Columns.Pack(block, j, columns, packed);
                    panel.Start = packed;
                    panel.ColumnStride = length;
                    panel.Step = TileCpu<TLanes, TDoubles>.SubPanel(TileCpu<TLanes, TDoubles>.Width(columns));
                }
                Emit(a, panel, block, row, rows, j, columnEnd);
            }
        }

        private readonly void Emit(in RowTile a, in Panel panel, int block, int row, int rows, int column, int columnEnd)
        {
            OutputTile tile;
            tile.C = C + (row * Ldc) + column;
            tile.Ld = Ldc;
            tile.Row = row;
            tile.Column = column;
            tile.Rows = rows;
            tile.Columns = Math.Min(TileCpu<TLanes, TDoubles>.Group, columnEnd - column);
            tile.Limit = Lower ? row - column + 1 : OutputTile.NoLimit;
            tile.First = block == 0;
            tile.Last = block == Inner.Count - 1;
            TileCpu<TLanes, TDoubles>.Emit(a, panel, Output, tile);
        }
    }
}
