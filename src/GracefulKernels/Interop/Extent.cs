using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The bytes of a matrix or a vector of any type, to tell whether two share one.</summary>
/// <param name="Space">What the addresses are of; null for the host.</param>
/// <param name="Start">Where the first row begins.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="RowBytes">Bytes of a row.</param>
/// <param name="Pitch">Bytes from a row to the next.</param>
internal readonly record struct Extent(object? Space, nint Start, long Rows, long RowBytes, long Pitch)
{
    public bool IsEmpty => Rows == 0 || RowBytes == 0;

    private nuint End => (nuint)Start + (nuint)((Rows - 1) * Pitch) + (nuint)RowBytes;

    public static unsafe Extent Of<T>(Block<T> block) where T : unmanaged => Of(block, 1, block.Length * sizeof(T), block.Length * sizeof(T));

    public static Extent Of<T>(Block<T> block, long rows, long rowBytes, long pitch) where T : unmanaged
    {
        object? space = null;
        nint start = block.Memory?.Locate(block.Address, out space) ?? block.Address;
        return new(space, start, rows, rowBytes, pitch);
    }

    /// <summary>Whether a byte belongs to both. Columns of one matrix that lie beside each other share none, though each lies between the other's rows.</summary>
    public bool Overlaps(Extent other)
    {
        if (IsEmpty || other.IsEmpty || !ReferenceEquals(Space, other.Space)) return false;
        if ((nuint)Start >= other.End || (nuint)other.Start >= End) return false;
        if (Rows == 1 || other.Rows == 1 || Pitch != other.Pitch) return true;
        long apart = ((long)(other.Start - Start) % Pitch + Pitch) % Pitch;
        return apart < RowBytes || apart + other.RowBytes > Pitch;
    }
}
