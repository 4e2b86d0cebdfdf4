using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The driver of convolutions: weights packed once for all threads, images cut into bands of rows that stay in a second-level cache, register
/// tiles of neighbouring positions of one grid row. The inner dimension is never cut, so the cutting touches no bit.
/// </summary>
internal static unsafe class CorrelationCpu<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const long BandElements = 48_000;

    /// <summary>A packed B beyond this leaves the second-level cache between two row tiles: then a group of columns stays and rows pass.</summary>
    private const long StationaryRowElements = 100_000;

    public static void Run<TWeights>(Workers workers, in Correlation correlation, in TWeights weights, in Output output)
        where TWeights : struct, ITapWeights
    {
        Correlation c = correlation;
        if (c.Batch == 0 || c.Y.Grid <= 0 || c.X.Grid <= 0 || c.Columns == 0) return;
        int inner = c.InnerLength;
        long work = (long)c.Batch * c.Y.Grid * c.X.Grid * Math.Max(inner, 1) * c.Columns;
        float* packed = Scratch.Get<float>(ScratchSlot.PackedB, TileCpu<TLanes, TDoubles>.PackedLength(c.Columns, inner));
        var packing = new Packing<TWeights> { Weights = weights, Packed = packed, Inner = inner, Columns = c.Columns };
        int groups = (c.Columns + TileCpu<TLanes, TDoubles>.Group - 1) / TileCpu<TLanes, TDoubles>.Group;
        if (inner > 0) workers.Run(groups, ref packing, work);
        int bandRows = BandRows(c);
        var job = new Bands { C = c, Output = output, Packed = packed, BandRows = bandRows, BandCount = (c.Y.Grid + bandRows - 1) / bandRows };
        workers.Run(c.Batch * job.BandCount, ref job, work);
    }

    private static int BandRows(in Correlation c)
    {
        long rowElements = Math.Max(1, (long)c.X.Extent(c.X.Grid) * c.Channels * c.Sources);
        int rows = (int)Math.Clamp(((BandElements / rowElements) - (c.Y.Count * c.Y.Step)) / c.Y.Stride, 1, c.Y.Grid);
        int bands = (c.Y.Grid + rows - 1) / rows;
        return (c.Y.Grid + bands - 1) / bands;
    }

    private struct Packing<TWeights> : IJob where TWeights : struct, ITapWeights
    {
        public TWeights Weights;
        public float* Packed;
        public int Inner, Columns;

        public readonly void Execute(int chunk)
        {
            int column = chunk * TileCpu<TLanes, TDoubles>.Group;
            Weights.Pack(column, Math.Min(TileCpu<TLanes, TDoubles>.Group, Columns - column), Packed + ((nint)column * Inner));
        }
    }

    private struct Bands : IJob
    {
        public Correlation C;
        public Output Output;
        public float* Packed;
        public int BandRows, BandCount;

        public readonly void Execute(int chunk)
        {
            int image = chunk / BandCount, row = (chunk - (image * BandCount)) * BandRows;
            int rows = Math.Min(BandRows, C.Y.Grid - row);
            long imageLength = (long)C.Y.Source * C.X.Source * C.Channels;
            RowTile tile = default;
            int segments = C.Segments;
            Segment* list = stackalloc Segment[Math.Max(segments, 1)];
            tile.Segments = list;
            tile.SegmentCount = segments;
            tile.RowStride = (nint)C.X.Stride * C.Channels * sizeof(float);
            tile.Step = sizeof(float);
            nint rowStep = 0;
            if (segments > 0)
            {
                long length = ImageBand.ScratchLength(C.Y, C.X, C.Channels, rows);
                float* scratch = Scratch.Get<float>(ScratchSlot.PaddedImage, length * C.Sources);
                ImageBand first = ImageBand.Get(C.Y, C.X, C.Channels, C.Source1 + (image * imageLength), row, rows, scratch);
                tile.Start = first.Start;
                rowStep = first.Pitch * C.Y.Stride;
                list = AddSegments(list, first, first.Start);
                if (C.Source2 != null)
                {
                    ImageBand second = ImageBand.Get(C.Y, C.X, C.Channels, C.Source2 + (image * imageLength), row, rows, scratch + length);
                    AddSegments(list, second, first.Start);
                }
            }
            Sweep(tile, image, row, rows, rowStep, Ahead(C.Source1, chunk + 1), C.Source2 == null ? default : Ahead(C.Source2, chunk + 1));
        }

        /// <summary>What another chunk will read of a source: most often the one that this thread takes next.</summary>
        private readonly ReadAhead Ahead(float* source, int chunk)
        {
            int image = chunk / BandCount, row = (chunk - (image * BandCount)) * BandRows;
            if (image >= C.Batch) return default;
            int first = Math.Max(C.Y.First(row), 0), end = Math.Min(C.Y.First(row) + C.Y.Extent(Math.Min(BandRows, C.Y.Grid - row)), C.Y.Source);
            nint pitch = (nint)C.X.Source * C.Channels;
            return new ReadAhead(source + (((((nint)image * C.Y.Source) + first) * pitch)), Math.Max(end - first, 0) * pitch);
        }

        private readonly Segment* AddSegments(Segment* list, in ImageBand band, float* start)
        {
            nint toBand = (nint)((byte*)band.Start - (byte*)start);
            int runs = C.MergesTaps ? 1 : C.X.Count;
            nint length = (nint)C.Channels * (C.MergesTaps ? C.X.Count : 1);
            for (int y = 0; y < C.Y.Count; y++)
            {
                for (int x = 0; x < runs; x++)
                {
                    nint offset = (y * C.Y.Step * band.Pitch) + ((nint)x * C.X.Step * C.Channels);
                    *list++ = new Segment { Offset = toBand + (offset * sizeof(float)), Length = length };
                }
            }
            return list;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Sweep(RowTile tile, int image, int row, int rows, nint rowStep, ReadAhead ahead1, ReadAhead ahead2)
        {
            const int group = TileCpu<TLanes, TDoubles>.Group;
            bool rowsStay = (long)C.InnerLength * C.Columns <= StationaryRowElements;
            int outer = rowsStay ? C.Columns : group;
            float* start = tile.Start;
            int tiles = rows * ((C.X.Grid + TileCpu<TLanes, TDoubles>.RowLimit - 1) / TileCpu<TLanes, TDoubles>.RowLimit);
            nint step1 = ahead1.Share(tiles), step2 = ahead2.Share(tiles);
            for (int from = 0; from < C.Columns; from += outer)
            {
                bool last = from + outer >= C.Columns;
                for (int y = 0; y < rows; y++)
                {
                    for (int x = 0, count; x < C.X.Grid; x += count)
                    {
                        count = TileCpu<TLanes, TDoubles>.NextRows(C.X.Grid - x, C.Columns);
                        tile.Start = start + (y * rowStep) + ((nint)x * C.X.Stride * C.Channels);
                        if (last)
                        {
                            ahead1.Fetch(step1);
                            ahead2.Fetch(step2);
                        }
                        for (int j = from; j < Math.Min(from + outer, C.Columns); j += group) Emit(tile, image, row + y, x, count, j);
                    }
                }
            }
        }

        private readonly void Emit(in RowTile tile, int image, int y, int x, int count, int column)
        {
            int columns = Math.Min(TileCpu<TLanes, TDoubles>.Group, C.Columns - column);
            var panel = new Panel
            {
                Start = Packed + ((nint)column * C.InnerLength),
                Step = TileCpu<TLanes, TDoubles>.SubPanel(TileCpu<TLanes, TDoubles>.Width(columns)),
                ColumnStride = C.InnerLength,
            };
            OutputTile to;
            to.C = C.Target + (image * C.TargetImage) + (y * C.TargetRow) + (x * C.TargetPosition) + column;
            to.Ld = (nint)C.TargetPosition;
            to.Row = ((((long)image * C.Y.Grid) + y) * C.X.Grid) + x;
            to.Column = column;
            to.Rows = count;
            to.Columns = columns;
            to.Limit = OutputTile.NoLimit;
            to.First = to.Last = true;
            TileCpu<TLanes, TDoubles>.Emit(tile, panel, Output, to);
        }
    }
}
