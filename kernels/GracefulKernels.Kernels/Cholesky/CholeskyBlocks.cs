using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Copies between a matrix and the layouts of <see cref="DoubleTile{TRegister}"/>. Padding is zero.</summary>
internal static unsafe class CholeskyBlocks<TRegister> where TRegister : struct, IDoubleRegister<TRegister>
{
    private const int Depth = DoubleTile<TRegister>.Depth;
    private const int Step = DoubleTile<TRegister>.Step;

    private static int Rows => DoubleTile<TRegister>.Rows;

    private static int Columns => DoubleTile<TRegister>.Columns;

    public static int Pad(int n) => (n + Step - 1) / Step * Step;

    /// <summary>Rows of a matrix to a left operand [<paramref name="paddedRows"/> × <paramref name="paddedDepth"/>], <see cref="Depth"/> apart.</summary>
    public static void CopyRows(double* a, long lda, int rows, int depth, double* left, int paddedRows, int paddedDepth)
    {
        for (int r = 0; r < rows; r++)
        {
            new ReadOnlySpan<double>(a + (r * lda), depth).CopyTo(new Span<double>(left + (r * Depth), depth));
            new Span<double>(left + (r * Depth) + depth, paddedDepth - depth).Clear();
        }
        for (int r = rows; r < paddedRows; r++) new Span<double>(left + (r * Depth), paddedDepth).Clear();
    }

    /// <summary>
    /// The transpose of rows <paramref name="pitch"/> apart as a right operand: for each group of tile columns, the elements of one inner
    /// index together, groups <paramref name="groupLength"/> apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackTransposed(double* rows, int pitch, int count, int depth, double* right, long groupLength)
    {
        for (int first = 0; first < count; first += Columns, right += groupLength)
        {
            for (int c = 0; c < Columns; c++)
            {
                double* row = rows + ((long)(first + c) * pitch), target = right + c;
                for (int k = 0; k < depth; k++) target[(long)k * Columns] = row[k];
            }
        }
    }

    /// <summary>
    /// One tile of <c>C ∓= left·right</c> at (<paramref name="row"/>, <paramref name="column"/>), cut off at <paramref name="rowEnd"/>,
    /// <paramref name="columnEnd"/> and, where <paramref name="lower"/>, behind the diagonal.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TStore>(
        double* left, double* right, int depth, double* c, int ldc, int row, int column, int rowEnd, int columnEnd, bool lower)
        where TStore : ITileStore<TRegister>
    {
        double* at = c + ((long)row * ldc) + column;
        bool whole = row + Rows <= rowEnd && column + Columns <= columnEnd && (!lower || column + Columns - 1 <= row);
        if (whole)
        {
            DoubleTile<TRegister>.Multiply<TStore>(left, right, depth, at, ldc, at, ldc);
            return;
        }
        int most = Math.Min(Columns, columnEnd - column);
        UpdatePart<TStore>(left, right, depth, at, ldc, Math.Min(Rows, rowEnd - row), lower ? row - column + 1 : most, lower ? 1 : 0, most);
    }

    /// <summary>A tile of which row r keeps its first <c>clamp(width + slope·r, 0, most)</c> columns.</summary>
    private static void UpdatePart<TStore>(double* left, double* right, int depth, double* c, int ldc, int rows, int width, int slope, int most)
        where TStore : ITileStore<TRegister>
    {
        double* tile = stackalloc double[Rows * Columns];
        new Span<double>(tile, Rows * Columns).Clear();
        if (TStore.Reads)
        {
            for (int r = 0; r < rows; r++)
            {
                int count = Math.Clamp(width + (slope * r), 0, most);
                new ReadOnlySpan<double>(c + ((long)r * ldc), count).CopyTo(new Span<double>(tile + (r * Columns), count));
            }
        }
        DoubleTile<TRegister>.Multiply<TStore>(left, right, depth, tile, Columns, tile, Columns);
        for (int r = 0; r < rows; r++)
        {
            int count = Math.Clamp(width + (slope * r), 0, most);
            new ReadOnlySpan<double>(tile + (r * Columns), count).CopyTo(new Span<double>(c + ((long)r * ldc), count));
        }
    }
}
