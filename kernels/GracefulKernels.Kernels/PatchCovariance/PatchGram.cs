using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// <c>Σ āāᵀ</c> over patches, lower groups of columns only. The left operand is broadcast from where the image lies, the right one is packed
/// group by group and band by band; a band accumulates in fp32, everything above it in fp64.
/// </summary>
internal static unsafe class PatchGram<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Group = TileCpu<TLanes, TDoubles>.Group;

    /// <summary>Groups that share one reading of a band.</summary>
    private const int GroupsPerChunk = 8;

    private const int WantedChunks = 16;
    private const int SlicePositions = 4096;

    public static void Run(Workers workers, in ConvolutionShape shape, float* x, bool homogeneous, double* sum)
    {
        int patch = shape.PatchLength, d = homogeneous ? patch + 1 : patch, groups = (patch + Group - 1) / Group;
        int chunks = (groups + GroupsPerChunk - 1) / GroupsPerChunk;
        var bands = new PatchBands(shape);
        if (bands.Count == 0) return;
        long positions = (long)shape.Batch * shape.Positions;
        int slices = (int)Math.Clamp(positions / SlicePositions, 1, Math.Max(1, WantedChunks / Math.Max(chunks, 1)));
        int bandsPerSlice = (bands.Count + slices - 1) / slices;
        slices = (bands.Count + bandsPerSlice - 1) / bandsPerSlice;
        var job = new Job
        {
            Bands = bands,
            X = x,
            Channels = shape.InChannels,
            Patch = patch,
            D = d,
            Groups = groups,
            ColumnChunks = chunks,
            BandsPerSlice = bandsPerSlice,
            BandsPerStretch = Math.Max(1, PatchBands.MaxPositions / bands.MaxBandPositions),
            Sum = sum,
            SliceSums = slices > 1 ? Scratch.Get<double>(ScratchSlot.SliceSums, (long)slices * groups * d * Group) : null,
        };
        var merge = new Merge { Job = job, Slices = slices };
        long work = positions * patch * d;
        workers.Run(slices * chunks, ref job, work);
        workers.Run(slices > 1 ? groups : 0, ref merge, work);
        if (homogeneous) sum[((nint)d * d) - 1] += positions;
    }

    private struct Job : IJob
    {
        public PatchBands Bands;
        public float* X;
        public int Channels, Patch, D, Groups, ColumnChunks;
        public int BandsPerSlice, BandsPerStretch;
        public double* Sum;

        /// <summary>[slice][group][d × 32], or null where one slice goes straight to the sum.</summary>
        public double* SliceSums;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            int slice = chunk / ColumnChunks, firstGroup = (chunk - (slice * ColumnChunks)) * GroupsPerChunk;
            int lastGroup = Math.Min(firstGroup + GroupsPerChunk, Groups);
            int first = slice * BandsPerSlice, end = Math.Min(first + BandsPerSlice, Bands.Count);
            nint length = (nint)D * Group;
            float* image = Scratch.Get<float>(ScratchSlot.PaddedImage, Bands.ScratchLength);
            float* packed = Scratch.Get<float>(ScratchSlot.PackedB, (long)Bands.MaxBandPositions * Group);
            float* partial = Scratch.Get<float>(ScratchSlot.PartialSums, length * GroupsPerChunk);
            double* sums = SliceSums != null
                ? SliceSums + (((slice * Groups) + firstGroup) * length)
                : Scratch.Get<double>(ScratchSlot.Covariance, length * GroupsPerChunk);
            NativeMemory.Clear(sums, (nuint)((lastGroup - firstGroup) * length * sizeof(double)));
            Segment* segments = stackalloc Segment[Bands.MaxSegments];
            for (int band = first; band < end; band++)
            {
                int positions = Bands.Read(band, X, image, segments, out RowTile tile, out nint pitch);
                var runs = new PatchRuns(Bands.Y, Bands.X, Channels, pitch);
                int inStretch = (band - first) % BandsPerStretch;
                for (int group = firstGroup; group < lastGroup; group++)
                {
                    int column = group * Group, columns = Math.Min(Group, Patch - column), width = TileCpu<TLanes, TDoubles>.Width(columns);
                    float* part = partial + ((group - firstGroup) * length);
                    Panel panel = PatchPanel<TLanes, TDoubles>.Get(tile, runs, column, columns, positions, packed);
                    Rows(tile, runs, panel, part, column, width, positions, inStretch == 0);
                    if (inStretch < BandsPerStretch - 1 && band < end - 1) continue;
                    CovarianceSums<TLanes, TDoubles>.Widen(part, sums + ((group - firstGroup) * length), column, D, width, add: true);
                }
            }
            for (int group = firstGroup; group < lastGroup && SliceSums == null; group++)
            {
                AddToSum(sums + ((group - firstGroup) * length), group);
            }
        }

        public readonly void AddToSum(double* sums, int group)
        {
            int column = group * Group, columns = Math.Min(Group, Patch - column);
            CovarianceSums<TLanes, TDoubles>.AddToBothTriangles(sums, Sum, column, columns, D, TileCpu<TLanes, TDoubles>.Width(columns));
        }

        /// <summary>All row tiles that reach the group's diagonal block or lie below it, and the row of ones.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Rows(RowTile tile, in PatchRuns runs, in Panel panel, float* partial, int column, int width, int positions, bool first)
        {
            float* start = tile.Start;
            int row = 0;
            for (int run = 0; run < runs.Count; run++)
            {
                for (int r = 0, count; r < runs.Length; r += count, row += count)
                {
                    count = TileCpu<TLanes, TDoubles>.NextRows(runs.Length - r, width);
                    if (row + count <= column) continue;
                    tile.Start = start + runs.Offset(run) + r;
                    Emit(tile, panel, partial, row, count, width, first);
                }
            }
            if (D == Patch) return;
            float one = 1f;
            var whole = new Segment { Length = positions };
            Emit(new RowTile { Start = &one, Segments = &whole, SegmentCount = 1 }, panel, partial, row, 1, width, first);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Emit(in RowTile tile, in Panel panel, float* partial, int row, int rows, int width, bool first)
        {
            var to = new OutputTile
            {
                C = partial + ((nint)row * width),
                Ld = width,
                Rows = rows,
                Columns = width,
                Limit = OutputTile.NoLimit,
                First = first,
            };
            TileCpu<TLanes, TDoubles>.Emit(tile, panel, new Output(1f, 0f, width, default), to);
        }
    }

    /// <summary>Adds the slices of a group in order.</summary>
    private struct Merge : IJob
    {
        public Job Job;
        public int Slices;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int group)
        {
            nint length = (nint)Job.D * Group;
            double* total = Job.SliceSums + (group * length);
            for (int s = 1; s < Slices; s++)
            {
                double* slice = total + (s * Job.Groups * length);
                for (nint i = 0; i < length; i += 8) TDoubles.Store(total + i, TDoubles.Load(total + i) + TDoubles.Load(slice + i));
            }
            Job.AddToSum(total, group);
        }
    }
}
