using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>A <see cref="PoolShape"/> as device code takes it: numbers only, and the divisors of its dimensions prepared.</summary>
internal struct PoolMap
{
    public int Height, Width, OutHeight, OutWidth, KernelHeight, KernelWidth, StrideY, StrideX, PadTop, PadLeft;

    /// <summary>What every mean divides by; 0 where it divides by the elements inside.</summary>
    public int Area;

    public FastDivisor ByHeight, ByWidth, ByOutHeight, ByOutWidth, ByStrideY, ByStrideX, ByKernelWidth;

    public static PoolMap Of(in PoolShape s) => new()
    {
        Height = s.Height,
        Width = s.Width,
        OutHeight = s.OutHeight,
        OutWidth = s.OutWidth,
        KernelHeight = s.KernelHeight,
        KernelWidth = s.KernelWidth,
        StrideY = s.StrideY,
        StrideX = s.StrideX,
        PadTop = s.PadTop,
        PadLeft = s.PadLeft,
        Area = s.CountPadding ? s.KernelHeight * s.KernelWidth : 0,
        ByHeight = FastDivisor.Of(s.Height),
        ByWidth = FastDivisor.Of(s.Width),
        ByOutHeight = FastDivisor.Of(Math.Max(1, s.OutHeight)),
        ByOutWidth = FastDivisor.Of(Math.Max(1, s.OutWidth)),
        ByStrideY = FastDivisor.Of(s.StrideY),
        ByStrideX = FastDivisor.Of(s.StrideX),
        ByKernelWidth = FastDivisor.Of(s.KernelWidth),
    };

    /// <summary>Rows (or columns) of a window that lie inside the image, by its first one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Inside(int start, int kernel, int length) => Math.Min(kernel, length - start) - Math.Max(0, -start);
}

/// <summary>One window: its places [Top, Bottom) × [Left, Right) lie inside the image.</summary>
internal struct PoolWindow
{
    /// <summary>Pixel (counted through the batch) at place (Top, Left).</summary>
    public long Pixel;

    public int Top, Bottom, Left, Right;

    /// <param name="map">The shape.</param>
    /// <param name="output">Output pixel, counted through the batch.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PoolWindow Of(PoolMap map, int output)
    {
        int line = map.ByOutWidth.Quotient(output), image = map.ByOutHeight.Quotient(line);
        int x = ((output - (line * map.OutWidth)) * map.StrideX) - map.PadLeft;
        int y = ((line - (image * map.OutHeight)) * map.StrideY) - map.PadTop;
        int top = Math.Max(0, -y), left = Math.Max(0, -x);
        return new()
        {
            Top = top,
            Bottom = Math.Min(map.KernelHeight, map.Height - y),
            Left = left,
            Right = Math.Min(map.KernelWidth, map.Width - x),
            Pixel = ((((long)image * map.Height) + y + top) * map.Width) + x + left,
        };
    }
}

/// <summary>The windows [FirstY, EndY) × [FirstX, EndX) of an image that hold one of its pixels.</summary>
internal struct PoolCovers
{
    /// <summary>Output pixel (counted through the batch) of window (0, 0) of the image.</summary>
    public long Image;

    /// <summary>The pixel's row and column in the padded image.</summary>
    public int Y, X;

    public int FirstY, EndY, FirstX, EndX;

    /// <param name="map">The shape.</param>
    /// <param name="input">Input pixel, counted through the batch.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PoolCovers Of(PoolMap map, int input)
    {
        int line = map.ByWidth.Quotient(input), image = map.ByHeight.Quotient(line);
        int x = input - (line * map.Width) + map.PadLeft, y = line - (image * map.Height) + map.PadTop;
        return new()
        {
            Image = (long)image * map.OutHeight * map.OutWidth,
            Y = y,
            X = x,
            FirstY = map.ByStrideY.Quotient(Math.Max(0, y - map.KernelHeight + map.StrideY)),
            EndY = Math.Min(map.OutHeight, map.ByStrideY.Quotient(y) + 1),
            FirstX = map.ByStrideX.Quotient(Math.Max(0, x - map.KernelWidth + map.StrideX)),
            EndX = Math.Min(map.OutWidth, map.ByStrideX.Quotient(x) + 1),
        };
    }
}
