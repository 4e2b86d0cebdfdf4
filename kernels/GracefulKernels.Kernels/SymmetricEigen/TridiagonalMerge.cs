namespace GracefulKernels.Kernels;

/// <summary>
/// One merge of divide and conquer: the vectors of <c>diag(T₁, T₂) + ρ·u·uᵀ</c> from those of both halves, u = (0 … 0 1 ±1 0 … 0). In their basis it is diag(d) + ρ·z·zᵀ.
/// What does not take part is put aside (deflation); the others' values are the roots of the secular equation, and the z of which they are the exact roots gives
/// vectors that are orthogonal to rounding (Gu and Eisenstat 1994; Löwner's formula). Then the new rows of Z are a product of those with the old.
/// </summary>
/// <remarks>
/// Rows of Z: those of the first half have elements in the first columns alone, those of the second in the others, but where deflation has turned two into one
/// another. So the product is two, each with the rows that it needs: kinds First and Both, and Both and Second.
/// </remarks>
internal unsafe struct TridiagonalMerge<TRegister, TDoubles>
    where TRegister : struct, IDoubleRegister<TRegister>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int First = 0, Both = 1, Second = 2;
    private const int Step = DoubleTile<TRegister>.Step;
    private const int RootsOfChunk = 16;
    private const double Epsilon = 1.1102230246251565e-16;

    public Workers Workers;

    /// <summary>By row of Z, of the merge alone, as everything here.</summary>
    public double* D;
    public double* Z;
    public int Ldz;

    /// <summary>In: the rows of each half by value, numbered within the half. Out: those of both.</summary>
    public int* Order;
    public int N;

    /// <summary>Where the second half begins.</summary>
    public int Cut;

    /// <summary>What is not put aside, and how many of each kind.</summary>
    private int _kept, _first, _both, _second;
    private double _rho, _square;

    /// <summary>Ascending: poles and weights; of the roots the nearer pole and the distance from it; weights of which the roots are exact.</summary>
    private double* _poles, _weights, _distances, _exact;
    private int* _origins;

    /// <summary>The same by kind: what the product runs over.</summary>
    private double* _polesByKind, _exactByKind;
    private int* _rowsByKind;

    private double* _firstColumns, _secondColumns;
    private double* _z;
    private int* _kinds, _merged, _aside;

    public void Run(double coupling)
    {
        Allocate();
        _rho = 2 * Math.Abs(coupling);
        double half = Math.Sqrt(0.5), largest = 0, largestZ = 0;
        for (int i = 0; i < N; i++)
        {
            bool inFirst = i < Cut;
            if (!inFirst) Order[i] += Cut;
            _kinds[i] = inFirst ? First : Second;
            double* row = Z + (i * (long)Ldz);
            _z[i] = inFirst ? half * row[Cut - 1] : (coupling < 0 ? -half : half) * row[Cut];
            largest = Math.Max(largest, Math.Abs(D[i]));
            largestZ = Math.Max(largestZ, Math.Abs(_z[i]));
        }
        for (int i = 0, a = 0, b = Cut; i < N; i++) _merged[i] = b == N || (a < Cut && D[Order[a]] <= D[Order[b]]) ? Order[a++] : Order[b++];
        double tolerance = 8 * Epsilon * Math.Max(largest, largestZ);
        if (_rho * largestZ <= tolerance)
        {
            new ReadOnlySpan<int>(_merged, N).CopyTo(new Span<int>(Order, N));
            return;
        }
        Deflate(tolerance);
        GroupByKind();
        var job = new MergeJob { Merge = this, Stage = MergeStage.Roots };
        Workers.Run(Chunks.Count(_kept, RootsOfChunk), ref job, 10L * _kept * _kept);
        job.Stage = MergeStage.Weights;
        Workers.Run(Chunks.Count(_kept, RootsOfChunk), ref job, 4L * _kept * _kept);
        for (int i = 0; i < _kept; i++) _exactByKind[i] = _exact[_merged[i]];
        job.Stage = MergeStage.Packing;
        Workers.Run(Chunks.Count(Cut, Step) + Chunks.Count(N - Cut, Step), ref job, (long)_kept * N);
        MoveAside();
        job.Stage = MergeStage.Product;
        Workers.Run(Chunks.Count(_kept, Step), ref job, (long)_kept * _kept * N);
        Sort();
    }

    private void Allocate()
    {
        int padded = EigenVectors<TDoubles>.Pad(N);
        long product = N * (long)(CholeskyBlocks<TRegister>.Pad(Cut) + CholeskyBlocks<TRegister>.Pad(N - Cut));
        double* memory = Scratch.Get<double>(ScratchSlot.EigenMerge, product + (11L * padded));
        _firstColumns = memory;
        _poles = memory + product;
        _weights = _poles + padded;
        _distances = _weights + padded;
        _exact = _distances + padded;
        _polesByKind = _exact + padded;
        _exactByKind = _polesByKind + padded;
        _z = _exactByKind + padded;
        // Two ints in the place of a number.
        _origins = (int*)(_z + padded);
        _rowsByKind = _origins + padded;
        _kinds = _rowsByKind + padded;
        _merged = _kinds + padded;
        _aside = _merged + padded;
    }

    /// <summary>
    /// Puts aside rows whose weight is negligible and, of two with nearly one value, one: a rotation gives all the weight to the other. Errors are of
    /// the order of the tolerance (Dongarra and Sorensen 1987).
    /// </summary>
    private void Deflate(double tolerance)
    {
        int aside = 0, previous = -1;
        _kept = 0;
        for (int i = 0; i < N; i++)
        {
            int row = _merged[i];
            if (_rho * Math.Abs(_z[row]) <= tolerance)
            {
                _aside[aside++] = row;
                continue;
            }
            if (previous >= 0)
            {
                double sine = _z[previous], cosine = _z[row], length = Math.Sqrt((cosine * cosine) + (sine * sine)), gap = D[row] - D[previous];
                cosine /= length;
                sine = -sine / length;
                if (Math.Abs(gap * cosine * sine) <= tolerance)
                {
                    _z[row] = length;
                    _z[previous] = 0;
                    if (_kinds[row] != _kinds[previous]) _kinds[row] = Both;
                    EigenVectors<TDoubles>.Rotate(Z + (previous * (long)Ldz), Z + (row * (long)Ldz), cosine, sine, N);
                    double low = D[previous], high = D[row];
                    D[previous] = (low * cosine * cosine) + (high * sine * sine);
                    D[row] = (low * sine * sine) + (high * cosine * cosine);
                    _aside[aside++] = previous;
                }
                else
                {
                    Keep(previous);
                }
            }
            previous = row;
        }
        if (previous >= 0) Keep(previous);
        // Nearly in order already.
        for (int i = 1; i < aside; i++)
        {
            int row = _aside[i], at = i;
            for (; at > 0 && D[_aside[at - 1]] > D[row]; at--) _aside[at] = _aside[at - 1];
            _aside[at] = row;
        }
    }

    private void Keep(int row)
    {
        _poles[_kept] = D[row];
        _weights[_kept] = _z[row];
        // The list of all is read ahead of this place.
        _merged[_kept++] = row;
    }

    /// <summary>Rows and poles by kind, and in <see cref="_merged"/> the place of each among the poles.</summary>
    private void GroupByKind()
    {
        int* counts = stackalloc int[3], places = stackalloc int[3];
        counts[First] = counts[Both] = counts[Second] = 0;
        _square = 0;
        for (int i = 0; i < _kept; i++)
        {
            counts[_kinds[_merged[i]]]++;
            _square += _weights[i] * _weights[i];
        }
        (_first, _both, _second) = (counts[First], counts[Both], counts[Second]);
        (places[First], places[Both], places[Second]) = (0, _first, _first + _both);
        for (int i = 0; i < _kept; i++)
        {
            int place = places[_kinds[_merged[i]]]++;
            _rowsByKind[place] = _merged[i];
            _polesByKind[place] = _poles[i];
            _origins[place] = i;
        }
        for (int i = 0; i < _kept; i++) _merged[i] = _origins[i];
        _secondColumns = _firstColumns + ((_first + _both) * (long)CholeskyBlocks<TRegister>.Pad(Cut));
    }

    /// <summary>New rows take the first places: rows that were put aside move to places that are free, all of them behind.</summary>
    private readonly void MoveAside()
    {
        for (int i = 0; i < N; i++) _kinds[i] = 0;
        int aside = N - _kept;
        for (int i = 0; i < aside; i++) _kinds[_aside[i]] = 1;
        int free = _kept;
        for (int i = 0; i < aside; i++)
        {
            int row = _aside[i];
            if (row >= _kept) continue;
            while (_kinds[free] != 0) free++;
            EigenVectors<TDoubles>.Copy(Z + (row * (long)Ldz), Z + (free * (long)Ldz), N);
            D[free] = D[row];
            _aside[i] = free++;
        }
    }

    private readonly void Sort()
    {
        for (int j = 0; j < _kept; j++) D[j] = _poles[_origins[j]] + _distances[j];
        int aside = N - _kept;
        for (int i = 0, a = 0, b = 0; i < N; i++) Order[i] = b == aside || (a < _kept && D[a] <= D[_aside[b]]) ? a++ : _aside[b++];
    }

    private enum MergeStage
    {
        Roots,
        Weights,
        Packing,
        Product,
    }

    private struct MergeJob : IJob
    {
        public TridiagonalMerge<TRegister, TDoubles> Merge;
        public MergeStage Stage;

        public readonly void Execute(int chunk)
        {
            int first = chunk * RootsOfChunk;
            switch (Stage)
            {
                case MergeStage.Roots: Merge.FindRoots(first, Math.Min(first + RootsOfChunk, Merge._kept)); break;
                case MergeStage.Weights: Merge.FindWeights(first, Math.Min(first + RootsOfChunk, Merge._kept)); break;
                case MergeStage.Packing: Merge.Pack(chunk); break;
                default: Merge.Multiply(chunk); break;
            }
        }
    }

    private readonly void FindRoots(int first, int end)
    {
        double* shifted = Scratch.Get<double>(ScratchSlot.EigenRows, _kept);
        for (int j = first; j < end; j++)
        {
            _distances[j] = SecularEquation<TDoubles>.Solve(_kept, j, _poles, _weights, _rho, _square, shifted, out int origin);
            _origins[j] = origin;
        }
    }

    /// <summary><c>ẑᵢ² = Πⱼ (λⱼ − dᵢ) / Π_{j ≠ i} (dⱼ − dᵢ)</c> up to a factor; eight i side by side.</summary>
    private readonly void FindWeights(int first, int end)
    {
        double* own = stackalloc double[EigenVectors<TDoubles>.Lane];
        for (int i = first; i < end; i += EigenVectors<TDoubles>.Lane)
        {
            int count = Math.Min(EigenVectors<TDoubles>.Lane, end - i);
            TDoubles poles = TDoubles.LoadPartial(_poles + i, count), product = TDoubles.Broadcast(-1);
            for (int j = 0; j < _kept; j++)
            {
                TDoubles fromRoot = poles - TDoubles.Broadcast(_poles[_origins[j]]) - TDoubles.Broadcast(_distances[j]);
                TDoubles fromPole = poles - TDoubles.Broadcast(_poles[j]);
                if (j >= i && j < i + count)
                {
                    TDoubles.Store(own, fromPole);
                    own[j - i] = 1;
                    fromPole = TDoubles.Load(own);
                }
                product *= fromRoot / fromPole;
            }
            TDoubles.Store(own, product);
            for (int k = 0; k < count; k++) _exact[i + k] = Math.CopySign(Math.Sqrt(Math.Abs(own[k])), _weights[i + k]);
        }
    }

    /// <summary>48 columns of the old rows as a right operand.</summary>
    private readonly void Pack(int chunk)
    {
        int chunksOfFirst = Chunks.Count(Cut, Step);
        bool inFirst = chunk < chunksOfFirst;
        int column = (inFirst ? chunk : chunk - chunksOfFirst) * Step, width = inFirst ? Cut : N - Cut;
        int begin = inFirst ? 0 : _first, end = inFirst ? _first + _both : _kept;
        EigenOperand<TRegister>.PackRows(
            Z + (inFirst ? 0 : Cut), Ldz, _rowsByKind + begin, end - begin, column, Math.Min(Step, width - column),
            inFirst ? _firstColumns : _secondColumns, CholeskyBlocks<TRegister>.Pad(width));
    }

    /// <summary>48 new rows: their coefficients, <c>ẑᵢ/(dᵢ − λⱼ)</c> of unit length, times the old rows.</summary>
    private readonly void Multiply(int chunk)
    {
        int first = chunk * Step, count = Math.Min(Step, _kept - first), padded = EigenVectors<TDoubles>.Pad(_kept);
        int inFirst = _first + _both, inSecond = _both + _second;
        double* row = Scratch.Get<double>(ScratchSlot.EigenRows, padded + EigenOperand<TRegister>.LeftLength(inFirst) + EigenOperand<TRegister>.LeftLength(inSecond));
        double* left = row + padded, right = left + EigenOperand<TRegister>.LeftLength(inFirst);
        new Span<double>(row, padded).Clear();
        if (count < Step) new Span<double>(left, checked((int)(EigenOperand<TRegister>.LeftLength(inFirst) + EigenOperand<TRegister>.LeftLength(inSecond)))).Clear();
        for (int r = 0; r < count; r++)
        {
            TDoubles origin = TDoubles.Broadcast(_poles[_origins[first + r]]), distance = TDoubles.Broadcast(_distances[first + r]), square = TDoubles.Zero;
            int i = 0;
            for (; i < _kept; i += EigenVectors<TDoubles>.Lane)
            {
                int lanes = Math.Min(EigenVectors<TDoubles>.Lane, _kept - i);
                TDoubles gap = TDoubles.LoadPartial(_polesByKind + i, lanes) - origin - distance;
                TDoubles element = TDoubles.LoadPartial(_exactByKind + i, lanes) / gap;
                TDoubles.StorePartial(row + i, lanes, element);
            }
            double length = Math.Sqrt(EigenVectors<TDoubles>.Dot(row, row, padded));
            TDoubles divisor = TDoubles.Broadcast(length);
            for (i = 0; i < padded; i += EigenVectors<TDoubles>.Lane) TDoubles.Store(row + i, TDoubles.Load(row + i) / divisor);
            EigenOperand<TRegister>.PlaceRow(row, inFirst, left, r);
            EigenOperand<TRegister>.PlaceRow(row + _first, inSecond, right, r);
        }
        double* to = Z + (first * (long)Ldz);
        EigenOperand<TRegister>.Multiply(left, inFirst, _firstColumns, Cut, to, Ldz, count);
        EigenOperand<TRegister>.Multiply(right, inSecond, _secondColumns, N - Cut, to + Cut, Ldz, count);
    }
}
