namespace GracefulKernels.Kernels;

/// <summary>
/// potri in one sweep over panels of 192 rows. With W = L⁻¹, panel p of W is <c>L_pp⁻¹·(T_p | I)</c>, where T has gathered
/// <c>−Σ_{k &lt; p} L_k·W_k</c>; from it the rows behind gather on and the rows before it gather <c>A⁻¹ = Σ_p W_pᵀ·W_p</c>. So W is never
/// held as a whole, each panel is packed once, and every step is one product over all rows. W_pp is lower triangular: products begin where it does, which
/// changes no bit, because a chain that has met only zeros is zero.
/// </summary>
internal static unsafe class CholeskyInversion<TRegister, TDoubles>
    where TRegister : struct, IDoubleRegister<TRegister>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Depth = DoubleTile<TRegister>.Depth;
    private const int Step = DoubleTile<TRegister>.Step;

    private static int Rows => DoubleTile<TRegister>.Rows;

    private static int Columns => DoubleTile<TRegister>.Columns;

    public static void Run(Workers workers, int n, double* a, int lda)
    {
        long padded = CholeskyBlocks<TRegister>.Pad(n);
        double* scratch = Scratch.Get<double>(ScratchSlot.Cholesky, (2 * Depth * Depth) + (Step * Step) + (2 * padded * Depth));
        var panel = new Panel
        {
            N = n,
            A = a,
            Lda = lda,
            Factor = scratch,
            Inverses = scratch + (Depth * Depth),
            Small = scratch + (2 * Depth * Depth),
        };
        panel.Left = panel.Small + (Step * Step);
        panel.Right = panel.Left + (padded * Depth);
        panel.MoveTo(0);
        if (n > 0) panel.PackDiagonal();
        for (int p = 0; p < n; p += Depth)
        {
            panel.MoveTo(p);
            var solve = new SolveJob { Panel = panel };
            workers.Run(Chunks.Count(panel.End, Step), ref solve);
            var update = new UpdateJob { Panel = panel, Chunks = Chunks.Count(n, Step) };
            workers.Run(update.Chunks + 1, ref update);
        }
        var mirror = new MirrorJob { N = n, A = a, Lda = lda };
        workers.Run(Chunks.Count(n, Step), ref mirror);
    }

    private struct Panel
    {
        public int N;
        public double* A;
        public int Lda;
        public int Start;
        public int End;

        /// <summary>The diagonal block of L as a left operand.</summary>
        public double* Factor;

        /// <summary>The inverses of its triangular blocks as left operands.</summary>
        public double* Inverses;

        public double* Small;

        /// <summary>What multiplies the panel of W, for each row of A: −L behind the panel, Wᵀ before and in it.</summary>
        public double* Left;

        /// <summary>The panel of W as a right operand.</summary>
        public double* Right;

        /// <summary>Rows of the panel, padded.</summary>
        public readonly int Height => CholeskyBlocks<TRegister>.Pad(End - Start);

        public void MoveTo(int start)
        {
            Start = start;
            End = Math.Min(start + Depth, N);
        }

        public readonly void PackDiagonal()
        {
            int order = End - Start;
            double* a = A + ((long)Start * Lda) + Start;
            CholeskyBlocks<TRegister>.CopyRows(a, Lda, order, 0, Factor, Height, Height);
            for (int r = 0; r < order; r++) Copy(a + ((long)r * Lda), Factor + (r * Depth), r + 1);
            for (int first = 0; first < order; first += Step)
            {
                double* block = Factor + (first * Depth) + first, inverse = Inverses + (first * Depth);
                TriangularStep<TDoubles>.Invert(block, Depth, 1, Math.Min(Step, order - first), Small);
                for (int r = 0; r < Step; r++) Copy(Small + (r * Step), inverse + (r * Depth), Step);
            }
        }
    }

    private static void Copy(double* from, double* to, int count) => new ReadOnlySpan<double>(from, count).CopyTo(new Span<double>(to, count));

    /// <summary>48 columns of the panel of W: substitution down its rows, then its transpose as rows of the left operand.</summary>
    private struct SolveJob : IJob
    {
        public Panel Panel;

        public readonly void Execute(int chunk)
        {
            double* scratch = stackalloc double[Step * Columns];
            int height = Panel.Height, first = chunk * Step, end = Math.Min(first + Step, Panel.End);
            // Columns of the identity: W is zero above them.
            int skip = Math.Max(0, first - Panel.Start);
            LoadRightSide(first, end, height);
            for (int column = first; column < end; column += Columns)
            {
                double* right = Panel.Right + ((long)column * Depth);
                for (int before = skip; before < height; before += Step)
                {
                    double* at = right + (before * Columns), factor = Panel.Factor + (before * Depth), inverse = Panel.Inverses + (before * Depth);
                    for (int r = 0; r < Step; r += Rows)
                    {
                        DoubleTile<TRegister>.Multiply<DoubleTile<TRegister>.Subtract>(
                            factor + (r * Depth) + skip, right + (skip * Columns), before - skip, at + (r * Columns), Columns, scratch + (r * Columns), Columns);
                    }
                    for (int r = 0; r < Step; r += Rows)
                    {
                        // The inverse is zero behind its diagonal; stretches of twelve rows for every width of register.
                        int depth = (r + Rows + 11) / 12 * 12;
                        DoubleTile<TRegister>.Multiply<DoubleTile<TRegister>.Assign>(
                            inverse + (r * Depth), scratch, depth, at + (r * Columns), Columns, at + (r * Columns), Columns);
                    }
                }
                double* left = Panel.Left + ((long)column * Depth);
                for (int c = 0; c < Columns; c++)
                {
                    for (int k = 0; k < height; k++) left[(c * Depth) + k] = right[(k * Columns) + c];
                }
            }
        }

        /// <summary>Columns of (T | I), whole rows of the chunk at a time: a row of A is far from the next.</summary>
        private readonly void LoadRightSide(int first, int end, int height)
        {
            double* right = Panel.Right + ((long)first * Depth);
            int order = Panel.End - Panel.Start;
            if (first >= Panel.Start)
            {
                new Span<double>(right, Step * Depth).Clear();
                for (int column = first; column < end; column++)
                {
                    int group = (column - first) / Columns, inside = (column - first) % Columns;
                    right[(group * Depth * Columns) + ((column - Panel.Start) * Columns) + inside] = 1;
                }
                return;
            }
            double* a = Panel.A + ((long)Panel.Start * Panel.Lda) + first;
            for (int r = 0; r < height; r++, a += Panel.Lda)
            {
                for (int c = 0; c < Step; c += Columns)
                {
                    var row = new Span<double>(right + (c * Depth) + (r * Columns), Columns);
                    if (r < order) new ReadOnlySpan<double>(a + c, Columns).CopyTo(row);
                    else row.Clear();
                }
            }
        }
    }

    /// <summary>48 rows of A each, and the preparation of the next panel, whose part of L stands untouched.</summary>
    private struct UpdateJob : IJob
    {
        public Panel Panel;
        public int Chunks;

        public readonly void Execute(int chunk)
        {
            if (chunk == 0)
            {
                Panel next = Panel;
                next.MoveTo(Panel.End);
                if (next.Start < next.N) next.PackDiagonal();
                return;
            }
            // The longest rows first: the short ones even out the ends.
            int first = (Chunks - chunk) * Step, end = Math.Min(first + Step, Panel.N);
            if (first >= Panel.End) Behind(first, end);
            else Before(first, end);
        }

        /// <summary><c>T −= L·W</c>; in the panel's own columns, where L stood, T begins.</summary>
        private readonly void Behind(int first, int end)
        {
            TDoubles minus = TDoubles.Broadcast(-1);
            for (int row = first; row < end; row++)
            {
                double* l = Panel.A + ((long)row * Panel.Lda) + Panel.Start, left = Panel.Left + ((long)row * Depth);
                for (int k = 0; k < Depth; k += IDoubleLanes<TDoubles>.Count) TDoubles.Store(left + k, TDoubles.Load(l + k) * minus);
            }
            for (int column = 0; column < Panel.End; column += Columns)
            {
                double* right = Panel.Right + ((long)column * Depth);
                for (int row = first; row < end; row += Rows)
                {
                    double* left = Panel.Left + ((long)row * Depth);
                    if (column < Panel.Start)
                    {
                        CholeskyBlocks<TRegister>.Update<DoubleTile<TRegister>.Add>(
                            left, right, Depth, Panel.A, Panel.Lda, row, column, end, Panel.End, lower: false);
                    }
                    else
                    {
                        // The same stretch for every width of register: sixteen columns at a time.
                        int skip = (column - Panel.Start) / 16 * 16;
                        CholeskyBlocks<TRegister>.Update<DoubleTile<TRegister>.Assign>(
                            left + skip, right + (skip * Columns), Depth - skip, Panel.A, Panel.Lda, row, column, end, Panel.End, lower: false);
                    }
                }
            }
        }

        /// <summary><c>A⁻¹ += Wᵀ·W</c>, lower tiles only; the panel's own rows begin with it.</summary>
        private readonly void Before(int first, int end)
        {
            int height = Panel.Height;
            end = Math.Min(end, Panel.End);
            for (int column = 0; column < end; column += Columns)
            {
                double* right = Panel.Right + ((long)column * Depth);
                for (int row = first + (Math.Max(0, column - first) / Rows * Rows); row < end; row += Rows)
                {
                    double* left = Panel.Left + ((long)row * Depth);
                    if (row < Panel.Start)
                    {
                        CholeskyBlocks<TRegister>.Update<DoubleTile<TRegister>.Add>(
                            left, right, height, Panel.A, Panel.Lda, row, column, end, end, lower: true);
                    }
                    else
                    {
                        // Twelve rows at a time, whatever the tile has.
                        int skip = (row - Panel.Start) / 12 * 12;
                        CholeskyBlocks<TRegister>.Update<DoubleTile<TRegister>.Assign>(
                            left + skip, right + (skip * Columns), height - skip, Panel.A, Panel.Lda, row, column, end, end, lower: true);
                    }
                }
            }
        }
    }

    /// <summary>The upper triangle from the lower one, in squares that stay in the first cache.</summary>
    private struct MirrorJob : IJob
    {
        public int N;
        public double* A;
        public int Lda;

        public readonly void Execute(int chunk)
        {
            // By way of a compact copy: rows of A that lie a multiple of a page apart would push one another out of the cache.
            double* block = stackalloc double[Step * Step];
            int first = chunk * Step, rows = Math.Min(Step, N - first);
            for (int across = 0; across <= first; across += Step)
            {
                int columns = Math.Min(Step, N - across);
                for (int i = 0; i < rows; i++) Copy(A + ((long)(first + i) * Lda) + across, block + (i * Step), Math.Min(columns, first + i - across + 1));
                for (int j = 0; j < columns; j++)
                {
                    double* target = A + ((long)(across + j) * Lda) + first;
                    for (int i = Math.Max(0, across + j - first); i < rows; i++) target[i] = block[(i * Step) + j];
                }
            }
        }
    }
}
