namespace GracefulKernels.Tests;

/// <summary>Eigenvalues by cyclic Jacobi in fp64, by its definition: slow, and about as exact as fp64 allows.</summary>
internal static class JacobiEigen
{
    /// <summary>The values, ascending, of the symmetric matrix whose lower triangle is given.</summary>
    public static double[] Values(int n, double[] lower)
    {
        double[,] a = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++) a[i, j] = a[j, i] = lower[(i * n) + j];
        }
        for (int sweep = 0; sweep < 60; sweep++)
        {
            bool turned = false;
            for (int p = 0; p < n; p++)
            {
                for (int q = p + 1; q < n; q++) turned |= Turn(a, n, p, q);
            }
            if (!turned) break;
        }
        return [.. Enumerable.Range(0, n).Select(i => a[i, i]).Order()];
    }

    private static bool Turn(double[,] a, int n, int p, int q)
    {
        if (a[p, q] == 0 || Math.Abs(a[p, q]) <= 1e-18 * Math.Sqrt(Math.Abs(a[p, p])) * Math.Sqrt(Math.Abs(a[q, q])) || Math.Abs(a[p, q]) < 1e-290) return false;
        double theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        double t = Math.CopySign(1 / (Math.Abs(theta) + double.Hypot(theta, 1)), theta);
        double c = 1 / Math.Sqrt((t * t) + 1), s = t * c;
        for (int k = 0; k < n; k++) (a[k, p], a[k, q]) = ((c * a[k, p]) - (s * a[k, q]), (s * a[k, p]) + (c * a[k, q]));
        for (int k = 0; k < n; k++) (a[p, k], a[q, k]) = ((c * a[p, k]) - (s * a[q, k]), (s * a[p, k]) + (c * a[q, k]));
        a[p, q] = a[q, p] = 0;
        return true;
    }
}
