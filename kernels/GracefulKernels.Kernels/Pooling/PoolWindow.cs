namespace GracefulKernels.Kernels;

/// <summary>The lines of an image that the windows of one output line touch: places ky in [Top, Bottom).</summary>
/// <param name="Offset">Element at line (of place) Top, column 0, channel 0.</param>
/// <param name="Pitch">Elements from a line of the image to the next.</param>
internal readonly record struct PoolLines(long Offset, long Pitch, int Top, int Bottom);

/// <summary>The columns of an image that one window touches: places kx in [Left, Right), the first at image column <paramref name="Column"/>.</summary>
internal readonly record struct PoolColumns(int Column, int Left, int Right);

/// <summary>The output lines whose windows hold an input line: [First, End).</summary>
internal readonly record struct PoolCover(int First, int End);

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

        /// <summary>What output line <paramref name="row"/> (counted through the batch) reads.</summary>
        public PoolLines Lines(long row)
        {
            (long image, long oy) = Math.DivRem(row, s.OutHeight);
            int y = ((int)oy * s.StrideY) - s.PadTop, top = Math.Max(0, -y);
            long pitch = (long)s.Width * s.Channels;
            return new PoolLines(((image * s.Height) + y + top) * pitch, pitch, top, Math.Min(s.KernelHeight, s.Height - y));
        }

        public PoolColumns Columns(int ox)
        {
            int x = (ox * s.StrideX) - s.PadLeft, left = Math.Max(0, -x);
            return new PoolColumns(x + left, left, Math.Min(s.KernelWidth, s.Width - x));
        }

        /// <summary>Output lines whose windows hold line <paramref name="iy"/> of an image.</summary>
        public PoolCover CoverOfLine(int iy) => Cover(iy + s.PadTop, s.KernelHeight, s.StrideY, s.OutHeight);

        /// <summary>Lines of the image that the windows of line <paramref name="oy"/> of an output touch.</summary>
        public int RowsInside(int oy) => Inside((oy * s.StrideY) - s.PadTop, s.KernelHeight, s.Height);

        /// <summary>Columns of the image that the windows of output column <paramref name="ox"/> touch.</summary>
        public int ColumnsInside(int ox) => Inside((ox * s.StrideX) - s.PadLeft, s.KernelWidth, s.Width);

        /// <summary>What the mean of a window divides by that has so many rows and columns inside the image.</summary>
        public int Divisor(int rows, int columns) => s.CountPadding ? s.KernelHeight * s.KernelWidth : rows * columns;
    }

    private static int Inside(int start, int kernel, int length) => Math.Min(kernel, length - start) - Math.Max(0, -start);

    private static PoolCover Cover(int at, int kernel, int stride, int count)
        => new(Math.Max(0, (at - kernel + stride) / stride), Math.Min(count, (at / stride) + 1));
}
