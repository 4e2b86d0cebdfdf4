using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Implicit QL with Wilkinson's shift: eigenvalues of a symmetric tridiagonal matrix T of small order, whose rotations are applied to rows of Z.
/// Elements are of magnitude 1 or so at most: what is below 2⁻⁵⁰⁰ beside the diagonal counts as zero.
/// </summary>
internal static unsafe class TridiagonalIteration<TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Lane = IDoubleLanes<TDoubles>.Count;
    private const double Epsilon = 1.1102230246251565e-16;
    private const double Tiny = 3.0549363634996047e-151;

    /// <summary>Sweeps for one value; two or three are usual.</summary>
    private const int MostSweeps = 100;

    /// <summary>
    /// T = S·diag(d)·Sᵀ with the diagonal <paramref name="d"/>, which becomes the values in no order, and <paramref name="e"/> below it
    /// (of n elements, spoilt). Z = Sᵀ·Z, rows <paramref name="ldz"/> apart, of <paramref name="columns"/> elements, a multiple of eight.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(int n, double* d, double* e, double* z, long ldz, int columns)
    {
        if (n > 0) e[n - 1] = 0;
        for (int l = 0; l < n; l++)
        {
            for (int sweep = 0; sweep < MostSweeps; sweep++)
            {
                int m = l;
                while (m < n - 1 && Math.Abs(e[m]) > (Epsilon * (Math.Abs(d[m]) + Math.Abs(d[m + 1]))) + Tiny) m++;
                if (m == l) break;
                Sweep(l, m, d, e, z, ldz, columns);
            }
        }
    }

    /// <summary>One QL step on rows l to m, from the bottom up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sweep(int l, int m, double* d, double* e, double* z, long ldz, int columns)
    {
        double g = (d[l + 1] - d[l]) / (2 * e[l]);
        double r = Length(g, 1);
        g = d[m] - d[l] + (e[l] / (g + Math.CopySign(r, g)));
        double s = 1, c = 1, p = 0;
        for (int i = m - 1; i >= l; i--)
        {
            double f = s * e[i], b = c * e[i];
            r = Length(f, g);
            e[i + 1] = r;
            if (r == 0)
            {
                // The matrix has come apart here.
                d[i + 1] -= p;
                e[m] = 0;
                return;
            }
            s = f / r;
            c = g / r;
            g = d[i + 1] - p;
            r = ((d[i] - g) * s) + (2 * c * b);
            p = s * r;
            d[i + 1] = g + p;
            g = (c * r) - b;
            Rotate(z + (i * ldz), z + ((i + 1) * ldz), c, s, columns);
        }
        d[l] -= p;
        e[l] = g;
        e[m] = 0;
    }

    /// <summary>√(x² + y²), without overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Length(double x, double y)
    {
        double a = Math.Abs(x), b = Math.Abs(y), large = Math.Max(a, b), small = Math.Min(a, b);
        if (large < 1e150 && large > 1e-140) return Math.Sqrt((large * large) + (small * small));
        if (large == 0) return 0;
        double ratio = small / large;
        return large * Math.Sqrt(1 + (ratio * ratio));
    }

    /// <summary>(x, y) = (c·x − s·y, s·x + c·y).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rotate(double* x, double* y, double c, double s, int columns)
    {
        TDoubles cosine = TDoubles.Broadcast(c), sine = TDoubles.Broadcast(s), minus = TDoubles.Broadcast(-s);
        for (int k = 0; k < columns; k += Lane)
        {
            TDoubles a = TDoubles.Load(x + k), b = TDoubles.Load(y + k);
            TDoubles.Store(x + k, TDoubles.MultiplyAdd(minus, b, cosine * a));
            TDoubles.Store(y + k, TDoubles.MultiplyAdd(sine, a, cosine * b));
        }
    }
}
