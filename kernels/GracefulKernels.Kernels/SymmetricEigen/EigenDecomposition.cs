namespace GracefulKernels.Kernels;

/// <summary>Householder's tridiagonal form, QL on it, and its vectors in ascending order.</summary>
internal static unsafe class EigenDecomposition<TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Lane = IDoubleLanes<TDoubles>.Count;

    public static void Run(int n, double* a, double* values)
    {
        if (n == 0) return;
        double largest = 0;
        bool finite = true;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double v = Math.Abs(a[((long)i * n) + j]);
                finite &= double.IsFinite(v);
                largest = Math.Max(largest, v);
            }
        }
        if (!finite)
        {
            new Span<double>(a, n * n).Fill(double.NaN);
            new Span<double>(values, n).Fill(double.NaN);
            return;
        }
        int exponent = largest == 0 ? 0 : Math.ILogB(largest) + 1;
        int ld = (n + Lane - 1) / Lane * Lane;
        double* w = Scratch.Get<double>(ScratchSlot.Eigen, (2L * n * ld) + (3 * ld));
        double* z = w + ((long)n * ld), e = z + ((long)n * ld), d = e + ld, y = d + ld;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++) w[((long)i * ld) + j] = Math.ScaleB(a[j <= i ? ((long)i * n) + j : ((long)j * n) + i], -exponent);
        }
        new Span<double>(z, n * ld).Clear();
        for (int i = 0; i < n; i++) z[((long)i * ld) + i] = 1;
        for (int i = n - 1; i > 0; i--)
        {
            double* v = w + ((long)i * ld);
            double alpha = v[i - 1], sum = 0;
            d[i] = v[i];
            for (int j = 0; j < i - 1; j++) sum += v[j] * v[j];
            v[i] = 0;
            if (sum == 0)
            {
                e[i - 1] = alpha;
                new Span<double>(v, i).Clear();
                continue;
            }
            double beta = -Math.CopySign(Math.Sqrt((alpha * alpha) + sum), alpha), tau = (beta - alpha) / beta, dot = 0;
            e[i - 1] = beta;
            for (int j = 0; j < i - 1; j++) v[j] /= alpha - beta;
            v[i - 1] = 1;
            for (int r = 0; r < i; r++)
            {
                double s = 0;
                for (int j = 0; j < i; j++) s += w[((long)r * ld) + j] * v[j];
                y[r] = tau * s;
                dot += y[r] * v[r];
            }
            for (int r = 0; r < i; r++) y[r] -= 0.5 * tau * dot * v[r];
            for (int r = 0; r < i; r++)
            {
                for (int j = 0; j < i; j++) w[((long)r * ld) + j] -= (v[r] * y[j]) + (y[r] * v[j]);
            }
        }
        d[0] = w[0];
        TridiagonalIteration<TDoubles>.Run(n, d, e, z, ld, ld);
        int[] sorted = new int[n];
        double[] keys = new double[n];
        for (int i = 0; i < n; i++) (sorted[i], keys[i]) = (i, d[i]);
        Array.Sort(keys, sorted);
        for (int k = 0; k < n; k++)
        {
            double* x = z + ((long)sorted[k] * ld), to = a + ((long)k * n);
            values[k] = Math.ScaleB(keys[k], exponent);
            for (int i = 1; i < n; i++)
            {
                double* v = w + ((long)i * ld);
                double norm = 0, s = 0;
                for (int j = 0; j < i; j++)
                {
                    norm += v[j] * v[j];
                    s += v[j] * x[j];
                }
                if (norm == 0) continue;
                s *= 2 / norm;
                for (int j = 0; j < i; j++) x[j] -= s * v[j];
            }
            int at = 0;
            for (int j = 1; j < n; j++) at = Math.Abs(x[j]) > Math.Abs(x[at]) ? j : at;
            for (int j = 0; j < n; j++) to[j] = x[at] < 0 ? -x[j] : x[j];
        }
    }
}
