namespace GracefulKernels.Kernels;

/// <summary>
/// potrs: substitution down and up the factor, for groups of 48 columns of the right-hand side at a time. The triangular blocks of
/// 48 are inverted first, so that all of it is the tile product.
/// </summary>
internal static unsafe class CholeskySubstitution<TRegister, TDoubles>
    where TRegister : struct, IDoubleRegister<TRegister>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Depth = DoubleTile<TRegister>.Depth;
    private const int Step = DoubleTile<TRegister>.Step;

    private static int Rows => DoubleTile<TRegister>.Rows;

    private static int Width => DoubleTile<TRegister>.Columns;

    public static void Run(Workers workers, int n, double* a, int lda, int columns, double* b, int ldb)
    {
        if (n == 0 || columns == 0) return;
        int padded = CholeskyBlocks<TRegister>.Pad(n);
        var job = new Job
        {
            N = n, Padded = padded, A = a, Lda = lda, Columns = columns, B = b, Ldb = ldb,
            Inverses = Scratch.Get<double>(ScratchSlot.Cholesky, (long)padded * Step),
        };
        for (int first = 0; first < n; first += Step)
        {
            TriangularStep<TDoubles>.Invert(
                a + ((long)first * lda) + first, lda, 1, Math.Min(Step, n - first), job.Inverses + ((long)first * Step));
        }
        workers.Run(Chunks.Count(columns, Step), ref job);
    }

    private struct Job : IJob
    {
        public int N;
        public int Padded;
        public double* A;
        public int Lda;
        public int Columns;
        public double* B;
        public int Ldb;
        public double* Inverses;

        public readonly void Execute(int chunk)
        {
            int first = chunk * Step, count = Math.Min(Step, Columns - first);
            // X as a right operand; the rows of L at hand as a left one; one step of the right-hand side.
            double* x = Scratch.Get<double>(ScratchSlot.PackedB, ((long)Padded * Step) + (Step * Depth) + (Step * Step));
            double* left = x + ((long)Padded * Step), rhs = left + (Step * Depth);
            Exchange(x, first, count, load: true);
            for (int row = 0; row < N; row += Step)
            {
                for (int k = 0; k < row; k += Depth)
                {
                    int depth = Math.Min(Depth, row - k);
                    CholeskyBlocks<TRegister>.CopyRows(A + ((long)row * Lda) + k, Lda, Math.Min(Step, N - row), depth, left, Step, depth);
                    Subtract(x, left, row, k, depth, count);
                }
                for (int r = 0; r < Step; r++) Copy(Inverses + ((long)(row + r) * Step), left + (r * Depth), Step);
                Solve(x, left, rhs, row, count);
            }
            for (int row = Padded - Step; row >= 0; row -= Step)
            {
                for (int k = row + Step; k < N; k += Depth)
                {
                    int depth = Math.Min(Depth, N - k);
                    for (int i = 0; i < depth; i++)
                    {
                        double* l = A + ((long)(k + i) * Lda) + row;
                        for (int r = 0; r < Step; r++) left[(r * Depth) + i] = l[r];
                    }
                    Subtract(x, left, row, k, depth, count);
                }
                for (int r = 0; r < Step; r++)
                {
                    for (int k = 0; k < Step; k++) left[(r * Depth) + k] = Inverses[((long)(row + k) * Step) + r];
                }
                Solve(x, left, rhs, row, count);
            }
            Exchange(x, first, count, load: false);
        }

        private readonly double* At(double* x, int row, int column)
            => x + ((long)column * Padded) + ((long)row * Width);

        private readonly void Subtract(double* x, double* left, int row, int k, int depth, int count)
        {
            for (int column = 0; column < count; column += Width)
            {
                for (int r = 0; r < Step; r += Rows)
                {
                    double* at = At(x, row + r, column);
                    DoubleTile<TRegister>.Multiply<DoubleTile<TRegister>.Subtract>(left + (r * Depth), At(x, k, column), depth, at, Width, at, Width);
                }
            }
        }

        private readonly void Solve(double* x, double* left, double* rhs, int row, int count)
        {
            for (int column = 0; column < count; column += Width)
            {
                double* at = At(x, row, column);
                Copy(at, rhs, Step * Width);
                for (int r = 0; r < Step; r += Rows)
                {
                    DoubleTile<TRegister>.Multiply<DoubleTile<TRegister>.Assign>(
                        left + (r * Depth), rhs, Step, at + (r * Width), Width, at + (r * Width), Width);
                }
            }
        }

        private readonly void Exchange(double* x, int first, int count, bool load)
        {
            if (load) new Span<double>(x, Padded * Step).Clear();
            for (int column = 0; column < count; column += Width)
            {
                int columns = Math.Min(Width, count - column);
                for (int row = 0; row < N; row++)
                {
                    double* b = B + ((long)row * Ldb) + first + column, at = At(x, row, column);
                    if (load) Copy(b, at, columns);
                    else Copy(at, b, columns);
                }
            }
        }
    }

    private static void Copy(double* from, double* to, int count) => new ReadOnlySpan<double>(from, count).CopyTo(new Span<double>(to, count));
}
