using System.Numerics.Tensors;

namespace GracefulKernels.Tests.Interop;

/// <summary>
/// Matrices whose last element is more than 2³¹ elements behind the first: rows so far apart that few pages of them are ever touched. The last row is the only one that is not zero, so an
/// index that wrapped around would not find it.
/// </summary>
public sealed unsafe class ManyElementsTests : IDisposable
{
    private const int ReadWrite = 3, PrivateAnonymousNoReserve = 0x4022, Rows = 70_000, Columns = 3, Ld = 40_000;

    private const ulong Bytes = sizeof(float) * (ulong)Rows * Ld;

    private readonly float* _memory = (float*)Pages.Mmap(null, unchecked((nuint)Bytes), ReadWrite, PrivateAnonymousNoReserve, -1, 0);
    private readonly int[] _labels = new int[Rows];

    public ManyElementsTests()
    {
        Assert.SkipWhen(_memory == (float*)-1, "this machine promises no address space that has no memory behind it");
        float* last = _memory + ((long)(Rows - 1) * Ld);
        (last[0], last[1], last[2]) = (0, 1, 4);
    }

    private ReadOnlyTensorSpan<float> Matrix => ForeignTensor.AsReadOnly(_memory, [Rows, Columns], [Ld, 1]);

    private ReadOnlyTensorSpan<float> Zeros => new(new float[Rows * Columns], [Rows, Columns]);

    [Fact]
    public void FlipsAndLossesReachTheLastRow()
    {
        Assert.Equal(1, FlipCounts.FromLogits(Zeros, Matrix, _labels).NegativeFlips);
        Assert.Equal(1, FlipCounts.FromLogits(Matrix, Zeros, _labels).PositiveFlips);
        float[] values = new float[Rows];
        CongruenceLoss.Evaluate(Matrix, default, _labels, new() { Distance = CongruenceDistance.None }, perSample: new TensorSpan<float>(values));
        Assert.Equal(Math.Log(3), values[0], 1e-6);
        Assert.Equal(Math.Log(1 + Math.E + Math.Exp(4)), values[^1], 1e-5);
    }

    [Fact]
    public void ProductsReachTheLastRow()
    {
        float[] product = new float[Rows];
        DenseLinearAlgebra.Gemm(1, Matrix, new ReadOnlyTensorSpan<float>(new float[] { 1, 10, 100 }, [3, 1]), 0, new TensorSpan<float>(product, [Rows, 1]));
        Assert.Equal((0, 410), (product[^2], product[^1]));
        float[] gram = new float[9];
        DenseLinearAlgebra.Syrk(1, ForeignTensor.AsReadOnly(_memory, [Columns, Rows], [1, Ld]), 0, new TensorSpan<float>(gram, [3, 3]));
        Assert.Equal([0, 0, 0, 0, 1, 0, 0, 4, 16], gram);
    }

    [Fact]
    public void LinearCrossEntropyReachesTheLastRow()
    {
        float[] values = new float[Rows], weight = [1, 0, 0, 0, 1, 0, 0, 0, 1];
        LinearCrossEntropy.Evaluate(Matrix, _labels, new ReadOnlyTensorSpan<float>(weight, [3, 3]), perSample: new TensorSpan<float>(values));
        Assert.Equal(Math.Log(1 + Math.E + Math.Exp(4)), values[^1], 1e-5);
    }

    [Fact]
    public void ASearchReachesTheLastRow()
    {
        int[] indices = new int[2];
        float[] scores = new float[2];
        GallerySearch.TopK(new ReadOnlyTensorSpan<float>(new float[] { 0, 0, 2 }, [1, 3]), Matrix, new TensorSpan<int>(indices, [1, 2]), new TensorSpan<float>(scores, [1, 2]));
        Assert.Equal([Rows - 1, 0], indices);
        Assert.Equal([8, 0], scores);
    }

    public void Dispose()
    {
        if (_memory != (float*)-1) _ = Pages.Munmap(_memory, unchecked((nuint)Bytes));
    }
}
