namespace GracefulKernels.Kernels;

/// <summary>
/// Operands of products of 48 rows with a matrix, in the layouts of <see cref="DoubleTile{TRegister}"/>. Inner indices go in blocks of 192. A left operand has the blocks
/// one behind another, each [48 × 192]; a right one too, each with its groups of tile columns.
/// </summary>
internal static unsafe class EigenOperand<TRegister> where TRegister : struct, IDoubleRegister<TRegister>
{
    public const int Depth = DoubleTile<TRegister>.Depth;
    public const int Step = DoubleTile<TRegister>.Step;

    /// <summary>Elements of 48 rows of <paramref name="inner"/> elements.</summary>
    public static long LeftLength(int inner) => (inner + Depth - 1) / Depth * (long)(Step * Depth);

    /// <summary>Row <paramref name="r"/> of a left operand.</summary>
    public static void PlaceRow(double* row, int inner, double* left, int r)
    {
        left += r * Depth;
        for (int k = 0; k < inner; k += Depth, left += Step * Depth)
        {
            int count = Math.Min(Depth, inner - k);
            new ReadOnlySpan<double>(row + k, count).CopyTo(new Span<double>(left, count));
        }
    }

    /// <summary>
    /// Columns <paramref name="column"/> to + <paramref name="width"/> (at most 48, zeros behind them) of the rows that <paramref name="rows"/> lists, as a part of a
    /// right operand of <paramref name="columns"/> columns in all, a multiple of 48.
    /// </summary>
    public static void PackRows(double* matrix, long ld, int* rows, int count, int column, int width, double* right, int columns)
    {
        int group = DoubleTile<TRegister>.Columns;
        for (int k = 0; k < count; k += Depth, right += Depth * (long)columns)
        {
            int depth = Math.Min(Depth, count - k);
            double* block = right + (column * (long)depth);
            for (int t = 0; t < depth; t++)
            {
                double* from = matrix + (rows[k + t] * ld) + column, to = block + (t * group);
                for (int c = 0; c < Step; c += group, to += depth * group)
                {
                    for (int i = 0; i < group; i++) to[i] = c + i < width ? from[c + i] : 0;
                }
            }
        }
    }

    /// <summary>C [<paramref name="rows"/> × <paramref name="columns"/>] = left·right.</summary>
    public static void Multiply(double* left, int inner, double* right, int columns, double* c, int ldc, int rows)
    {
        if (inner == 0)
        {
            for (int r = 0; r < rows; r++) new Span<double>(c + (r * (long)ldc), columns).Clear();
            return;
        }
        int padded = CholeskyBlocks<TRegister>.Pad(columns);
        for (int k = 0; k < inner; k += Depth, left += Step * Depth, right += Depth * (long)padded)
        {
            int depth = Math.Min(Depth, inner - k);
            for (int column = 0; column < columns; column += DoubleTile<TRegister>.Columns)
            {
                double* group = right + (column * (long)depth);
                for (int row = 0; row < rows; row += DoubleTile<TRegister>.Rows)
                {
                    double* tile = left + (row * Depth);
                    if (k == 0) CholeskyBlocks<TRegister>.Update<DoubleTile<TRegister>.Assign>(tile, group, depth, c, ldc, row, column, rows, columns, lower: false);
                    else CholeskyBlocks<TRegister>.Update<DoubleTile<TRegister>.Add>(tile, group, depth, c, ldc, row, column, rows, columns, lower: false);
                }
            }
        }
    }

    /// <summary>One tile of rows of y = x·P: x a left operand, P a right one of <paramref name="columns"/> columns, a multiple of 48, y one block of a left operand.</summary>
    public static void Project(double* x, int inner, double* p, int columns, double* y)
    {
        for (int k = 0; k < inner; k += Depth, x += Step * Depth)
        {
            int depth = Math.Min(Depth, inner - k);
            double* block = p + (k * (long)columns);
            for (int column = 0; column < columns; column += DoubleTile<TRegister>.Columns)
            {
                double* group = block + (column * (long)depth), at = y + column;
                if (k == 0) DoubleTile<TRegister>.Multiply<DoubleTile<TRegister>.Assign>(x, group, depth, at, Depth, at, Depth);
                else DoubleTile<TRegister>.Multiply<DoubleTile<TRegister>.Add>(x, group, depth, at, Depth, at, Depth);
            }
        }
    }

    /// <summary>A row of a left operand as a finished vector: its element of largest magnitude, the first of them, positive.</summary>
    public static void StoreVector(double* x, int n, double* to)
    {
        double largest = 0;
        for (int k = 0; k < n; k += Depth, x += Step * Depth)
        {
            for (int i = 0; i < Math.Min(Depth, n - k); i++)
            {
                to[k + i] = x[i];
                if (Math.Abs(x[i]) > Math.Abs(largest)) largest = x[i];
            }
        }
        if (largest >= 0) return;
        for (int i = 0; i < n; i++) to[i] = -to[i];
    }
}
