using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// <c>Σ āāᵀ</c> over the patches of a convolution of stride 1, lag by lag: thirteen products of channels by channels for a kernel of 3 × 3
/// instead of forty-five. The left operand is broadcast from where the image lies, the right one is packed piece by piece. A band accumulates
/// in fp32, a fixed number of bands are added in fp32, everything above them in fp64.
/// </summary>
internal static unsafe class LagGram<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Group = TileCpu<TLanes, TDoubles>.Group;
    private const int WantedChunks = 16;
    private const int SlicePositions = 4096;

    /// <summary>Most fp64 sums of all slices together: large kernels have many pieces.</summary>
    private const long SliceElements = 1L << 22;

    /// <summary>A piece goes to fp64 after so many bands, and no fewer positions than below: a few sums of chains lose less than the chains.</summary>
    private const int StretchBands = 8;

    private const int StretchPositions = 512;

    public static void Run(Workers workers, in ConvolutionShape shape, float* x, bool homogeneous, double* sum)
    {
        int channels = shape.InChannels, patch = shape.PatchLength, d = homogeneous ? patch + 1 : patch;
        if (shape.Batch == 0 || shape.OutHeight <= 0 || shape.OutWidth <= 0) return;
        if (homogeneous) sum[((nint)d * d) - 1] += (double)shape.Batch * shape.Positions;
        if (shape.InputLength == 0) return;
        var plan = new LagPlan(shape);
        var bands = new LagBands(shape);
        int groups = (channels + Group - 1) / Group;
        long positions = (long)shape.Batch * shape.Height * shape.Width;
        int rows = homogeneous ? channels + 1 : channels;
        long sumElements = (long)groups * plan.PieceCount * rows * Group;
        long slicesByMemory = Math.Min(WantedChunks / groups, SliceElements / Math.Max(sumElements, 1));
        int slices = (int)Math.Clamp(positions / SlicePositions, 1, Math.Max(1, slicesByMemory));
        int bandsPerSlice = (bands.Count + slices - 1) / slices;
        slices = (bands.Count + bandsPerSlice - 1) / bandsPerSlice;
        var job = new Job
        {
            Plan = plan,
            Bands = bands,
            X = x,
            Width = shape.Width,
            Channels = channels,
            Rows = rows,
            Groups = groups,
            BandsPerSlice = bandsPerSlice,
            Blocks = new LagBlocks<TLanes, TDoubles>(plan, channels, homogeneous, sum),
            SliceSums = slices > 1 ? Scratch.Get<double>(ScratchSlot.SliceSums, slices * sumElements) : null,
        };
        var merge = new Merge { Job = job, Slices = slices };
        int merges = slices > 1 ? groups * plan.LagCount : 0;
        long work = positions * channels * channels * plan.LagCount;
        workers.Run(slices * groups, ref job, work);
        workers.Run(merges, ref merge, work);
    }

    /// <summary>What a piece has gathered in fp32.</summary>
    private struct Pending
    {
        public int Bands, Positions;

        /// <summary>Whether fp64 holds some of it already.</summary>
        public bool Widened;
    }

    private struct Job : IJob
    {
        public LagPlan Plan;
        public LagBands Bands;
        public float* X;
        public int Width, Channels, Groups, BandsPerSlice;

        /// <summary>Rows of a piece: the channels, and one of ones.</summary>
        public int Rows;

        public LagBlocks<TLanes, TDoubles> Blocks;

        /// <summary>[slice][group][piece][rows × 32], or null where one slice goes straight to the sum.</summary>
        public double* SliceSums;

        public readonly nint Length => (nint)Rows * Group;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            int slice = chunk / Groups, group = chunk - (slice * Groups), column = group * Group, columns = Math.Min(Group, Channels - column);
            int first = slice * BandsPerSlice, end = Math.Min(first + BandsPerSlice, Bands.Count);
            nint length = Length, all = Plan.PieceCount * length;
            float* packed = Scratch.Get<float>(ScratchSlot.PackedB, (long)Bands.MaxBandPositions * Group);
            float* partial = Scratch.Get<float>(ScratchSlot.PartialSums, all);
            Pending* pending = Scratch.Get<Pending>(ScratchSlot.PendingSums, Plan.PieceCount);
            double* sums = SliceSums != null ? SliceSums + (chunk * all) : Scratch.Get<double>(ScratchSlot.Covariance, all);
            NativeMemory.Clear(pending, (nuint)(Plan.PieceCount * sizeof(Pending)));
            Segment* segments = stackalloc Segment[Bands.MaxSegments];
            var channelRun = new PatchRuns(Plan.Y with { Count = 1 }, Plan.X with { Count = 1, Step = 1 }, Channels, 0);
            for (int band = first; band < end; band++)
            {
                for (int p = 0; p < Plan.PieceCount; p++)
                {
                    ref LagPiece piece = ref Plan.Piece(p);
                    int positions = Bands.Read(band, piece, X, segments, out RowTile tile);
                    if (positions == 0) continue;
                    Panel panel = PatchPanel<TLanes, TDoubles>.Get(tile, channelRun, column, columns, positions, packed);
                    Multiply(Plan.Lag(piece.Lag), tile, panel, partial + (p * length), column, columns, positions, pending[p].Bands == 0);
                    pending[p].Bands++;
                    pending[p].Positions += positions;
                    if (pending[p].Bands >= StretchBands && pending[p].Positions >= StretchPositions) Widen(p, column, columns, partial, sums, pending);
                }
            }
            for (int p = 0; p < Plan.PieceCount; p++)
            {
                if (pending[p].Bands > 0) Widen(p, column, columns, partial, sums, pending);
                else if (!pending[p].Widened) NativeMemory.Clear(sums + (p * length), (nuint)(length * sizeof(double)));
            }
            for (int lag = 0; lag < Plan.LagCount && SliceSums == null; lag++) Blocks.Add(lag, sums, length, column, columns);
        }

        /// <summary>Rows of a piece that a group of columns fills: all channels; of lag zero, from the diagonal block to the row of ones.</summary>
        public readonly void WrittenRows(in Lag lag, int column, out int from, out int end)
        {
            from = lag.IsZero ? column : 0;
            end = lag.IsZero ? Rows : Channels;
        }

        private readonly void Widen(int p, int column, int columns, float* partial, double* sums, Pending* pending)
        {
            WrittenRows(Plan.Lag(Plan.Piece(p).Lag), column, out int from, out int end);
            CovarianceSums<TLanes, TDoubles>.Widen(
                partial + (p * Length), sums + (p * Length), from, end, TileCpu<TLanes, TDoubles>.Width(columns), pending[p].Widened);
            pending[p] = new Pending { Widened = true };
        }

        /// <summary>The channels one lag on against a group of channels; the row of ones too where the lag is zero.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Multiply(in Lag lag, RowTile tile, in Panel panel, float* partial, int column, int columns, int positions, bool first)
        {
            WrittenRows(lag, column, out int row, out int end);
            float* start = tile.Start + (((((nint)lag.Y * Plan.Y.Step) * Width) + ((nint)lag.X * Plan.X.Step)) * Channels);
            var to = new OutputTile { Ld = TileCpu<TLanes, TDoubles>.Width(columns), Limit = OutputTile.NoLimit, First = first };
            to.Columns = (int)to.Ld;
            var output = new Output(1f, 0f, to.Columns, default);
            for (; row < Channels; row += to.Rows)
            {
                to.Rows = TileCpu<TLanes, TDoubles>.NextRows(Channels - row, to.Columns);
                to.C = partial + (row * to.Ld);
                tile.Start = start + row;
                TileCpu<TLanes, TDoubles>.Emit(tile, panel, output, to);
            }
            if (end == Channels) return;
            float one = 1f;
            var whole = new Segment { Length = positions };
            to.Rows = 1;
            to.C = partial + (Channels * to.Ld);
            TileCpu<TLanes, TDoubles>.Emit(new RowTile { Start = &one, Segments = &whole, SegmentCount = 1 }, panel, output, to);
        }
    }

    /// <summary>Adds the slices of a group's lag in order.</summary>
    private struct Merge : IJob
    {
        public Job Job;
        public int Slices;

        public readonly void Execute(int chunk)
        {
            int index = chunk / Job.Groups, group = chunk - (index * Job.Groups), column = group * Group;
            nint length = Job.Length, all = Job.Plan.PieceCount * length;
            double* total = Job.SliceSums + (group * all);
            ref Lag lag = ref Job.Plan.Lag(index);
            int columns = Math.Min(Group, Job.Channels - column), width = TileCpu<TLanes, TDoubles>.Width(columns);
            Job.WrittenRows(lag, column, out int from, out int end);
            for (int s = 1; s < Slices; s++)
            {
                double* slice = total + (s * Job.Groups * all);
                for (int p = lag.FirstPiece; p < lag.EndPiece; p++) Add(slice + (p * length), total + (p * length), (nint)from * width, (nint)end * width);
            }
            Job.Blocks.Add(index, total, length, column, columns);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Add(double* from, double* to, nint start, nint end)
        {
            for (nint i = start; i < end; i += 8) TDoubles.Store(to + i, TDoubles.Load(to + i) + TDoubles.Load(from + i));
        }
    }
}
