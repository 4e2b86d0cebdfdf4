namespace GracefulKernels.Tests;

/// <summary>Shapes and factors that dense linear algebra refuses.</summary>
public class DenseArgumentTests
{
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

    [Fact]
    public void WrongSymmetricMatricesAreRefused()
    {
        double[] values = new double[2], vectors = [7, 7, 7, 7], memory = new double[6];
        Refuses("a", "a is [3]; expected [2 × 2] (a symmetric matrix).", () => DenseLinearAlgebra.SymmetricEigen(new double[3], 2, values, vectors));
        Refuses("values", "values is [1]; expected [2] (one for each row of a).", () => DenseLinearAlgebra.SymmetricEigen(new double[4], 2, new double[1], vectors));
        Refuses("vectors", "vectors is [3 × 2]; expected [2 × 2] (a vector a row).", () => DenseLinearAlgebra.SymmetricEigen(new double[4], 2, values, new double[6]));
        OutOfRange("n", "('-1') must be a non-negative value.", () => DenseLinearAlgebra.SymmetricEigen([], -1, [], []));
        Refuses("a", "a[1, 0] is NaN; every element must be finite.", () => DenseLinearAlgebra.SymmetricEigen([1, 0, double.NaN, 1], 2, values, vectors));
        Refuses("a", "a[1, 1] is -", () => DenseLinearAlgebra.SymmetricEigen([1, 0, 0, double.NegativeInfinity], 2, values, vectors));
        Refuses("vectors", "vectors overlaps a.", () => DenseLinearAlgebra.SymmetricEigen(memory.AsSpan(0, 4), 2, values, memory.AsSpan(2)));
        Refuses("values", "values overlaps a.", () => DenseLinearAlgebra.SymmetricEigen(memory.AsSpan(0, 4), 2, memory.AsSpan(3, 2), vectors));
        Refuses("vectors", "vectors overlaps values.", () => DenseLinearAlgebra.SymmetricEigen(new double[4], 2, memory.AsSpan(3, 2), memory.AsSpan(0, 4)));
        Assert.All(vectors, v => Assert.Equal(7, v));
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
