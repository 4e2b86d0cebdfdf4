using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Device code of max pooling. Neighbouring threads hold neighbouring channels. Windows that overlap meet in the caches: the device's memory
/// gives each byte once.
/// </summary>
internal static class MaxPoolGpuKernels
{
    public static readonly GpuKernel<Arguments> Largest = new(LargestByFour, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> LargestAny = new(LargestSingly);
    public static readonly GpuKernel<Arguments> Gather = new(GatherSingly);
    public static readonly GpuKernel<Arguments> Scatter = new(ScatterByFour, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> ScatterAny = new(ScatterSingly);

    /// <summary>The grid goes over output pixels, for the scatter over input pixels; its columns are channels, or four of them.</summary>
    internal struct Arguments
    {
        public ArrayView<float> Input, Output;
        public ArrayView<ushort> Argmax;
        public RowGrid Grid;
        public PoolMap Map;
        public float Beta;
    }

    /// <summary>Four places of 16 bits, in one access of 8 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Places
    {
        public uint Low, High;
    }

    private struct Best
    {
        public float Value;
        public int Place;

        /// <summary>The first of the larger ones; a NaN is larger than any number, and the first one stays.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Best Of(Best best, float value, int place)
        {
            // Without && and ||, which become a tree of branches for each of four channels.
            bool takes = (value > best.Value | float.IsNaN(value)) & !float.IsNaN(best.Value);
            return new() { Value = takes ? value : best.Value, Place = takes ? place : best.Place };
        }
    }

    private static void LargestByFour(Arguments g)
    {
        RowPlace at = RowPlace.Of(g.Grid);
        ArrayView<Float4> input = g.Input.Cast<Float4>(), output = g.Output.Cast<Float4>();
        for (long pixel = at.Row; pixel < g.Grid.Rows; pixel += at.Step)
        {
            PoolWindow window = PoolWindow.Of(g.Map, (int)pixel);
            Best a = new() { Value = float.NegativeInfinity, Place = (window.Top * g.Map.KernelWidth) + window.Left };
            Best b = a, c = a, d = a;
            long line = (window.Pixel * g.Grid.Columns) + at.Column;
            for (int ky = window.Top; ky < window.Bottom; ky++, line += (long)g.Map.Width * g.Grid.Columns)
            {
                long i = line;
                for (int kx = window.Left; kx < window.Right; kx++, i += g.Grid.Columns)
                {
                    Float4 v = input[i];
                    int place = (ky * g.Map.KernelWidth) + kx;
                    a = Best.Of(a, v.X, place);
                    b = Best.Of(b, v.Y, place);
                    c = Best.Of(c, v.Z, place);
                    d = Best.Of(d, v.W, place);
                }
            }
            long o = (pixel * g.Grid.Columns) + at.Column;
            output[o] = new Float4(a.Value, b.Value, c.Value, d.Value);
            if (g.Argmax.Length > 0)
            {
                g.Argmax.Cast<Places>()[o] = new() { Low = (uint)(a.Place | (b.Place << 16)), High = (uint)(c.Place | (d.Place << 16)) };
            }
        }
    }

    private static void LargestSingly(Arguments g)
    {
        RowPlace at = RowPlace.Of(g.Grid);
        for (long pixel = at.Row; pixel < g.Grid.Rows; pixel += at.Step)
        {
            PoolWindow window = PoolWindow.Of(g.Map, (int)pixel);
            Best best = new() { Value = float.NegativeInfinity, Place = (window.Top * g.Map.KernelWidth) + window.Left };
            long line = (window.Pixel * g.Grid.Columns) + at.Column;
            for (int ky = window.Top; ky < window.Bottom; ky++, line += (long)g.Map.Width * g.Grid.Columns)
            {
                long i = line;
                for (int kx = window.Left; kx < window.Right; kx++, i += g.Grid.Columns) best = Best.Of(best, g.Input[i], (ky * g.Map.KernelWidth) + kx);
            }
            long o = (pixel * g.Grid.Columns) + at.Column;
            g.Output[o] = best.Value;
            if (g.Argmax.Length > 0) g.Argmax[o] = (ushort)best.Place;
        }
    }

    /// <summary>
    /// One channel a thread: it reads one element of its window, wherever that is. A thread of four channels would have to ask for each of them
    /// apart, at twice the sectors for each request, or read the whole window.
    /// </summary>
    private static void GatherSingly(Arguments g)
    {
        RowPlace at = RowPlace.Of(g.Grid);
        for (long pixel = at.Row; pixel < g.Grid.Rows; pixel += at.Step)
        {
            long o = (pixel * g.Grid.Columns) + at.Column;
            int place = g.Argmax[o], ky = g.Map.ByKernelWidth.Quotient(place), kx = place - (ky * g.Map.KernelWidth);
            PoolWindow window = PoolWindow.Of(g.Map, (int)pixel);
            float y = 0;
            // A place outside the window is none that max pooling gives, and nothing to read.
            if (ky >= window.Top & ky < window.Bottom & kx >= window.Left & kx < window.Right)
            {
                long source = window.Pixel + ((long)(ky - window.Top) * g.Map.Width) + kx - window.Left;
                y = g.Input[(source * g.Grid.Columns) + at.Column];
            }
            g.Output[o] = y;
        }
    }

    /// <summary>Each input pixel looks at the windows that hold it, so no two threads write one pixel and the order of a sum is fixed.</summary>
    private static void ScatterByFour(Arguments g)
    {
        RowPlace at = RowPlace.Of(g.Grid);
        ArrayView<Float4> input = g.Input.Cast<Float4>(), output = g.Output.Cast<Float4>();
        ArrayView<Places> argmax = g.Argmax.Cast<Places>();
        for (long pixel = at.Row; pixel < g.Grid.Rows; pixel += at.Step)
        {
            PoolCovers covers = PoolCovers.Of(g.Map, (int)pixel);
            long target = (pixel * g.Grid.Columns) + at.Column;
            Float4 sum = new(0f, 0f, 0f, 0f);
            if (g.Beta != 0)
            {
                Float4 old = input[target];
                sum = new Float4(g.Beta * old.X, g.Beta * old.Y, g.Beta * old.Z, g.Beta * old.W);
            }
            for (int oy = covers.FirstY; oy < covers.EndY; oy++)
            {
                long o = ((covers.Image + ((long)oy * g.Map.OutWidth) + covers.FirstX) * g.Grid.Columns) + at.Column;
                int row = (covers.Y - (oy * g.Map.StrideY)) * g.Map.KernelWidth;
                for (int ox = covers.FirstX; ox < covers.EndX; ox++, o += g.Grid.Columns)
                {
                    uint here = (uint)(row + covers.X - (ox * g.Map.StrideX));
                    Places places = argmax[o];
                    Float4 dy = output[o];
                    sum = new Float4(
                        sum.X + ((places.Low & 0xFFFFu) == here ? dy.X : 0f),
                        sum.Y + ((places.Low >> 16) == here ? dy.Y : 0f),
                        sum.Z + ((places.High & 0xFFFFu) == here ? dy.Z : 0f),
                        sum.W + ((places.High >> 16) == here ? dy.W : 0f));
                }
            }
            input[target] = sum;
        }
    }

    private static void ScatterSingly(Arguments g)
    {
        RowPlace at = RowPlace.Of(g.Grid);
        for (long pixel = at.Row; pixel < g.Grid.Rows; pixel += at.Step)
        {
            PoolCovers covers = PoolCovers.Of(g.Map, (int)pixel);
            long target = (pixel * g.Grid.Columns) + at.Column;
            float sum = 0;
            if (g.Beta != 0) sum = g.Beta * g.Input[target];
            for (int oy = covers.FirstY; oy < covers.EndY; oy++)
            {
                long o = ((covers.Image + ((long)oy * g.Map.OutWidth) + covers.FirstX) * g.Grid.Columns) + at.Column;
                int row = (covers.Y - (oy * g.Map.StrideY)) * g.Map.KernelWidth;
                for (int ox = covers.FirstX; ox < covers.EndX; ox++, o += g.Grid.Columns)
                {
                    sum += g.Argmax[o] == row + covers.X - (ox * g.Map.StrideX) ? g.Output[o] : 0f;
                }
            }
            g.Input[target] = sum;
        }
    }
}
