namespace GracefulKernels.Tests;

public class DenseLinearAlgebraTests
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
            DenseLinearAlgebra.Gemm(ta, tb, M, N, K, 0.5f, a, lda, b, ldb, -2f, c, ldc);
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
        DenseLinearAlgebra.Syrk(false, 6, 4, 1f, a, 4, 0f, c, 6);
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
        DenseLinearAlgebra.Potrf(2, a, 2);
        Assert.Equal([2, double.NaN, 1, 2], a);
        double[] b = [8, 9];
        DenseLinearAlgebra.Potrs(2, a, 2, 1, b, 1);
        Assert.Equal([22.0 / 16, 20.0 / 16], b);
        DenseLinearAlgebra.Potri(2, a, 2);
        Assert.Equal([5.0 / 16, -2.0 / 16, -2.0 / 16, 4.0 / 16], a);
    }

    [Fact]
    public void EmptyMatricesAreNothingToDo()
    {
        DenseLinearAlgebra.Gemm(false, false, 0, 0, 0, 1, [], 0, [], 0, 0, [], 0);
        DenseLinearAlgebra.Potrf(0, [], 0);
        DenseLinearAlgebra.Potri(0, [], 0);
        DenseLinearAlgebra.Potrs(0, [], 0, 3, [], 3);
        float[] c = [1, 2, 3, 4];
        DenseLinearAlgebra.Gemm(false, false, 2, 2, 0, 1, [], 0, [], 2, 0.5f, c, 2);
        Assert.Equal([0.5f, 1, 1.5f, 2], c);
    }

    [Fact]
    public void AFailureNamesMatrixOrderPivotAndDamping()
    {
        double[] a = new double[576 * 576];
        for (int i = 0; i < 576; i++) a[(i * 576) + i] = i == 12 ? -1 : 1;
        var failure = Assert.Throws<NotPositiveDefiniteException>(
            () => DenseLinearAlgebra.Potrf(576, a, 576, "Factor A of layer 'conv1'", 1e-8));
        Assert.Equal("Factor A of layer 'conv1' (n = 576) is not positive definite: pivot 12 at damping 1e-08.", failure.Message);
        Assert.Equal("Factor A of layer 'conv1'", failure.Name);
        Assert.Equal((576, 12, 1e-8), (failure.Order, failure.Pivot, failure.Damping));

        failure = Assert.Throws<NotPositiveDefiniteException>(() => DenseLinearAlgebra.Potrf(1, new double[1], 1));
        Assert.Equal("Matrix a (n = 1) is not positive definite: pivot 0.", failure.Message);
        Assert.Null(failure.Damping);
    }

    [Fact]
    public void WrongShapesAreRefusedBeforeAnythingIsWritten()
    {
        float[] c = RandomFloats.Filled(12, 7);
        Refuses("a", "a is [11]; expected [3 × 4] with rows 4 apart, 12 elements.", () => DenseLinearAlgebra.Gemm(false, false, 3, 4, 4, 1, new float[11], 4, new float[16], 4, 0, c, 4));
        Refuses("a", "a is [11]; expected [4 × 3] with rows 3 apart, 12 elements.", () => DenseLinearAlgebra.Gemm(true, false, 3, 4, 4, 1, new float[11], 3, new float[16], 4, 0, c, 4));
        Refuses("b", "b is [15]; expected [4 × 4] with rows 4 apart, 16 elements.", () => DenseLinearAlgebra.Gemm(false, false, 3, 4, 4, 1, new float[12], 4, new float[15], 4, 0, c, 4));
        Refuses("c", "c is [12]; expected [3 × 4] with rows 5 apart, 14 elements.", () => DenseLinearAlgebra.Gemm(false, false, 3, 4, 4, 1, new float[12], 4, new float[16], 4, 0, c, 5));
        Refuses("c", "c overlaps b.", () => DenseLinearAlgebra.Gemm(false, false, 3, 4, 3, 1, new float[9], 3, c, 4, 0, c, 4));
        Refuses("c", "c overlaps a.", () => DenseLinearAlgebra.Syrk(true, 2, 2, 1, c, 2, 0, c.AsSpan(2), 2));
        OutOfRange("ldb", "ldb is 3; expected at least 4, the columns of b [4 × 4].", () => DenseLinearAlgebra.Gemm(false, false, 3, 4, 4, 1, new float[12], 4, new float[16], 3, 0, c, 4));
        OutOfRange("k", "('-1') must be a non-negative value.", () => DenseLinearAlgebra.Gemm(false, false, 3, 4, -1, 1, [], 4, [], 4, 0, c, 4));
        Assert.All(c, v => Assert.Equal(7, v));
    }

    [Fact]
    public void WrongFactorsAreRefused()
    {
        Refuses("a", "a is [3]; expected [2 × 2] with rows 2 apart, 4 elements.", () => DenseLinearAlgebra.Potrf(2, new double[3], 2));
        OutOfRange("lda", "lda is 1; expected at least 2, the columns of a [2 × 2].", () => DenseLinearAlgebra.Potrf(2, new double[4], 1));
        OutOfRange("n", "('-1') must be a non-negative value.", () => DenseLinearAlgebra.Potri(-1, [], 0));
        Refuses("a", "a[1, 1] is 0; a Cholesky factor [2 × 2] has a positive diagonal.", () => DenseLinearAlgebra.Potri(2, new double[] { 1, 0, 0, 0 }, 2));
        Refuses("a", "a[0, 0] is NaN; a Cholesky factor [1 × 1] has a positive diagonal.", () => DenseLinearAlgebra.Potrs(1, [double.NaN], 1, 1, new double[1], 1));
        Refuses("b", "b is [5]; expected [2 × 3] with rows 3 apart, 6 elements.", () => DenseLinearAlgebra.Potrs(2, [1, 0, 0, 1], 2, 3, new double[5], 3));
        double[] both = [1, 0, 0, 1];
        Refuses("b", "b overlaps a.", () => DenseLinearAlgebra.Potrs(2, both, 2, 1, both.AsSpan(2), 1));
    }

    private static void Refuses(string parameter, string message, Action call)
    {
        var e = Assert.Throws<ArgumentException>(call);
        Assert.Equal(parameter, e.ParamName);
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    private static void OutOfRange(string parameter, string message, Action call)
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(call);
        Assert.Equal(parameter, e.ParamName);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
