namespace GracefulKernels.Kernels;

/// <summary>
/// sytrd: <c>A = Q·T·Qᵀ</c> with T tridiagonal and Q = H(n−1)···H(2)·H(1), H(i) = I − τᵢ·vᵢ·vᵢᵀ, from the last row up. Rows go in panels: inside one the
/// matrix stays as it is and A·v is corrected by the panel's earlier vectors, A − V·Wᵀ − W·Vᵀ; then what lies above is updated with all of them at once
/// by the tile product (Dongarra, Sorensen and Hammarling 1989).
/// </summary>
/// <remarks>
/// A is the lower triangle [n × ld] without its diagonal, which lies apart; on it and above it are zeros, rows padded to lanes. Row i becomes vᵢ, of i elements, the
/// last of them 1 (or all of them 0, with τᵢ = 0). Elements are of magnitude 1 or so.
/// </remarks>
internal static unsafe class Tridiagonalization<TRegister, TDoubles>
    where TRegister : struct, IDoubleRegister<TRegister>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Block = 32;
    private const int Depth = DoubleTile<TRegister>.Depth;
    private const int Step = DoubleTile<TRegister>.Step;
    private const int MostChunks = 16;

    /// <summary>A row whose square is below this counts as zero: 2⁻⁴⁶⁵ beside 1. The square of a larger one is exact to rounding.</summary>
    private const double TinySquare = 1e-280;

    /// <summary>Elements of workspace for order n.</summary>
    public static long Workspace(int n, int ld) => ((Block + MostChunks) * (long)ld) + (6 * Block) + (CholeskyBlocks<TRegister>.Pad(n) * (long)(Depth + (2 * Block)));

    /// <param name="diagonal">In: the diagonal of A; out: of T. Padded to lanes.</param>
    /// <param name="e">e[i] = T[i + 1, i].</param>
    public static void Run(Workers workers, int n, double* a, int ld, double* diagonal, double* e, double* tau, double* workspace)
    {
        var panel = new Panel { A = a, Ld = ld, Diagonal = diagonal, W = workspace, Partials = workspace + (Block * (long)ld) };
        panel.Numbers = panel.Partials + (MostChunks * (long)ld);
        panel.Left = panel.Numbers + (6 * Block);
        panel.Right = panel.Left + (CholeskyBlocks<TRegister>.Pad(n) * (long)Depth);
        for (panel.Order = n; panel.Order > 1;)
        {
            int first = Math.Max(1, panel.Order - Block);
            for (int i = panel.Order - 1; i >= first; i--) panel.Reduce(workers, i, e + i - 1, tau + i);
            panel.Update(workers, first);
            panel.Order = first;
        }
        tau[0] = 0;
    }

    private struct Panel
    {
        public double* A;
        public int Ld;
        public double* Diagonal;

        /// <summary>Rows not yet reduced when the panel began. Its vector t is row Order − 1 − t of A.</summary>
        public int Order;

        /// <summary>Row t is wₜ.</summary>
        public double* W;

        /// <summary>A row for each chunk of A·v.</summary>
        public double* Partials;

        /// <summary>Coefficients of the panel's vectors.</summary>
        public double* Numbers;

        /// <summary>Columns (V W) as a left operand, (W V) as a right one.</summary>
        public double* Left;
        public double* Right;

        private readonly double* LastRow => A + ((Order - 1) * (long)Ld);

        public readonly void Reduce(Workers workers, int i, double* e, double* tau)
        {
            int before = Order - 1 - i, padded = EigenVectors<TDoubles>.Pad(i);
            double* v = A + (i * (long)Ld), w = W + (before * (long)Ld), ofW = Numbers, ofV = Numbers + Block;
            for (int t = 0; t < before; t++)
            {
                ofW[t] = -LastRow[i - (t * (long)Ld)];
                ofV[t] = -W[(t * (long)Ld) + i];
                Diagonal[i] -= 2 * ofW[t] * ofV[t];
            }
            EigenVectors<TDoubles>.AddRows(v, W, Ld, ofW, before, padded);
            EigenVectors<TDoubles>.AddRows(v, LastRow, -Ld, ofV, before, padded);
            double alpha = v[i - 1];
            new Span<double>(v + i - 1, padded - i + 1).Clear();
            double square = EigenVectors<TDoubles>.Dot(v, v, padded);
            if (square < TinySquare)
            {
                *e = alpha;
                *tau = 0;
                new Span<double>(v, padded).Clear();
                new Span<double>(w, padded).Clear();
                return;
            }
            double beta = -Math.CopySign(Math.Sqrt((alpha * alpha) + square), alpha);
            *e = beta;
            *tau = (beta - alpha) / beta;
            EigenVectors<TDoubles>.ScaleAdd(v, 1 / (alpha - beta), v, 0, padded);
            v[i - 1] = 1;
            var product = new ProductJob { Panel = this, I = i, Before = before, Chunks = SymmetricProduct<TDoubles>.Chunks(i) };
            workers.Run(product.Chunks + 1, ref product, (long)i * i);
            product.Collect(w, padded);
            EigenVectors<TDoubles>.AddRows(w, LastRow, -Ld, Numbers, before, padded);
            EigenVectors<TDoubles>.AddRows(w, W, Ld, Numbers + Block, before, padded);
            double along = *tau * EigenVectors<TDoubles>.Dot(w, v, padded);
            EigenVectors<TDoubles>.ScaleAdd(w, *tau, v, -0.5 * *tau * along, padded);
        }

        /// <summary>A −= V·Wᵀ + W·Vᵀ in the first <paramref name="order"/> rows.</summary>
        public readonly void Update(Workers workers, int order)
        {
            var job = new UpdateJob { Panel = this, N = order, Vectors = Order - order, Packing = true };
            int chunks = Kernels.Chunks.Count(order, Step);
            long work = (long)order * order * Block;
            workers.Run(chunks, ref job, work);
            job.Packing = false;
            workers.Run(chunks, ref job, work);
        }
    }

    /// <summary>Chunks of A·v, and one that has the products of v with the panel's vectors.</summary>
    private struct ProductJob : IJob
    {
        public Panel Panel;
        public int I;
        public int Before;
        public int Chunks;

        public readonly void Execute(int chunk)
        {
            double* v = Panel.A + (I * (long)Panel.Ld);
            if (chunk > 0)
            {
                int part = Chunks - chunk;
                int first = SymmetricProduct<TDoubles>.FirstRow(part, Chunks, I), end = SymmetricProduct<TDoubles>.FirstRow(part + 1, Chunks, I);
                SymmetricProduct<TDoubles>.Run(Panel.A, Panel.Ld, first, end, v, Panel.Partials + (part * (long)Panel.Ld));
                return;
            }
            int padded = EigenVectors<TDoubles>.Pad(I);
            for (int t = 0; t < Before; t++)
            {
                Panel.Numbers[t] = -EigenVectors<TDoubles>.Dot(Panel.W + (t * (long)Panel.Ld), v, padded);
                Panel.Numbers[Block + t] = -EigenVectors<TDoubles>.Dot(Panel.A + ((Panel.Order - 1 - t) * (long)Panel.Ld), v, padded);
            }
        }

        /// <summary>w = A·v, from the parts in their order.</summary>
        public readonly void Collect(double* w, int padded)
        {
            double* v = Panel.A + (I * (long)Panel.Ld);
            int part = 0, end = 0;
            for (int c = 0; c < padded; c += EigenVectors<TDoubles>.Lane)
            {
                while (c >= end) end = EigenVectors<TDoubles>.Pad(SymmetricProduct<TDoubles>.FirstRow(++part, Chunks, I));
                TDoubles sum = TDoubles.Load(Panel.Diagonal + c) * TDoubles.Load(v + c);
                for (int p = part - 1; p < Chunks; p++) sum += TDoubles.Load(Panel.Partials + (p * (long)Panel.Ld) + c);
                TDoubles.Store(w + c, sum);
            }
        }
    }

    private struct UpdateJob : IJob
    {
        public Panel Panel;
        public int N;
        public int Vectors;
        public bool Packing;

        public readonly void Execute(int chunk)
        {
            if (Packing) Pack(chunk * Step, Math.Min(Step, N - (chunk * Step)));
            // The longest rows first: the short ones even out the ends.
            else Multiply(((N + Step - 1) / Step) - 1 - chunk);
        }

        private readonly void Pack(int first, int count)
        {
            int columns = DoubleTile<TRegister>.Columns;
            double* left = Panel.Left + (first * (long)Depth), right = Panel.Right + (first * 2L * Vectors);
            if (count < Step)
            {
                new Span<double>(left, Step * Depth).Clear();
                new Span<double>(right, Step * 2 * Vectors).Clear();
            }
            for (int t = 0; t < Vectors; t++)
            {
                double* v = Panel.A + ((Panel.Order - 1 - t) * (long)Panel.Ld) + first, w = Panel.W + (t * (long)Panel.Ld) + first;
                for (int r = 0; r < count; r++)
                {
                    double* row = left + (r * Depth);
                    row[t] = v[r];
                    row[Vectors + t] = w[r];
                    double* group = right + (r / columns * 2 * Vectors * columns) + (r % columns);
                    group[t * columns] = w[r];
                    group[(Vectors + t) * columns] = v[r];
                }
            }
        }

        private readonly void Multiply(int chunk)
        {
            int first = chunk * Step, end = Math.Min(first + Step, N), rows = DoubleTile<TRegister>.Rows, columns = DoubleTile<TRegister>.Columns;
            for (int r = first; r < end; r++)
            {
                double* own = Panel.Left + (r * (long)Depth);
                double sum = 0;
                for (int t = 0; t < Vectors; t++) sum += own[t] * own[Vectors + t];
                Panel.Diagonal[r] -= 2 * sum;
            }
            for (int column = 0; column < end; column += columns)
            {
                int start = first + (Math.Max(0, column - first) / rows * rows);
                for (int row = start; row < end; row += rows)
                {
                    CholeskyBlocks<TRegister>.Update<DoubleTile<TRegister>.Subtract>(
                        Panel.Left + (row * (long)Depth), Panel.Right + (column * 2L * Vectors), 2 * Vectors, Panel.A, Panel.Ld, row, column, N, N, lower: true);
                }
            }
            for (int r = first; r < end; r++) Panel.A[(r * (long)Panel.Ld) + r] = 0;
        }
    }
}
