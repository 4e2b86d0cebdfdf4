using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void Shortcut(in ShortcutShape shape, Block<float> x, Block<float> y)
    {
        Debug.Assert(x.Length == (long)shape.Batch * shape.Height * shape.Width * shape.Channels);
        Debug.Assert(y.Length == (long)shape.Batch * shape.OutHeight * shape.OutWidth * shape.OutChannels);
        long rows = Chunks.Rows((long)shape.OutWidth * shape.OutChannels);
        var job = new ShortcutJob { Shape = shape, RowsPerChunk = rows, X = x.Pointer, Y = y.Pointer };
        _workers.Run(Chunks.Count((long)shape.Batch * shape.OutHeight, rows), ref job);
    }

    public void ShortcutAdjoint(in ShortcutShape shape, Block<float> dy, float beta, Block<float> dx)
    {
        Debug.Assert(dx.Length == (long)shape.Batch * shape.Height * shape.Width * shape.Channels);
        Debug.Assert(dy.Length == (long)shape.Batch * shape.OutHeight * shape.OutWidth * shape.OutChannels);
        long rows = Chunks.Rows((long)shape.Width * shape.Channels);
        var job = new ShortcutAdjointJob { Shape = shape, RowsPerChunk = rows, Beta = beta, Dy = dy.Pointer, Dx = dx.Pointer };
        _workers.Run(Chunks.Count((long)shape.Batch * shape.Height, rows), ref job);
    }

    private struct ShortcutJob : IJob
    {
        public ShortcutShape Shape;
        public long RowsPerChunk;
        public float* X;
        public float* Y;

        public readonly void Execute(int chunk)
        {
            ShortcutShape s = Shape;
            long first = chunk * RowsPerChunk, end = Math.Min(first + RowsPerChunk, (long)s.Batch * s.OutHeight);
            for (long row = first; row < end; row++)
            {
                (long image, long oy) = Math.DivRem(row, s.OutHeight);
                float* x = X + (((image * s.Height) + (oy * s.Stride)) * s.Width * s.Channels);
                float* y = Y + (row * s.OutWidth * s.OutChannels);
                for (int ox = 0; ox < s.OutWidth; ox++, x += (long)s.Stride * s.Channels, y += s.OutChannels)
                {
                    new Span<float>(y, s.Before).Clear();
                    new ReadOnlySpan<float>(x, s.Channels).CopyTo(new Span<float>(y + s.Before, s.Channels));
                    new Span<float>(y + s.Before + s.Channels, s.After).Clear();
                }
            }
        }
    }

    private struct ShortcutAdjointJob : IJob
    {
        public ShortcutShape Shape;
        public long RowsPerChunk;
        public float Beta;
        public float* Dy;
        public float* Dx;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            ShortcutShape s = Shape;
            long first = chunk * RowsPerChunk, end = Math.Min(first + RowsPerChunk, (long)s.Batch * s.Height);
            for (long row = first; row < end; row++)
            {
                (long image, long iy) = Math.DivRem(row, s.Height);
                float* dx = Dx + (row * s.Width * s.Channels);
                if (Beta == 0) NativeMemory.Clear(dx, (nuint)s.Width * (nuint)s.Channels * sizeof(float));
                else if (Beta != 1) ScaleRow(Beta, dx, (long)s.Width * s.Channels);
                if (iy % s.Stride != 0) continue;
                float* dy = Dy + (((image * s.OutHeight) + (iy / s.Stride)) * s.OutWidth * s.OutChannels) + s.Before;
                for (int ox = 0; ox < s.OutWidth; ox++, dx += (long)s.Stride * s.Channels, dy += s.OutChannels)
                {
                    AddRow(dy, dx, s.Channels);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void ScaleRow(float factor, float* x, long count)
        {
            TLanes factors = TLanes.Broadcast(factor);
            long i = 0;
            for (; i <= count - Lane; i += Lane) TLanes.Store(x + i, factors * TLanes.Load(x + i));
            if (i < count) TLanes.StorePartial(x + i, (int)(count - i), factors * TLanes.LoadPartial(x + i, (int)(count - i)));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void AddRow(float* x, float* y, int count)
        {
            int i = 0;
            for (; i <= count - Lane; i += Lane) TLanes.Store(y + i, TLanes.Load(x + i) + TLanes.Load(y + i));
            if (i < count) TLanes.StorePartial(y + i, count - i, TLanes.LoadPartial(x + i, count - i) + TLanes.LoadPartial(y + i, count - i));
        }
    }
}
