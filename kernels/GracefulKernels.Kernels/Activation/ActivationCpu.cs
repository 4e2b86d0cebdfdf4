using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void LeakyRelu(long rows, int columns, float slope, Block<float> x, Block<float> y, Block<ushort> mask)
    {
        Debug.Assert(x.Length == rows * columns && y.Length == x.Length);
        Debug.Assert(mask.IsEmpty || mask.Length == rows * ((columns + 15) / 16));
        if (mask.IsEmpty)
        {
            Map(new LeakyReluOperation(TLanes.Broadcast(slope)), x.Pointer, y.Pointer, x.Length);
            return;
        }
        RowTiles tiles = MaskedTiles(rows, columns, out long pitch);
        var job = new LeakyReluJob
        {
            Tiles = tiles, Columns = pitch, Slope = slope, X = x.Pointer, Y = y.Pointer, Mask = mask.Pointer, Streams = Streams(x, y, pitch),
        };
        _workers.Run(tiles.Count, ref job);
    }

    public void LeakyReluMasked(long rows, int columns, float slope, Block<ushort> mask, Block<float> x, float beta, Block<float> y)
    {
        Debug.Assert(x.Length == rows * columns && y.Length == x.Length);
        Debug.Assert(mask.Length == rows * ((columns + 15) / 16));
        RowTiles tiles = MaskedTiles(rows, columns, out long pitch);
        var job = new MaskedJob
        {
            Tiles = tiles, Columns = pitch, Slope = slope, Beta = beta, X = x.Pointer, Y = y.Pointer, Mask = mask.Pointer,
            Streams = beta == 0 && Streams(x, y, pitch),
        };
        _workers.Run(tiles.Count, ref job);
    }

    /// <summary>Whether the output goes past the caches: it outgrows them, is not the input, and every register of it is aligned.</summary>
    private static bool Streams(Block<float> x, Block<float> y, long pitch)
        => (x.Length + y.Length) * sizeof(float) > Streaming.Threshold && x.Pointer != y.Pointer && pitch % Lane == 0 && Streaming.Head(y.Pointer) == 0;

    /// <summary>Rows of whole words leave no gap in the mask: then all of them are one long row.</summary>
    private static RowTiles MaskedTiles(long rows, int columns, out long pitch)
    {
        bool whole = columns % Lane == 0;
        pitch = whole ? rows * columns : columns;
        return new RowTiles(whole ? 1 : rows, pitch);
    }

    private readonly struct LeakyReluOperation(TLanes slope) : IUnaryOperation<TLanes>
    {
        private readonly TLanes _slope = slope;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply(TLanes x) => TLanes.Select(TLanes.GreaterThan(x, TLanes.Zero), x, _slope * x);
    }

    private struct LeakyReluJob : IJob
    {
        public RowTiles Tiles;
        public long Columns;
        public float Slope;
        public float* X;
        public float* Y;
        public ushort* Mask;
        public bool Streams;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            TLanes slope = TLanes.Broadcast(Slope);
            Tiles.Bounds(chunk, out long row, out long rowEnd, out long column, out long columnEnd);
            long words = (Columns + Lane - 1) / Lane;
            for (; row < rowEnd; row++)
            {
                float* x = X + (row * Columns) + column;
                float* y = Y + (row * Columns) + column;
                ushort* mask = Mask + (row * words) + (column / Lane);
                int count = (int)(columnEnd - column);
                int i = 0;
                for (; i <= count - Lane; i += Lane)
                {
                    TLanes v = TLanes.Load(x + i);
                    TLanes positive = TLanes.GreaterThan(v, TLanes.Zero);
                    *mask++ = (ushort)TLanes.ToBits(positive);
                    v = TLanes.Select(positive, v, slope * v);
                    if (Streams) TLanes.StoreStreaming(y + i, v);
                    else TLanes.Store(y + i, v);
                }
                if (i < count)
                {
                    // The zeros that a partial load puts behind the row are not positive: their bits come out clear.
                    TLanes v = TLanes.LoadPartial(x + i, count - i);
                    TLanes positive = TLanes.GreaterThan(v, TLanes.Zero);
                    *mask = (ushort)TLanes.ToBits(positive);
                    TLanes.StorePartial(y + i, count - i, TLanes.Select(positive, v, slope * v));
                }
            }
            if (Streams) Streaming.Fence();
        }
    }

    private struct MaskedJob : IJob
    {
        public RowTiles Tiles;
        public long Columns;
        public float Slope;
        public float Beta;
        public float* X;
        public float* Y;
        public ushort* Mask;
        public bool Streams;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            TLanes slope = TLanes.Broadcast(Slope), one = TLanes.Broadcast(1f), beta = TLanes.Broadcast(Beta);
            Tiles.Bounds(chunk, out long row, out long rowEnd, out long column, out long columnEnd);
            long words = (Columns + Lane - 1) / Lane;
            int count = (int)(columnEnd - column), whole = count / Lane * Lane;
            for (; row < rowEnd; row++)
            {
                float* x = X + (row * Columns) + column;
                float* y = Y + (row * Columns) + column;
                ushort* mask = Mask + (row * words) + (column / Lane);
                if (Beta == 0)
                {
                    for (int i = 0; i < whole; i += Lane)
                    {
                        TLanes v = TLanes.Load(x + i) * TLanes.Select(TLanes.FromBits(*mask++), one, slope);
                        if (Streams) TLanes.StoreStreaming(y + i, v);
                        else TLanes.Store(y + i, v);
                    }
                }
                else
                {
                    for (int i = 0; i < whole; i += Lane)
                    {
                        TLanes factor = TLanes.Select(TLanes.FromBits(*mask++), one, slope);
                        TLanes.Store(y + i, TLanes.MultiplyAdd(TLanes.Load(x + i), factor, beta * TLanes.Load(y + i)));
                    }
                }
                int left = count - whole;
                if (left > 0)
                {
                    TLanes factor = TLanes.Select(TLanes.FromBits(*mask), one, slope), v = TLanes.LoadPartial(x + whole, left);
                    TLanes sum = Beta == 0 ? v * factor : TLanes.MultiplyAdd(v, factor, beta * TLanes.LoadPartial(y + whole, left));
                    TLanes.StorePartial(y + whole, left, sum);
                }
            }
            if (Streams) Streaming.Fence();
        }
    }
}
