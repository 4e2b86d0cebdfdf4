namespace GracefulKernels.Kernels;

/// <summary>The part of a window that lies inside its image: places ky in [Top, Bottom), kx in [Left, Right).</summary>
/// <param name="Offset">Element of place (Top, Left), channel 0.</param>
/// <param name="Pitch">Elements from a line of the image to the next.</param>
internal readonly record struct PoolWindow(long Offset, long Pitch, int Top, int Bottom, int Left, int Right)
{
    public int Count => (Bottom - Top) * (Right - Left);
}

/// <summary>The windows that hold an input pixel: output rows [Top, Bottom), columns [Left, Right) of <paramref name="Image"/>.</summary>
/// <param name="Y">The pixel's line in its image.</param>
internal readonly record struct PoolCover(long Image, int Y, int Top, int Bottom, int Left, int Right);

internal static class PoolGeometry
{
    extension(in PoolShape s)
    {
        /// <summary>Chunks of whole output lines, each of about <see cref="Chunks.Elements"/> input elements.</summary>
        public int OutputChunks => Chunks.Count((long)s.Batch * s.OutHeight, Chunks.Rows((long)s.StrideY * s.Width * s.Channels));

        /// <summary>Chunks of whole input lines.</summary>
        public int InputChunks => Chunks.Count((long)s.Batch * s.Height, Chunks.Rows((long)s.Width * s.Channels));

        public void OutputRows(int chunk, out long row, out long rowEnd)
        {
            long rows = Chunks.Rows((long)s.StrideY * s.Width * s.Channels);
            row = chunk * rows;
            rowEnd = Math.Min(row + rows, (long)s.Batch * s.OutHeight);
        }

        public void InputRows(int chunk, out long row, out long rowEnd)
        {
            long rows = Chunks.Rows((long)s.Width * s.Channels);
            row = chunk * rows;
            rowEnd = Math.Min(row + rows, (long)s.Batch * s.Height);
        }

        /// <summary>The window of output line <paramref name="row"/> (counted through the batch), column <paramref name="ox"/>.</summary>
        public PoolWindow Window(long row, int ox)
        {
            (long image, long oy) = Math.DivRem(row, s.OutHeight);
            int y = ((int)oy * s.StrideY) - s.PadTop, x = (ox * s.StrideX) - s.PadLeft;
            int top = Math.Max(0, -y), left = Math.Max(0, -x);
            return new PoolWindow(
                ((((image * s.Height) + y + top) * s.Width) + x + left) * s.Channels,
                (long)s.Width * s.Channels,
                top,
                Math.Min(s.KernelHeight, s.Height - y),
                left,
                Math.Min(s.KernelWidth, s.Width - x));
        }

        /// <summary>The windows that hold pixel <paramref name="ix"/> of input line <paramref name="row"/> (counted through the batch).</summary>
        public PoolCover Cover(long row, int ix)
        {
            (long image, long iy) = Math.DivRem(row, s.Height);
            int y = (int)iy + s.PadTop, x = ix + s.PadLeft;
            return new PoolCover(
                image,
                (int)iy,
                Math.Max(0, (y - s.KernelHeight + s.StrideY) / s.StrideY),
                Math.Min(s.OutHeight, (y / s.StrideY) + 1),
                Math.Max(0, (x - s.KernelWidth + s.StrideX) / s.StrideX),
                Math.Min(s.OutWidth, (x / s.StrideX) + 1));
        }

        /// <summary>What the mean of a window divides by.</summary>
        public int Divisor(in PoolWindow window) => s.CountPadding ? s.KernelHeight * s.KernelWidth : window.Count;
    }
}
