namespace GracefulKernels.Kernels;

/// <summary>
/// ormtr: rows x of Z become <c>x·H(1)·H(2)···H(n−1)</c>. Blocks of 96 reflectors are <c>I − V·T·Vᵀ</c> (Schreiber and Van Loan 1989): with P = V·T a block is two
/// products, x·P and −(x·P)·Vᵀ. Reflectors are packed once; then 48 rows at a time pass through all blocks and stay in their thread's cache.
/// </summary>
internal unsafe struct ReflectorBlocks<TRegister, TDoubles>
    where TRegister : struct, IDoubleRegister<TRegister>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Block = 2 * Step;
    private const int Step = DoubleTile<TRegister>.Step;
    private const int Depth = DoubleTile<TRegister>.Depth;

    public int N;

    /// <summary>Row i is vᵢ, as <see cref="Tridiagonalization{TRegister, TDoubles}"/> leaves it.</summary>
    public double* A;
    public int Ld;
    public double* Tau;
    public double* Z;
    public int Ldz;

    /// <summary>The row of Z that becomes each row of the output [n × n].</summary>
    public int* Order;
    public double* Output;

    private double* _packed;

    public void Run(Workers workers)
    {
        // Of H(1), which is the identity, nothing is needed.
        int blocks = Chunks.Count(Math.Max(0, N - 1), Block);
        _packed = Scratch.Get<double>(ScratchSlot.EigenReflectors, 2 * Offset(blocks));
        var job = new ReflectorJob { Blocks = this, Packing = true };
        long work = (long)N * N * N;
        workers.Run(blocks, ref job, work / 16);
        job.Packing = false;
        workers.Run(Chunks.Count(N, Step), ref job, work);
    }

    /// <summary>Elements of one operand before block <paramref name="block"/>: it has 96 reflectors of at most 96 (block + 1) elements.</summary>
    private static long Offset(int block) => (long)Block * Block * block * (block + 1) / 2;

    /// <summary>The first reflector, their number, and the elements of the longest.</summary>
    private readonly void Bounds(int block, out int first, out int count, out int length)
    {
        first = 1 + (block * Block);
        count = Math.Min(Block, N - first);
        length = first + count - 1;
    }

    /// <summary>Columns of P: x·P.</summary>
    private readonly double* Left(int block) => _packed + (2 * Offset(block));

    /// <summary>Rows of Vᵀ.</summary>
    private readonly double* Right(int block) => _packed + Offset(block) + Offset(block + 1);

    private struct ReflectorJob : IJob
    {
        public ReflectorBlocks<TRegister, TDoubles> Blocks;
        public bool Packing;

        public readonly void Execute(int chunk)
        {
            if (Packing) Blocks.Pack(chunk);
            else Blocks.Apply(chunk * Step);
        }
    }

    private readonly void Pack(int block)
    {
        Bounds(block, out int first, out int count, out int length);
        int padded = EigenVectors<TDoubles>.Pad(length);
        double* t = Scratch.Get<double>(ScratchSlot.EigenRows, (Block * Block) + (2 * Block) + (Block * (long)Ld));
        double* products = t + (Block * Block), column = products + Block, rows = column + Block;
        new Span<double>(t, Block * Block).Clear();
        int* list = stackalloc int[Block];
        for (int j = 0; j < count; j++)
        {
            list[j] = first + j;
            double tau = Tau[first + j];
            for (int i = 0; i < j; i++) products[i] = EigenVectors<TDoubles>.Dot(Row(first + i), Row(first + j), EigenVectors<TDoubles>.Pad(first + i));
            // Column j of T: −τⱼ·T·(Vᵀvⱼ), then τⱼ.
            for (int i = 0; i < j; i++)
            {
                double sum = 0;
                for (int k = i; k < j; k++) sum += t[(k * Block) + i] * products[k];
                t[(j * Block) + i] = -tau * sum;
            }
            t[(j * Block) + j] = tau;
        }
        int groups = CholeskyBlocks<TRegister>.Pad(count);
        for (int j = 0; j < groups; j++)
        {
            double* row = rows + (j * (long)Ld);
            new Span<double>(row, padded).Clear();
            // Reflector i has elements up to its own number alone.
            if (j < count) AddReflectors(row, t + (j * Block), first, j + 1);
        }
        double* left = Left(block);
        for (int k = 0; k < length; k += Depth)
        {
            int depth = Math.Min(Depth, length - k);
            CholeskyBlocks<TRegister>.PackTransposed(rows + k, Ld, groups, depth, left + (k * (long)groups), depth * DoubleTile<TRegister>.Columns);
        }
        for (int c = 0; c < length; c += Step) PackColumns(first, count, c, Math.Min(Step, length - c), Right(block) + (c * (long)count));
    }

    private readonly double* Row(int i) => A + (i * (long)Ld);

    private readonly void AddReflectors(double* row, double* coefficients, int first, int count)
    {
        // What lies behind a reflector's own elements is zero up to whole lanes only: columns that all of them have, then those of fewer and fewer.
        int done = 0;
        for (int i = 0; i < count;)
        {
            int end = EigenVectors<TDoubles>.Pad(first + i), next = i + 1;
            while (next < count && EigenVectors<TDoubles>.Pad(first + next) == end) next++;
            EigenVectors<TDoubles>.AddRows(row + done, Row(first + i) + done, Ld, coefficients + i, count - i, end - done);
            done = end;
            i = next;
        }
    }

    private readonly void PackColumns(int first, int count, int column, int width, double* right)
    {
        int group = DoubleTile<TRegister>.Columns;
        for (int j = 0; j < count; j++)
        {
            // Up to the reflector's own end.
            int own = Math.Clamp(first + j - column, 0, width);
            double* from = Row(first + j) + column, to = right + (j * group);
            for (int c = 0; c < Step; c += group, to += count * group)
            {
                for (int i = 0; i < group; i++) to[i] = c + i < own ? from[c + i] : 0;
            }
        }
    }

    private readonly void Apply(int start)
    {
        int rows = Math.Min(Step, N - start), tileRows = DoubleTile<TRegister>.Rows, tileColumns = DoubleTile<TRegister>.Columns;
        long length = EigenOperand<TRegister>.LeftLength(N);
        double* x = Scratch.Get<double>(ScratchSlot.EigenRows, length + (Step * Depth)), y = x + length;
        new Span<double>(x, checked((int)length)).Clear();
        for (int r = 0; r < rows; r++) EigenOperand<TRegister>.PlaceRow(Z + (Order[start + r] * (long)Ldz), N, x, r);
        for (int block = 0; block < Chunks.Count(Math.Max(0, N - 1), Block); block++)
        {
            Bounds(block, out _, out int count, out int used);
            int groups = CholeskyBlocks<TRegister>.Pad(count);
            for (int row = 0; row < rows; row += tileRows)
            {
                EigenOperand<TRegister>.Project(x + (row * Depth), used, Left(block), groups, y + (row * Depth));
            }
            for (int column = 0; column < used; column += tileColumns)
            {
                double* right = Right(block) + (column * (long)count);
                double* at = x + (column / Depth * (long)(Step * Depth)) + (column % Depth);
                for (int row = 0; row < rows; row += tileRows)
                {
                    double* tile = at + (row * Depth);
                    DoubleTile<TRegister>.Multiply<DoubleTile<TRegister>.Subtract>(y + (row * Depth), right, count, tile, Depth, tile, Depth);
                }
            }
        }
        for (int r = 0; r < rows; r++) EigenOperand<TRegister>.StoreVector(x + (r * Depth), N, Output + ((start + r) * (long)N));
    }
}
