using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void ConvolutionWeightGradient(in ConvolutionShape shape, Block<float> x, Block<float> dy, float beta, Block<float> dw)
    {
        if (shape.WeightLength == 0) return;
        WeightGradient<TLanes, TDoubles>.Run(_workers, shape, x.Pointer, dy.Pointer, beta, dw.Pointer);
    }
}

/// <summary>
/// <c>patchesᵀ·dy</c>, [patch × out], over all positions: elements of patches are broadcast from where the image lies, dy is read in place.
/// The positions are cut into slices with a sum of their own, added in order at the end.
/// </summary>
internal static unsafe class WeightGradient<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int WantedChunks = 16;
    private const int SlicePositions = 2048;
    private const long SmallOutput = 65_536;
    private const int MergeRows = 32;

    public static void Run(Workers workers, in ConvolutionShape shape, float* x, float* dy, float beta, float* dw)
    {
        int patch = shape.PatchLength, outputs = shape.OutChannels, groups = (outputs + 31) / 32;
        var bands = new PatchBands(shape);
        long positions = bands.Count == 0 ? 0 : (long)shape.Batch * shape.Positions;
        long work = positions * patch * outputs;
        bool small = (long)patch * outputs <= SmallOutput;
        int slices = (int)Math.Clamp(positions / SlicePositions, 1, small ? WantedChunks : Math.Max(1, WantedChunks / groups));
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
            ColumnChunks = small ? 1 : groups,
            ColumnsPerChunk = small ? ld : 32,
            Partial = Scratch.Get<float>(ScratchSlot.PartialSums, (long)slices * patch * ld),
        };
        var merge = new Merge { Partial = job.Partial, Slices = slices, Patch = patch, Outputs = outputs, Ld = ld, Beta = beta, Dw = dw };
        int chunks = slices * job.ColumnChunks, merges = (patch + MergeRows - 1) / MergeRows;
        workers.Run(chunks, ref job, work);
        workers.Run(merges, ref merge, work);
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
                for (int j = column; j < columnEnd; j += TileCpu<TLanes, TDoubles>.Group)
                {
                    int columns = Math.Min(TileCpu<TLanes, TDoubles>.Group, columnEnd - j);
                    Panel panel = Columns(dy + j, columns, positions, packed);
                    Rows(tile, runs, panel, partial + j, TileCpu<TLanes, TDoubles>.Width(columns), band == first);
                }
            }
        }

        private readonly Panel Columns(float* dy, int columns, int positions, float* packed)
        {
            int width = TileCpu<TLanes, TDoubles>.Width(columns), sub = TileCpu<TLanes, TDoubles>.SubPanel(width);
            if (columns == width) return new Panel { Start = dy, Step = Shape.OutChannels, ColumnStride = 1 };
            for (int j = 0; j < width; j += sub)
            {
                float* to = packed + ((nint)j * positions);
                PackedColumns<TLanes, TDoubles>.Straight(dy + j, Shape.OutChannels, positions, Math.Clamp(columns - j, 0, sub), sub, to);
            }
            return new Panel { Start = packed, Step = sub, ColumnStride = positions };
        }

        private readonly void Rows(RowTile tile, in PatchRuns runs, in Panel panel, float* partial, int width, bool first)
        {
            var output = new Output(1f, 0f, width, default);
            OutputTile to = default;
            to.Ld = Ld;
            to.Columns = width;
            to.Limit = OutputTile.NoLimit;
            to.First = first;
            float* start = tile.Start;
            int row = 0;
            for (int run = 0; run < runs.Count; run++)
            {
                for (int r = 0, count; r < runs.Length; r += count, row += count)
                {
                    count = TileCpu<TLanes, TDoubles>.NextRows(runs.Length - r, width);
                    tile.Start = start + runs.Offset(run) + r;
                    to.C = partial + (row * Ld);
                    to.Rows = count;
                    TileCpu<TLanes, TDoubles>.Emit(tile, panel, output, to);
                }
            }
        }
    }

    /// <summary>Adds the slices in order and turns [patch × out] into [out × patch].</summary>
    private struct Merge : IJob
    {
        public float* Partial;
        public int Slices, Patch, Outputs;
        public nint Ld;
        public float Beta;
        public float* Dw;

        [SkipLocalsInit]
        public readonly void Execute(int chunk)
        {
            int row = chunk * MergeRows, rows = Math.Min(MergeRows, Patch - row);
            float* sums = stackalloc float[MergeRows * 16];
            float* turned = stackalloc float[MergeRows * 16];
            for (int o = 0; o < Outputs; o += 16)
            {
                int count = Math.Min(16, Outputs - o);
                for (int r = 0; r < rows; r++)
                {
                    TLanes sum = TLanes.Zero;
                    for (int s = 0; s < Slices; s++) sum += TLanes.Load(Partial + ((((nint)s * Patch) + row + r) * Ld) + o);
                    TLanes.Store(sums + (r * 16), sum);
                }
                Transposition.Copy(sums, 16, rows, count, turned, MergeRows);
                for (int i = 0; i < count; i++) Store(turned + (i * MergeRows), Dw + ((nint)(o + i) * Patch) + row, rows);
            }
        }

        private readonly void Store(float* sums, float* to, int count)
        {
            for (int j = 0; j < count; j += 16)
            {
                int n = Math.Min(16, count - j);
                TLanes v = TLanes.Load(sums + j);
                if (Beta != 0f) v = TLanes.MultiplyAdd(TLanes.Broadcast(Beta), TLanes.LoadPartial(to + j, n), v);
                TLanes.StorePartial(to + j, n, v);
            }
        }
    }
}
