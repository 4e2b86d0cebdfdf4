namespace GracefulKernels.Kernels;

/// <summary>
/// syevd: scaling, tridiagonal form, divide and conquer, and the way back of its vectors. Of the 5⅓ n³ operations at most 4 n³ are tile products; those of the
/// tridiagonal form that are not read the triangle once for each row, n³·8/6 bytes.
/// </summary>
internal static unsafe class EigenDecomposition<TRegister, TDoubles>
    where TRegister : struct, IDoubleRegister<TRegister>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    public static void Run(Workers workers, int n, double* a, double* values)
    {
        if (n == 0) return;
        double largest = Largest(n, a);
        if (!double.IsFinite(largest))
        {
            for (int i = 0; i < n; i++) new Span<double>(a + (i * (long)n), n).Fill(double.NaN);
            new Span<double>(values, n).Fill(double.NaN);
            return;
        }
        int exponent = largest == 0 ? 0 : Math.ILogB(largest) + 1, ld = EigenVectors<TDoubles>.Pitch(n);
        long square = n * (long)ld;
        double* w = Scratch.Get<double>(ScratchSlot.Eigen, (2 * square) + (4L * ld) + Tridiagonalization<TRegister, TDoubles>.Workspace(n, ld));
        double* d = w + square, e = d + ld, tau = e + ld, workspace = tau + ld;
        int* order = (int*)workspace;
        workspace += ld;
        double* z = workspace + Tridiagonalization<TRegister, TDoubles>.Workspace(n, ld);
        new Span<double>(d, 3 * ld).Clear();
        CopyScaled(n, a, exponent, w, ld, d);
        Tridiagonalization<TRegister, TDoubles>.Run(workers, n, w, ld, d, e, tau, workspace);
        TridiagonalDivision<TRegister, TDoubles>.Run(workers, n, d, e, z, ld, order);
        for (int i = 0; i < n; i++) values[i] = Math.ScaleB(d[order[i]], exponent);
        var back = new ReflectorBlocks<TRegister, TDoubles> { N = n, A = w, Ld = ld, Tau = tau, Z = z, Ldz = ld, Order = order, Output = a };
        back.Run(workers);
    }

    /// <summary>The largest magnitude of the lower triangle; NaN where there is one.</summary>
    private static double Largest(int n, double* a)
    {
        double largest = 0;
        for (int i = 0; i < n; i++)
        {
            double* row = a + (i * (long)n);
            for (int j = 0; j <= i; j++) largest = Math.Max(largest, Math.Abs(row[j]));
        }
        return largest;
    }

    /// <summary>The lower triangle times 2^−exponent, its diagonal apart, zeros on and above it.</summary>
    private static void CopyScaled(int n, double* a, int exponent, double* w, int ld, double* diagonal)
    {
        // In two steps: one number cannot hold the scale of the smallest.
        TDoubles first = TDoubles.Broadcast(Math.ScaleB(1, -exponent / 2)), second = TDoubles.Broadcast(Math.ScaleB(1, -exponent - (-exponent / 2)));
        for (int i = 0; i < n; i++)
        {
            double* from = a + (i * (long)n), to = w + (i * (long)ld);
            for (int j = 0; j <= i; j += EigenVectors<TDoubles>.Lane)
            {
                int count = Math.Min(EigenVectors<TDoubles>.Lane, i + 1 - j);
                TDoubles.Store(to + j, TDoubles.LoadPartial(from + j, count) * first * second);
            }
            diagonal[i] = to[i];
            to[i] = 0;
        }
    }
}
