using System.Runtime.Intrinsics;

namespace GracefulKernels;

/// <summary>fp64 work on square matrices in host memory. Sums run in a fixed order: the same bits on every machine and for any number of threads.</summary>
internal static class HostMatrix
{
    /// <summary><c>y = A·x</c>, A [n × n].</summary>
    public static double[] Multiply(double[] a, int n, double[] x)
    {
        double[] y = new double[n];
        Parallel.For(0, n, i => y[i] = Dot(a.AsSpan(checked((int)((long)i * n)), n), x));
        return y;
    }

    /// <summary><c>Σ x y</c> in four interleaved sums.</summary>
    public static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        Vector256<double> sum = default;
        int i = 0;
        // A product and a sum, each rounded: what processors without fused operations do as well.
        for (; i + 4 <= x.Length; i += 4) sum += Vector256.Create(x.Slice(i, 4)) * Vector256.Create(y.Slice(i, 4));
        double rest = 0;
        for (; i < x.Length; i++) rest += x[i] * y[i];
        return sum[0] + sum[1] + (sum[2] + sum[3]) + rest;
    }

    /// <summary>The part of a matrix [n × n] at the given rows and columns.</summary>
    public static double[] Part(double[] a, int n, ReadOnlySpan<int> indices)
    {
        double[] part = new double[(long)indices.Length * indices.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            for (int j = 0; j < indices.Length; j++) part[((long)i * indices.Length) + j] = a[((long)indices[i] * n) + indices[j]];
        }
        return part;
    }

    /// <summary>The elements at the given places.</summary>
    public static double[] Part(ReadOnlySpan<double> x, ReadOnlySpan<int> indices)
    {
        double[] part = new double[indices.Length];
        for (int i = 0; i < part.Length; i++) part[i] = x[indices[i]];
        return part;
    }

    /// <summary>Solves <c>A·x = b</c> in place of b, A symmetric positive definite and spoilt.</summary>
    /// <exception cref="ArithmeticException">A is not; the message says what that means for <paramref name="what"/>.</exception>
    public static double[] SolvePositiveDefinite(double[] a, double[] b, string what)
    {
        int n = b.Length;
        try
        {
            DenseLinearAlgebra.Potrf(n, a, n);
        }
        catch (NotPositiveDefiniteException e)
        {
            throw new ArithmeticException($"{what}: the rest of the data determines these outputs too weakly for the precision at hand. Use a larger λ.", e);
        }
        DenseLinearAlgebra.Potrs(n, a, n, 1, b, 1);
        return b;
    }
}
