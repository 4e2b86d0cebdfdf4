using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// potrf, right-looking: panels of 192 columns. A panel's rows are solved by substitution over steps of 48 columns whose triangular blocks
/// have been inverted, so that all of it is the tile product; then the panel is packed once and the lower tiles behind it are updated.
/// All threads solve and update; whoever finishes the next diagonal block factors it while the others go on.
/// </summary>
internal static unsafe class CholeskyFactorization<TRegister, TDoubles>
    where TRegister : struct, IDoubleRegister<TRegister>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Depth = DoubleTile<TRegister>.Depth;
    private const int Step = DoubleTile<TRegister>.Step;

    private static int Rows => DoubleTile<TRegister>.Rows;

    private static int Columns => DoubleTile<TRegister>.Columns;

    /// <summary>Returns −1, or the first column whose pivot is not positive and finite.</summary>
    public static int Run(Workers workers, int n, double* a, int lda)
    {
        long below = CholeskyBlocks<TRegister>.Pad(Math.Max(0, n - Depth));
        double* scratch = Scratch.Get<double>(ScratchSlot.Cholesky, (2 * Depth * Depth) + (Depth * Step) + (2 * Step * Step) + (2 * below * Depth));
        var panel = new Panel
        {
            N = n,
            A = a,
            Lda = lda,
            Diagonal = scratch,
            Factors = scratch + (Depth * Depth),
            Inverses = scratch + (2 * Depth * Depth),
            Small = scratch + (2 * Depth * Depth) + (Depth * Step),
        };
        panel.Left = panel.Small + (2 * Step * Step);
        panel.Right = panel.Left + (below * Depth);
        int failed = panel.FactorDiagonal(), missing;
        for (int rest = n - Depth; rest > 0 && failed < 0; rest -= Depth)
        {
            var solve = new SolveJob { Panel = panel };
            workers.Run(Chunks.Count(rest, Step), ref solve);
            missing = Chunks.Count(Math.Min(rest, Depth), Step);
            var update = new UpdateJob { Panel = panel, Chunks = Chunks.Count(rest, Step), ChunksOfNext = missing, Missing = &missing, Failed = &failed };
            workers.Run(update.Chunks, ref update);
            panel.Start += Depth;
        }
        return failed;
    }

    private struct Panel
    {
        public int N;
        public double* A;
        public int Lda;

        /// <summary>First row and column of the diagonal block.</summary>
        public int Start;

        /// <summary>The block's rows as a left operand.</summary>
        public double* Diagonal;

        /// <summary>For each step, its rows left of its own block, as a right operand.</summary>
        public double* Factors;

        /// <summary>For each step, the inverse of its triangular block, as a right operand.</summary>
        public double* Inverses;

        public double* Small;

        /// <summary>The solved rows below as a left operand.</summary>
        public double* Left;

        /// <summary>The same as a right operand.</summary>
        public double* Right;

        /// <summary>Returns −1, or the column of A whose pivot is not positive and finite.</summary>
        public readonly int FactorDiagonal()
        {
            int order = Math.Min(Depth, N - Start);
            double* u = Small, inverse = Small + (Step * Step);
            for (int s = 0; s * Step < order; s++)
            {
                int before = s * Step, count = Math.Min(Step, order - before);
                double* rows = Diagonal + (before * Depth), factors = Factors + (before * Depth);
                double* a = A + ((long)(Start + before) * Lda) + Start;
                for (int r = 0; r < Step; r++)
                {
                    int width = r < count ? before + r + 1 : 0;
                    Copy(a + ((long)r * Lda), rows + (r * Depth), width);
                    new Span<double>(rows + (r * Depth) + width, before + Step - width).Clear();
                }
                for (int r = 0; r < Step; r += Rows) SolveRows(rows + (r * Depth), s);
                CholeskyBlocks<TRegister>.PackTransposed(rows, Depth, Step, before, factors, (long)before * Columns);
                for (int r = 0; r < Step; r += Rows)
                {
                    for (int c = 0; c < Math.Min(Step, r + Rows); c += Columns)
                    {
                        double* at = rows + (r * Depth) + before + c;
                        DoubleTile<TRegister>.Multiply<DoubleTile<TRegister>.Subtract>(rows + (r * Depth), factors + (before * c), before, at, Depth, at, Depth);
                    }
                }
                Transpose(rows + before, Depth, u, Step, count);
                int failed = TriangularStep<TDoubles>.Factor(u, count);
                if (failed >= 0) return Start + before + failed;
                TriangularStep<TDoubles>.Invert(u, 1, Step, count, inverse);
                CholeskyBlocks<TRegister>.PackTransposed(inverse, Step, Step, Step, Inverses + (before * Step), Step * Columns);
                Transpose(u, Step, rows + before, Depth, count);
                for (int r = 0; r < count; r++) Copy(rows + (r * Depth), a + ((long)r * Lda), before + r + 1);
            }
            return -1;
        }

        /// <summary>Whole squares: what lies behind the diagonal is ignored where it arrives.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Transpose(double* from, int ldFrom, double* to, int ldTo, int order)
        {
            for (int i = 0; i < order; i++, from += ldFrom)
            {
                double* column = to + i;
                for (int j = 0; j < order; j++) column[(long)j * ldTo] = from[j];
            }
        }

        /// <summary>
        /// Solves <c>X·Lᵀ = A</c> in place for one tile of rows, the first <paramref name="steps"/> steps of columns. The last product of a
        /// step runs from its right end, because a column of X takes only columns of A to its left.
        /// </summary>
        public readonly void SolveRows(double* rows, int steps)
        {
            for (int s = 0; s < steps; s++)
            {
                int before = s * Step;
                double* factors = Factors + (before * Depth), inverse = Inverses + (before * Step), at = rows + before;
                if (s > 0)
                {
                    for (int c = 0; c < Step; c += Columns)
                    {
                        DoubleTile<TRegister>.Multiply<DoubleTile<TRegister>.Subtract>(rows, factors + (before * c), before, at + c, Depth, at + c, Depth);
                    }
                }
                for (int c = Step - Columns; c >= 0; c -= Columns)
                {
                    // The same stretch for every width of register, so that the chains are the same: sixteen columns at a time.
                    int depth = (c + Columns + 15) / 16 * 16;
                    DoubleTile<TRegister>.Multiply<DoubleTile<TRegister>.Assign>(at, inverse + (Step * c), depth, at + c, Depth, at + c, Depth);
                }
            }
        }
    }

    private static void Copy(double* from, double* to, int count) => new ReadOnlySpan<double>(from, count).CopyTo(new Span<double>(to, count));

    private struct SolveJob : IJob
    {
        public Panel Panel;

        public readonly void Execute(int chunk)
        {
            int first = chunk * Step, count = Math.Min(Step, Panel.N - Panel.Start - Depth - first);
            double* rows = Panel.Left + ((long)first * Depth);
            double* a = Panel.A + ((long)(Panel.Start + Depth + first) * Panel.Lda) + Panel.Start;
            CholeskyBlocks<TRegister>.CopyRows(a, Panel.Lda, count, Depth, rows, Step, Depth);
            for (int r = 0; r < count; r += Rows) Panel.SolveRows(rows + (r * Depth), Depth / Step);
            for (int r = 0; r < count; r++) Copy(rows + (r * Depth), a + ((long)r * Panel.Lda), Depth);
            CholeskyBlocks<TRegister>.PackTransposed(rows, Depth, Step, Depth, Panel.Right + ((long)first * Depth), (long)Depth * Columns);
        }
    }

    private struct UpdateJob : IJob
    {
        public Panel Panel;
        public int Chunks;

        /// <summary>Chunks of the next diagonal block.</summary>
        public int ChunksOfNext;

        /// <summary>How many of them are not done.</summary>
        public int* Missing;

        /// <summary>What became of the next diagonal block.</summary>
        public int* Failed;

        public readonly void Execute(int chunk)
        {
            // The next diagonal block first; then the longest rows: the short ones even out the ends.
            bool next = chunk < ChunksOfNext;
            UpdateRows(next ? chunk : Chunks - 1 - (chunk - ChunksOfNext));
            if (!next || Interlocked.Decrement(ref *Missing) > 0) return;
            Panel behind = Panel;
            behind.Start += Depth;
            *Failed = behind.FactorDiagonal();
        }

        private readonly void UpdateRows(int index)
        {
            int first = index * Step, rest = Panel.N - Panel.Start - Depth, end = Math.Min(first + Step, rest);
            double* c = Panel.A + ((long)(Panel.Start + Depth) * Panel.Lda) + Panel.Start + Depth;
            for (int column = 0; column < end; column += Columns)
            {
                double* right = Panel.Right + ((long)column * Depth);
                // Tiles that lie wholly behind the diagonal are left out.
                int start = first + (Math.Max(0, column - first) / Rows * Rows);
                for (int row = start; row < end; row += Rows)
                {
                    CholeskyBlocks<TRegister>.Update<DoubleTile<TRegister>.Subtract>(
                        Panel.Left + ((long)row * Depth), right, Depth, c, Panel.Lda, row, column, rest, rest, lower: true);
                }
            }
        }
    }
}
