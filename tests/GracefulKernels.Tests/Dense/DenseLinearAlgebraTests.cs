namespace GracefulKernels.Tests;

public abstract class DenseLinearAlgebraTests(KernelFamily family)
{
    [Fact]
    public void GemmInEveryTransposition()
    {
        const int M = 5, N = 7, K = 9;
        foreach ((bool ta, bool tb) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            int lda = (ta ? M : K) + 2, ldb = (tb ? K : N) + 1, ldc = N + 3;
            float[] a = RandomFloats.Uniform(1, (ta ? K : M) * lda), b = RandomFloats.Uniform(2, (tb ? N : K) * ldb), c = RandomFloats.Uniform(3, M * ldc);
            float[] before = [.. c];
            DenseLinearAlgebra.Gemm(ta, tb, M, N, K, 0.5f, a, lda, b, ldb, -2f, c, ldc, device: family.Device);
            (double[] product, double[] magnitude) = Matrices.Multiply(M, N, K, ta, tb, a, lda, b, ldb);
            for (int i = 0; i < c.Length; i++)
            {
                (int row, int column) = Math.DivRem(i, ldc);
                if (column >= N)
                {
                    Assert.Equal(before[i], c[i]);
                    continue;
                }
                double expected = (0.5 * product[(row * N) + column]) - (2.0 * before[i]);
                // K products, then the sum with βC.
                Assert.Equal(expected, c[i], Tolerance.Gamma(K + 2) * (magnitude[(row * N) + column] + 2));
            }
        }
    }

    [Fact]
    public void SyrkWritesTheLowerTriangle()
    {
        float[] a = RandomFloats.Uniform(1, 6 * 4), c = RandomFloats.Filled(36, float.NaN);
        DenseLinearAlgebra.Syrk(false, 6, 4, 1f, a, 4, 0f, c, 6, device: family.Device);
        (double[] product, double[] magnitude) = Matrices.Multiply(6, 6, 4, false, true, a, 4, a, 4);
        for (int i = 0; i < 36; i++)
        {
            if (i % 6 > i / 6) Assert.True(float.IsNaN(c[i]));
            else Assert.Equal(product[i], c[i], Tolerance.Gamma(5) * magnitude[i]);
        }
    }

    [Fact]
    public void FactorSolveAndInvert()
    {
        // A = [[4, 2], [2, 5]] = L·Lᵀ with L = [[2, 0], [1, 2]]; A⁻¹ = [[5, −2], [−2, 4]] / 16. All of it is exact.
        double[] a = [4, double.NaN, 2, 5];
        DenseLinearAlgebra.Potrf(2, a, 2, device: family.Device);
        Assert.Equal([2, double.NaN, 1, 2], a);
        double[] b = [8, 9];
        DenseLinearAlgebra.Potrs(2, a, 2, 1, b, 1, device: family.Device);
        Assert.Equal([22.0 / 16, 20.0 / 16], b);
        DenseLinearAlgebra.Potri(2, a, 2, device: family.Device);
        Assert.Equal([5.0 / 16, -2.0 / 16, -2.0 / 16, 4.0 / 16], a);
    }

    [Fact]
    public void SymmetricEigenReadsTheLowerTriangle()
    {
        // A = [[2, 1], [1, 2]]: values 1 and 3, vectors (1, −1)/√2 and (1, 1)/√2; of magnitudes that may differ by a rounding the larger is positive.
        double[] a = [2, double.NaN, 1, 2], values = new double[2], vectors = new double[4];
        DenseLinearAlgebra.SymmetricEigen(a, 2, values, vectors, device: family.Device);
        double root = Math.Sqrt(0.5), sign = Math.Sign(vectors[0]);
        Assert.Equal([2, double.NaN, 1, 2], a);
        // Some roundings of numbers near 1.
        Assert.Equal(1, values[0], 1e-15);
        Assert.Equal(3, values[1], 1e-15);
        foreach ((double expected, double actual) in new[] { sign * root, -sign * root, root, root }.Zip(vectors)) Assert.Equal(expected, actual, 1e-15);
        double[] again = new double[2];
        DenseLinearAlgebra.SymmetricEigen(a, 2, again, a, device: family.Device);
        Assert.Equal(values, again);
        Assert.Equal(vectors, a);
    }

    [Fact]
    public void EmptyMatricesAreNothingToDo()
    {
        DenseLinearAlgebra.Gemm(false, false, 0, 0, 0, 1, [], 0, [], 0, 0, [], 0, device: family.Device);
        DenseLinearAlgebra.Potrf(0, [], 0, device: family.Device);
        DenseLinearAlgebra.Potri(0, [], 0, device: family.Device);
        DenseLinearAlgebra.SymmetricEigen([], 0, [], [], device: family.Device);
        DenseLinearAlgebra.Potrs(0, [], 0, 3, [], 3, device: family.Device);
        float[] c = [1, 2, 3, 4];
        DenseLinearAlgebra.Gemm(false, false, 2, 2, 0, 1, [], 0, [], 2, 0.5f, c, 2, device: family.Device);
        Assert.Equal([0.5f, 1, 1.5f, 2], c);
    }

    [Fact]
    public void AFailureNamesMatrixOrderPivotAndDamping()
    {
        double[] a = new double[576 * 576];
        for (int i = 0; i < 576; i++) a[(i * 576) + i] = i == 12 ? -1 : 1;
        var failure = Assert.Throws<NotPositiveDefiniteException>(
            () => DenseLinearAlgebra.Potrf(576, a, 576, "Factor A of layer 'conv1'", 1e-8, device: family.Device));
        Assert.Equal("Factor A of layer 'conv1' (n = 576) is not positive definite: pivot 12 at damping 1e-08.", failure.Message);
        Assert.Equal("Factor A of layer 'conv1'", failure.Name);
        Assert.Equal((576, 12, 1e-8), (failure.Order, failure.Pivot, failure.Damping));

        failure = Assert.Throws<NotPositiveDefiniteException>(() => DenseLinearAlgebra.Potrf(1, new double[1], 1, device: family.Device));
        Assert.Equal("Matrix a (n = 1) is not positive definite: pivot 0.", failure.Message);
        Assert.Null(failure.Damping);
    }
}

public sealed class DenseLinearAlgebraTestsOnCpu() : DenseLinearAlgebraTests(KernelFamily.Cpu);

public sealed class DenseLinearAlgebraTestsOnGpu() : DenseLinearAlgebraTests(KernelFamily.Gpu);
