using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void ChannelAffine(long rows, int channels, Block<float> x, Block<float> scale, Block<float> shift, float beta, Block<float> y)
    {
        Debug.Assert(x.Length == rows * channels && y.Length == x.Length);
        Debug.Assert(scale.Length == channels && (shift.IsEmpty || shift.Length == channels));
        var pattern = new ChannelPattern(rows, channels);
        float* parameters = Scratch.Get<float>(ScratchSlot.Columns, 2L * pattern.PaddedWidth);
        pattern.Repeat(scale, parameters);
        pattern.Repeat(shift, parameters + pattern.PaddedWidth);
        var job = new AffineJob
        {
            Pattern = pattern,
            Tiles = new RowTiles(pattern.Rows, pattern.Width),
            Scale = parameters,
            Shift = parameters + pattern.PaddedWidth,
            X = x.Pointer,
            Y = y.Pointer,
            Beta = beta,
        };
        _workers.Run(job.Tiles.Count, ref job);
    }

    public void ChannelAffinePair(
        long rows,
        int channels,
        Block<float> x1,
        Block<float> scale1,
        Block<float> x2,
        Block<float> scale2,
        Block<float> shift,
        Block<float> y)
    {
        Debug.Assert(x1.Length == rows * channels && x2.Length == x1.Length && y.Length == x1.Length);
        Debug.Assert(scale1.Length == channels && scale2.Length == channels && (shift.IsEmpty || shift.Length == channels));
        var pattern = new ChannelPattern(rows, channels);
        int width = pattern.PaddedWidth;
        float* parameters = Scratch.Get<float>(ScratchSlot.Columns, 3L * width);
        pattern.Repeat(scale1, parameters);
        pattern.Repeat(scale2, parameters + width);
        pattern.Repeat(shift, parameters + (2 * width));
        var job = new AffinePairJob
        {
            Pattern = pattern,
            Tiles = new RowTiles(pattern.Rows, pattern.Width),
            Scale1 = parameters,
            Scale2 = parameters + width,
            Shift = parameters + (2 * width),
            X1 = x1.Pointer,
            X2 = x2.Pointer,
            Y = y.Pointer,
        };
        _workers.Run(job.Tiles.Count, ref job);
    }

    private struct AffineJob : IJob
    {
        public ChannelPattern Pattern;
        public RowTiles Tiles;
        public float* Scale;
        public float* Shift;
        public float* X;
        public float* Y;
        public float Beta;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            Tiles.Bounds(chunk, out long row, out long rowEnd, out long column, out long columnEnd);
            TLanes beta = TLanes.Broadcast(Beta);
            for (; row < rowEnd; row++)
            {
                long start = (row * Pattern.Width) + column;
                int count = (int)Math.Min(columnEnd - column, Pattern.Length - start), whole = count > 0 ? count / Lane * Lane : 0;
                float* x = X + start, y = Y + start, scale = Scale + column, shift = Shift + column;
                if (Beta == 0)
                {
                    for (int i = 0; i < whole; i += Lane)
                    {
                        TLanes.Store(y + i, TLanes.MultiplyAdd(TLanes.Load(x + i), TLanes.Load(scale + i), TLanes.Load(shift + i)));
                    }
                }
                else
                {
                    for (int i = 0; i < whole; i += Lane)
                    {
                        TLanes rest = TLanes.MultiplyAdd(beta, TLanes.Load(y + i), TLanes.Load(shift + i));
                        TLanes.Store(y + i, TLanes.MultiplyAdd(TLanes.Load(x + i), TLanes.Load(scale + i), rest));
                    }
                }
                int left = count - whole;
                if (left > 0)
                {
                    TLanes rest = TLanes.Load(shift + whole);
                    if (Beta != 0) rest = TLanes.MultiplyAdd(beta, TLanes.LoadPartial(y + whole, left), rest);
                    TLanes sum = TLanes.MultiplyAdd(TLanes.LoadPartial(x + whole, left), TLanes.Load(scale + whole), rest);
                    TLanes.StorePartial(y + whole, left, sum);
                }
            }
        }
    }

    private struct AffinePairJob : IJob
    {
        public ChannelPattern Pattern;
        public RowTiles Tiles;
        public float* Scale1;
        public float* Scale2;
        public float* Shift;
        public float* X1;
        public float* X2;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            Tiles.Bounds(chunk, out long row, out long rowEnd, out long column, out long columnEnd);
            for (; row < rowEnd; row++)
            {
                long start = (row * Pattern.Width) + column;
                int count = (int)Math.Min(columnEnd - column, Pattern.Length - start);
                float* x1 = X1 + start, x2 = X2 + start, y = Y + start;
                float* scale1 = Scale1 + column, scale2 = Scale2 + column, shift = Shift + column;
                int i = 0;
                for (; i <= count - Lane; i += Lane)
                {
                    TLanes second = TLanes.MultiplyAdd(TLanes.Load(x2 + i), TLanes.Load(scale2 + i), TLanes.Load(shift + i));
                    TLanes.Store(y + i, TLanes.MultiplyAdd(TLanes.Load(x1 + i), TLanes.Load(scale1 + i), second));
                }
                if (i < count)
                {
                    int left = count - i;
                    TLanes second = TLanes.MultiplyAdd(TLanes.LoadPartial(x2 + i, left), TLanes.Load(scale2 + i), TLanes.Load(shift + i));
                    TLanes.StorePartial(y + i, left, TLanes.MultiplyAdd(TLanes.LoadPartial(x1 + i, left), TLanes.Load(scale1 + i), second));
                }
            }
        }
    }
}
