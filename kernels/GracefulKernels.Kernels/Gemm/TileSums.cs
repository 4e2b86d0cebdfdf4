using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>4 × 4 sums of a thread, in registers.</summary>
internal struct SquareSums
{
    public Float4 Row0, Row1, Row2, Row3;

    /// <summary>Adds the products of four rows of A with four columns of B: one inner step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(ref SquareSums sums, Float4 a, Float4 b)
    {
        AddRow(ref sums.Row0, a.X, b);
        AddRow(ref sums.Row1, a.Y, b);
        AddRow(ref sums.Row2, a.Z, b);
        AddRow(ref sums.Row3, a.W, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(ref Float4 row, float a, Float4 b)
    {
        row.X += a * b.X;
        row.Y += a * b.Y;
        row.Z += a * b.Z;
        row.W += a * b.W;
    }
}

/// <summary>The sums of a thread: up to 2 × 2 squares, half a tile apart in each direction.</summary>
internal struct TileSums
{
    public SquareSums TopLeft, TopRight, BottomLeft, BottomRight;
}
