using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// <c>patchesᵀ·dy</c>, [patch × out], over all positions: elements of patches are broadcast from where the image lies, dy is read in place or copied.
/// The positions are cut into slices with a sum of their own, added in order at the end.
/// </summary>
internal static unsafe class WeightGradient<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Group = TileCpu<TLanes, TDoubles>.Group;

    /// <summary>Sums of at most so many elements are cheap to have once a slice.</summary>
    private const long SmallOutput = 65_536;

    private const int SmallChunks = 16, LargeChunks = 8;

    /// <summary>Positions of a slice, and what they may shrink to where there would be fewer than four slices.</summary>
    private const int SlicePositions = 2048, ShortSlice = 512;

    /// <summary>Columns that share one reading of a band, where not all do.</summary>
    private const int BlockColumns = 128;

    /// <summary>Elements of a patch from which on scattered rows of dy are copied together: each is then read many times.</summary>
    private const int FewestRowsToPack = 256;

    /// <summary>Elements of a patch from which on (and up to those above) the next band is asked for: fewer leave no time for it, more need no help.</summary>
    private const int FewestRowsToReadAhead = 112;

    public static void Run(Workers workers, in ConvolutionShape shape, float* x, float* dy, float beta, float* dw)
    {
        int patch = shape.PatchLength, outputs = shape.OutChannels;
        var bands = new PatchBands(shape);
        long positions = bands.Count == 0 ? 0 : (long)shape.Batch * shape.Positions;
        long work = positions * patch * outputs;
        bool small = (long)patch * outputs <= SmallOutput;
        int columnsPerChunk = small ? (outputs + Group - 1) / Group * Group : BlockColumns, columnChunks = (outputs + columnsPerChunk - 1) / columnsPerChunk;
        int most = small ? SmallChunks : Math.Max(1, LargeChunks / columnChunks);
        long slicesWanted = Math.Max(positions / SlicePositions, Math.Min(4 / Math.Min(columnChunks, 4), positions / ShortSlice));
        int slices = (int)Math.Clamp(slicesWanted, 1, most);
        int bandsPerSlice = Math.Max(1, (bands.Count + slices - 1) / slices);
        slices = (bands.Count + bandsPerSlice - 1) / bandsPerSlice;
        int ld = (outputs + 15) & ~15;
        var job = new Job
        {
            Bands = bands,
            Shape = shape,
            X = x,
            Dy = dy,
            Ld = ld,
            BandsPerSlice = bandsPerSlice,
            ColumnChunks = columnChunks,
            ColumnsPerChunk = columnsPerChunk,
            Partial = Scratch.Get<float>(ScratchSlot.PartialSums, (long)slices * patch * ld),
        };
        var merge = new WeightGradientMerge<TLanes, TDoubles> { Partial = job.Partial, Slices = slices, Patch = patch, Outputs = outputs, Ld = ld, Beta = beta, Dw = dw };
        int chunks = slices * job.ColumnChunks;
        workers.Run(chunks, ref job, work);
        workers.Run(merge.Chunks, ref merge, work);
    }

    private struct Job : IJob
    {
        public PatchBands Bands;
        public ConvolutionShape Shape;
        public float* X;
        public float* Dy;
        public nint Ld;
        public int BandsPerSlice, ColumnChunks, ColumnsPerChunk;
        public float* Partial;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            int slice = chunk / ColumnChunks, column = (chunk - (slice * ColumnChunks)) * ColumnsPerChunk;
            int columnEnd = Math.Min(column + ColumnsPerChunk, Shape.OutChannels);
            int first = slice * BandsPerSlice, end = Math.Min(first + BandsPerSlice, Bands.Count);
            float* partial = Partial + (slice * Shape.PatchLength * Ld);
            Segment* segments = stackalloc Segment[Bands.MaxSegments];
            float* image = Scratch.Get<float>(ScratchSlot.PaddedImage, Bands.ScratchLength);
            float* packed = Scratch.Get<float>(ScratchSlot.PackedB, (long)Bands.MaxBandPositions * TileCpu<TLanes, TDoubles>.Group);
            for (int band = first; band < end; band++)
            {
                int positions = Bands.Read(band, X, image, segments, out RowTile tile, out nint pitch);
                var runs = new PatchRuns(Bands.Y, Bands.X, Shape.InChannels, pitch);
                float* dy = Dy + (Bands.Position(band) * Shape.OutChannels);
                ReadAhead ahead = Shape.PatchLength is >= FewestRowsToReadAhead and < FewestRowsToPack ? Bands.Source(band + 1, X) : default;
                for (int j = column; j < columnEnd; j += TileCpu<TLanes, TDoubles>.Group)
                {
                    int columns = Math.Min(TileCpu<TLanes, TDoubles>.Group, columnEnd - j);
                    Panel panel = columns == TileCpu<TLanes, TDoubles>.Width(columns) && (columns == Shape.OutChannels || Shape.PatchLength < FewestRowsToPack)
                        ? new Panel { Start = dy + j, Step = Shape.OutChannels, ColumnStride = 1 }
                        : PackedColumns<TLanes, TDoubles>.Panel(dy + j, Shape.OutChannels, positions, columns, packed);
                    Rows(tile, runs, panel, partial + j, TileCpu<TLanes, TDoubles>.Width(columns), band == first, ref ahead);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Rows(RowTile tile, in PatchRuns runs, in Panel panel, float* partial, int width, bool first, ref ReadAhead ahead)
        {
            var output = new Output(1f, 0f, width, default);
            OutputTile to = default;
            to.Ld = Ld;
            to.Columns = width;
            to.Limit = OutputTile.NoLimit;
            to.First = first;
            float* start = tile.Start;
            nint share = ahead.Share(Shape.PatchLength / TileCpu<TLanes, TDoubles>.TallRowLimit);
            int row = 0;
            for (int run = 0; run < runs.Count; run++)
            {
                for (int r = 0, count; r < runs.Length; r += count, row += count)
                {
                    count = TileCpu<TLanes, TDoubles>.NextRows(runs.Length - r, width);
                    tile.Start = start + runs.Offset(run) + r;
                    to.C = partial + (row * Ld);
                    to.Rows = count;
                    ahead.Fetch(share);
                    TileCpu<TLanes, TDoubles>.Emit(tile, panel, output, to);
                }
            }
        }
    }
}
