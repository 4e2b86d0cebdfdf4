namespace GracefulKernels.Kernels;

/// <summary>
/// stedc: eigenvalues and eigenvectors of a symmetric tridiagonal T by divide and conquer (Cuppen 1981; Gu and Eisenstat 1995). T is cut in halves down to
/// orders of at most 32, which go by QL; then neighbours merge, level by level.
/// </summary>
internal static unsafe class TridiagonalDivision<TRegister, TDoubles>
    where TRegister : struct, IDoubleRegister<TRegister>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Leaf = 32;

    /// <summary>
    /// T = Zᵀ·diag(d)·Z. <paramref name="order"/> lists the rows of Z, and their values in <paramref name="d"/>, from the smallest value up.
    /// <paramref name="e"/> is left as it was.
    /// </summary>
    public static void Run(Workers workers, int n, double* d, double* e, double* z, int ldz, int* order)
    {
        int levels = 0;
        while (((n - 1) >> levels) + 1 > Leaf) levels++;
        for (int i = 0; i < n; i++) new Span<double>(z + (i * (long)ldz), n).Clear();
        for (int cut = 1; cut < 1 << levels; cut++)
        {
            int at = Cut(n, levels, cut);
            double rho = Math.Abs(e[at - 1]);
            d[at - 1] -= rho;
            d[at] -= rho;
        }
        var job = new LevelJob { Workers = workers, N = n, Level = levels, IsLeaf = true, D = d, E = e, Z = z, Ldz = ldz, Order = order };
        workers.Run(1 << levels, ref job, (long)n * Leaf * Leaf);
        job.IsLeaf = false;
        while (job.Level-- > 0)
        {
            int merges = 1 << job.Level;
            long size = n >> job.Level;
            // Several beside one another, one a thread; few of them share the threads one after another. The bits are the same.
            if (merges >= 2 * workers.Count) workers.Run(merges, ref job, n * size * size);
            else for (int i = 0; i < merges; i++) job.Execute(i);
        }
    }

    /// <summary>Where piece <paramref name="piece"/> of 2^level begins.</summary>
    private static int Cut(int n, int level, int piece) => (int)(((long)n * piece) >> level);

    private struct LevelJob : IJob
    {
        public Workers Workers;
        public int N;
        public int Level;
        public bool IsLeaf;
        public double* D;
        public double* E;
        public double* Z;
        public int Ldz;
        public int* Order;

        public readonly void Execute(int piece)
        {
            int first = Cut(N, Level, piece), end = Cut(N, Level, piece + 1);
            if (IsLeaf)
            {
                SolveLeaf(first, end - first);
                return;
            }
            int cut = Cut(N, Level + 1, (2 * piece) + 1);
            var merge = new TridiagonalMerge<TRegister, TDoubles>
            {
                Workers = Workers, D = D + first, Z = Z + (first * (long)Ldz) + first, Ldz = Ldz, Order = Order + first, N = end - first, Cut = cut - first,
            };
            merge.Run(E[cut - 1]);
        }

        private readonly void SolveLeaf(int first, int n)
        {
            int pitch = EigenVectors<TDoubles>.Pad(n);
            double* d = D + first, e = stackalloc double[Leaf], vectors = stackalloc double[Leaf * Leaf];
            new Span<double>(vectors, n * pitch).Clear();
            for (int i = 0; i < n; i++) vectors[(i * pitch) + i] = 1;
            EigenVectors<TDoubles>.Copy(E + first, e, n - 1);
            TridiagonalIteration<TDoubles>.Run(n, d, e, vectors, pitch, pitch);
            for (int i = 0; i < n; i++)
            {
                EigenVectors<TDoubles>.Copy(vectors + (i * pitch), Z + ((first + i) * (long)Ldz) + first, n);
                int at = i;
                for (; at > 0 && d[Order[first + at - 1]] > d[i]; at--) Order[first + at] = Order[first + at - 1];
                Order[first + at] = i;
            }
        }
    }
}
