using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The driver of convolutions: weights packed once for all threads, images cut into bands of rows that stay in a second-level cache, register
/// tiles of neighbouring positions of one grid row. All phases of a transposed convolution with stride read one band. The inner dimension is
/// never cut, so the cutting touches no bit.
/// </summary>
internal static unsafe class CorrelationCpu<TLanes, TDoubles, TWeights>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TWeights : unmanaged, ITapWeights
{
    private const int Group = TileCpu<TLanes, TDoubles>.Group;
    private const long BandElements = 48_000;

    /// <summary>A packed B beyond this leaves the second-level cache between two row tiles: then a group of columns stays and rows pass.</summary>
    private const long StationaryRowElements = 100_000;

    /// <summary>Packed weights beyond this leave work enough between two bands, and no room for two in the cache: then nothing is asked for ahead.</summary>
    private const long ReadAheadElements = 24_000;

    /// <param name="phases">Correlations of one source with one number of columns; each finds its place for packed weights here.</param>
    public static void Run(Workers workers, CorrelationPhase<TWeights>* phases, int count, in Output output)
    {
        Correlation c = phases->Correlation;
        CorrelationPhase<TWeights>.Union(phases, count, out TapAxis y, out TapAxis x);
        if (c.Batch == 0 || y.Grid <= 0 || x.Grid <= 0 || c.Columns == 0) return;
        long packedLength = 0, work = 0;
        int segments = 1;
        for (int p = 0; p < count; p++)
        {
            ref Correlation phase = ref phases[p].Correlation;
            phases[p].PackedOffset = packedLength;
            packedLength += TileCpu<TLanes, TDoubles>.PackedLength(c.Columns, phase.InnerLength);
            work += (long)c.Batch * phase.Y.Grid * phase.X.Grid * Math.Max(phase.InnerLength, 1) * c.Columns;
            segments = Math.Max(segments, phase.Segments);
        }
        var packing = new Packing { Phases = phases, Packed = Scratch.Get<float>(ScratchSlot.PackedB, packedLength), Groups = (c.Columns + Group - 1) / Group };
        workers.Run(packing.Groups * count, ref packing, work);
        int bandRows = BandRows(c, y, x);
        var job = new Bands
        {
            Phases = phases,
            PhaseCount = count,
            MaxSegments = segments,
            C = c,
            Y = y,
            X = x,
            Output = output with { Streams = TileCpu<TLanes, TDoubles>.Streams(c.Batch * c.TargetImage, c.Target, c.TargetPosition | c.TargetRow | (uint)c.Columns) },
            Packed = packing.Packed,
            BandRows = bandRows,
            BandCount = (y.Grid + bandRows - 1) / bandRows,
        };
        workers.Run(c.Batch * job.BandCount, ref job, work);
    }

    private static int BandRows(in Correlation c, in TapAxis y, in TapAxis x)
    {
        long rowElements = Math.Max(1, (long)x.Extent(x.Grid) * c.Channels * c.Sources);
        int rows = (int)Math.Clamp(((BandElements / rowElements) - (y.Count * y.Step)) / y.Stride, 1, y.Grid);
        int bands = (y.Grid + rows - 1) / rows;
        return (y.Grid + bands - 1) / bands;
    }

    private struct Packing : IJob
    {
        public CorrelationPhase<TWeights>* Phases;
        public float* Packed;
        public int Groups;

        public readonly void Execute(int chunk)
        {
            CorrelationPhase<TWeights>* phase = Phases + (chunk / Groups);
            int column = chunk % Groups * Group, inner = phase->Correlation.InnerLength;
            if (inner == 0) return;
            phase->Weights.Pack(column, Math.Min(Group, phase->Correlation.Columns - column), Packed + phase->PackedOffset + ((nint)column * inner));
        }
    }

    private struct Bands : IJob
    {
        public CorrelationPhase<TWeights>* Phases;
        public int PhaseCount, MaxSegments;

        /// <summary>The first phase, for what all have in common.</summary>
        public Correlation C;

        /// <summary>What all phases together read.</summary>
        public TapAxis Y, X;

        public Output Output;
        public float* Packed;
        public int BandRows, BandCount;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            int image = chunk / BandCount, row = (chunk - (image * BandCount)) * BandRows;
            int rows = Math.Min(BandRows, Y.Grid - row);
            long imageLength = (long)Y.Source * X.Source * C.Channels, length = ImageBand.ScratchLength(Y, X, C.Channels, rows);
            float* scratch = Scratch.Get<float>(ScratchSlot.PaddedImage, length * C.Sources);
            ImageBand first = ImageBand.Get(Y, X, C.Channels, C.Source1 + (image * imageLength), row, rows, scratch), second = first;
            if (C.Source2 != null) second = ImageBand.Get(Y, X, C.Channels, C.Source2 + (image * imageLength), row, rows, scratch + length);
            Segment* segments = stackalloc Segment[MaxSegments];
            ReadAhead ahead1 = default, ahead2 = default;
            if ((long)C.InnerLength * C.Columns <= ReadAheadElements)
            {
                ahead1 = Ahead(C.Source1, chunk + 1);
                if (C.Source2 != null) ahead2 = Ahead(C.Source2, chunk + 1);
            }
            for (int p = 0; p < PhaseCount; p++)
            {
                ref Correlation phase = ref Phases[p].Correlation;
                int phaseRows = Math.Min(rows, phase.Y.Grid - row);
                if (phaseRows <= 0 || phase.X.Grid <= 0) continue;
                var tile = new RowTile { RowStride = (nint)X.Stride * C.Channels * sizeof(float), Step = sizeof(float), Segments = segments };
                if (phase.Segments > 0)
                {
                    nint toPhase = ((phase.Y.Start - Y.Start) * first.Pitch) + ((nint)(phase.X.Start - X.Start) * C.Channels);
                    tile.Start = first.Start + toPhase;
                    AddSegments(ref tile, phase, first, first.Start);
                    if (C.Source2 != null) AddSegments(ref tile, phase, second, first.Start);
                }
                Sweep(tile, phase, Packed + Phases[p].PackedOffset, image, row, phaseRows, first.Pitch * Y.Stride, ahead1, ahead2);
                ahead1 = ahead2 = default;
            }
            if (Output.Streams) Streaming.Fence();
        }

        /// <summary>What another chunk will read of a source: most often the one that this thread takes next.</summary>
        private readonly ReadAhead Ahead(float* source, int chunk)
        {
            int image = chunk / BandCount, row = (chunk - (image * BandCount)) * BandRows;
            if (image >= C.Batch) return default;
            int first = Math.Max(Y.First(row), 0), end = Math.Min(Y.First(row) + Y.Extent(Math.Min(BandRows, Y.Grid - row)), Y.Source);
            nint pitch = (nint)X.Source * C.Channels;
            return new ReadAhead(source + ((((nint)image * Y.Source) + first) * pitch), Math.Max(end - first, 0) * pitch);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void AddSegments(ref RowTile tile, in Correlation phase, in ImageBand band, float* start)
        {
            nint toBand = (nint)((byte*)band.Start - (byte*)start);
            int runs = phase.MergesTaps ? 1 : phase.X.Count;
            nint length = (nint)phase.Channels * (phase.MergesTaps ? phase.X.Count : 1);
            for (int y = 0; y < phase.Y.Count; y++)
            {
                for (int x = 0; x < runs; x++)
                {
                    nint offset = (y * phase.Y.Step * band.Pitch) + ((nint)x * phase.X.Step * phase.Channels);
                    tile.Segments[tile.SegmentCount++] = new Segment { Offset = toBand + (offset * sizeof(float)), Length = length };
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Sweep(
            RowTile tile, in Correlation phase, float* packed, int image, int row, int rows, nint rowStep, ReadAhead ahead1, ReadAhead ahead2)
        {
            bool rowsStay = (long)phase.InnerLength * C.Columns <= StationaryRowElements;
            int outer = rowsStay ? C.Columns : Group;
            float* start = tile.Start;
            int tiles = rows * ((phase.X.Grid + TileCpu<TLanes, TDoubles>.RowLimit - 1) / TileCpu<TLanes, TDoubles>.RowLimit);
            nint step1 = ahead1.Share(tiles), step2 = ahead2.Share(tiles);
            for (int from = 0; from < C.Columns; from += outer)
            {
                bool last = from + outer >= C.Columns;
                for (int y = 0; y < rows; y++)
                {
                    for (int x = 0, count; x < phase.X.Grid; x += count)
                    {
                        count = TileCpu<TLanes, TDoubles>.NextRows(phase.X.Grid - x, C.Columns);
                        tile.Start = start + (y * rowStep) + ((nint)x * X.Stride * C.Channels);
                        if (last)
                        {
                            ahead1.Fetch(step1);
                            ahead2.Fetch(step2);
                        }
                        for (int j = from; j < Math.Min(from + outer, C.Columns); j += Group) Emit(tile, phase, packed, image, row + y, x, count, j);
                    }
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Emit(in RowTile tile, in Correlation phase, float* packed, int image, int y, int x, int count, int column)
        {
            int columns = Math.Min(Group, C.Columns - column), inner = phase.InnerLength;
            var panel = new Panel
            {
                Start = packed + ((nint)column * inner),
                Step = TileCpu<TLanes, TDoubles>.SubPanel(TileCpu<TLanes, TDoubles>.Width(columns)),
                ColumnStride = inner,
            };
            OutputTile to;
            to.C = phase.Target + (image * phase.TargetImage) + (y * phase.TargetRow) + (x * phase.TargetPosition) + column;
            to.Ld = (nint)phase.TargetPosition;
            to.Row = ((((long)image * phase.Y.Grid) + y) * phase.X.Grid) + x;
            to.Column = column;
            to.Rows = count;
            to.Columns = columns;
            to.Limit = OutputTile.NoLimit;
            to.First = to.Last = true;
            // Positions with gaps between them: no processor foresees where the next lines of the target lie.
            if (phase.TargetPosition != C.Columns && inner > 0 && !Output.Streams) FetchTarget(to.C, to.Ld, count, columns);
            TileCpu<TLanes, TDoubles>.Emit(tile, panel, Output, to);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void FetchTarget(float* target, nint ld, int rows, int columns)
        {
            for (int r = 0; r < rows; r++, target += ld)
            {
                Prefetch.Near(target);
                if (columns > 16) Prefetch.Near(target + 16);
            }
        }
    }
}
