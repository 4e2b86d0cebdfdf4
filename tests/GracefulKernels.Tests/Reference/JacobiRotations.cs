namespace GracefulKernels.Tests;

/// <summary>Eigenvalues and eigenvectors of a symmetric fp64 matrix by cyclic Jacobi rotations: slow, plain and accurate (Golub, Van Loan, §8.5).</summary>
internal static class JacobiRotations
{
    /// <summary>Eigenvalues ascending; row k of the vectors [n × n] belongs to value k.</summary>
    public static (double[] Values, double[] Vectors) Eigen(ReadOnlySpan<double> matrix, int n)
    {
        double[] a = matrix.ToArray(), v = new double[n * n];
        for (int i = 0; i < n; i++) v[(i * n) + i] = 1;
        double norm = Math.Sqrt(a.Sum(x => x * x));
        for (int sweep = 0; sweep < 60 && OffDiagonal(a, n) > 1e-16 * norm; sweep++)
        {
            for (int p = 0; p < n; p++)
            {
                for (int q = p + 1; q < n; q++) Rotate(a, v, n, p, q);
            }
        }
        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => a[(i * n) + i])];
        return ([.. order.Select(i => a[(i * n) + i])], [.. order.SelectMany(i => v.AsSpan(i * n, n).ToArray())]);
    }

    private static void Rotate(double[] a, double[] v, int n, int p, int q)
    {
        double off = a[(p * n) + q];
        if (off == 0) return;
        double theta = (a[(q * n) + q] - a[(p * n) + p]) / (2 * off);
        double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1)), c = 1 / Math.Sqrt((t * t) + 1), s = t * c;
        for (int k = 0; k < n; k++) Turn(a, (k * n) + p, (k * n) + q, c, s);
        for (int k = 0; k < n; k++) Turn(a, (p * n) + k, (q * n) + k, c, s);
        for (int k = 0; k < n; k++) Turn(v, (p * n) + k, (q * n) + k, c, s);
    }

    private static void Turn(double[] m, int i, int j, double c, double s) => (m[i], m[j]) = ((c * m[i]) - (s * m[j]), (s * m[i]) + (c * m[j]));

    private static double OffDiagonal(double[] a, int n)
    {
        double sum = 0;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++) sum += 2 * a[(i * n) + j] * a[(i * n) + j];
        }
        return Math.Sqrt(sum);
    }
}
