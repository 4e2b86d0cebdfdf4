using System.Numerics.Tensors;

namespace GracefulKernels.Tests.Interop;

/// <summary>What cannot be computed where it lies is refused by name, with lengths and strides, before memory is touched; what can be is not.</summary>
public sealed unsafe class TensorRefusalTests
{
    private static readonly float[] Memory = new float[400];
    private static readonly int[] Labels = [0, 1, 2, 0];

    [Fact]
    public void StridesThatKernelsCannotFollowAreRefused()
    {
        float[] outputs = RandomFloats.Filled(16, 7);
        Refused("newLogits", "newLogits is [4 × 3] with the strides [1, 4]; expected 1 from a column to the next",
            () => CongruenceLoss.Evaluate(Of([4, 3], [1, 4]), default, Labels, Base()));
        Refused("newLogits", "[4 × 3] with the strides [6, 2]", () => CongruenceLoss.Evaluate(Of([4, 3], [6, 2]), default, Labels, Base()));
        Refused("oldLogits", "oldLogits is [4 × 3] with the strides [0, 1]; expected at least 3 from a row to the next: rows must not overlap",
            () => FlipCounts.FromLogits(Of([4, 3], [0, 1]), Of([4, 3], [3, 1]), Labels));
        Refused("labels", "labels is [4] with the strides [2]; expected 1", () => FlipCounts.FromLogits(Of([4, 3], [3, 1]), Of([4, 3], [3, 1]), new ReadOnlyTensorSpan<int>(new int[8], [4], [2])));
        Refused("gradient", "gradient is [4 × 3] with rows 5 elements apart; expected 3", () => CongruenceLoss.Evaluate(
            Of([4, 3], [3, 1]), Of([4, 2], [2, 1]), Labels, gradient: new TensorSpan<float>(new float[30], [4, 3], [5, 1]), classMap: new ClassMap([2, 0], 3)));
        Refused("newLogits", "newLogits is [2 × 2 × 3] with 3 dimensions; expected a matrix, 2.", () => CongruenceLoss.Evaluate(Of([2, 2, 3], [6, 3, 1]), default, Labels, Base()));
        Refused("a", "a is [4 × 3] with the strides [8, 2]; expected 1 in one of both dimensions", () => DenseLinearAlgebra.Gemm(1, Of([4, 3], [8, 2]), Of([3, 4], [4, 1]), 0, Out(outputs, 4, 4)));
        Refused("a", "expected at least 4 from a column to the next", () => DenseLinearAlgebra.Gemm(1, Of([4, 3], [1, 0]), Of([3, 4], [4, 1]), 0, Out(outputs, 4, 4)));
        Refused("c", "c is [4 × 4] with the strides [1, 4]", () => DenseLinearAlgebra.Syrk(1, Of([4, 3], [3, 1]), 0, new TensorSpan<float>(outputs, [4, 4], [1, 4])));
        Refused("gallery", "[4 × 3] with the strides [1, 4]", () => GallerySearch.TopK(Of([2, 3], [3, 1]), Of([4, 3], [1, 4]), new TensorSpan<int>(new int[4], [2, 2]), Out(outputs, 2, 2)));
        Refused("scores", "scores is [2 × 2] with rows 4 elements apart; expected 2",
            () => GallerySearch.TopK(Of([2, 3], [3, 1]), Of([4, 3], [3, 1]), new TensorSpan<int>(new int[4], [2, 2]), new TensorSpan<float>(outputs, [2, 2], [4, 1])));
        Refused("bias", "bias is [3] with the strides [2]", () => LinearCrossEntropy.Evaluate(Of([4, 2], [2, 1]), Labels, Of([3, 2], [2, 1]), Of([3], [2])));
        Assert.All(outputs, v => Assert.Equal(7, v));
    }

    [Fact]
    public void ShapesThatDoNotFitAreRefused()
    {
        float[] outputs = new float[64];
        Refused("oldLogits", "oldLogits is [4 × 5]; expected [4 × 3] (rows = labels.Length).", () => CongruenceLoss.Evaluate(Of([4, 3], [3, 1]), Of([4, 5], [5, 1]), Labels));
        Refused("newLogits", "newLogits is [3 × 3]; expected [4 × 3]", () => FlipCounts.FromLogits(Of([4, 3], [3, 1]), Of([3, 3], [3, 1]), Labels));
        Refused("a", "a is [4 × 3], b [4 × 4] and c [4 × 4]; expected [m × k], [k × n] and [m × n].", () => DenseLinearAlgebra.Gemm(1, Of([4, 3], [3, 1]), Of([4, 4], [4, 1]), 0, Out(outputs, 4, 4)));
        Refused("a", "a is [] with 0 dimensions", () => DenseLinearAlgebra.Gemm(1, default, Of([4, 4], [4, 1]), 0, Out(outputs, 4, 4)));
        Refused("predictions", "predictions is [2 × 3]; expected [2 × 4]", () => PairwiseFlips.FromPredictions(new ReadOnlyTensorSpan<int>(new int[6], [2, 3]), Labels, 3));
        Refused("embeddings", "embeddings is [4 × 5]; expected [4 × 2]", () => LinearCrossEntropy.Evaluate(Of([4, 5], [5, 1]), Labels, Of([3, 2], [2, 1])));
        Refused("queries", "queries is [2 × 3]; expected [2 × 5] (of the gallery's width).",
            () => GallerySearch.TopK(Of([2, 3], [3, 1]), Of([4, 5], [5, 1]), new TensorSpan<int>(new int[4], [2, 2]), Out(outputs, 2, 2)));
        Assert.Equal("classes", Assert.Throws<ArgumentOutOfRangeException>(() => CongruenceLoss.Evaluate(default, default, Labels)).ParamName);
        Assert.Equal("exclude", Assert.Throws<ArgumentOutOfRangeException>(
            () => GallerySearch.TopK(Of([2, 3], [3, 1]), Of([4, 3], [3, 1]), new TensorSpan<int>(new int[4], [2, 2]), Out(outputs, 2, 2), exclude: new[] { 0, 4 })).ParamName);
        Assert.Equal("k", Assert.Throws<ArgumentOutOfRangeException>(
            () => GallerySearch.TopK(Of([2, 3], [3, 1]), Of([4, 3], [3, 1]), new TensorSpan<int>(new int[4098], [2, 2049]), Out(new float[4098], 2, 2049))).ParamName);
    }

    [Fact]
    public void OutputsThatShareAnElementWithAnythingAreRefused()
    {
        float[] m = new float[100];
        TensorSpan<float> All(int first, int rows, int columns, int ld) => new(m, first, [rows, columns], [rows > 1 ? ld : 0, 1]);
        Refused("c", "c overlaps a.", () => DenseLinearAlgebra.Gemm(1, All(0, 4, 3, 10), Of([3, 4], [4, 1]), 0, All(2, 4, 4, 10)));
        // The last column of one wraps into the first of the other's next row.
        Refused("c", "c overlaps a.", () => DenseLinearAlgebra.Gemm(1, All(0, 4, 3, 10), Of([3, 4], [4, 1]), 0, All(7, 4, 4, 10)));
        Refused("c", "c overlaps b.", () => DenseLinearAlgebra.Gemm(1, Of([4, 3], [3, 1]), All(3, 3, 4, 4), 0, All(6, 4, 4, 10)));
        // Columns beside each other in the same rows share nothing.
        DenseLinearAlgebra.Gemm(1, All(0, 4, 3, 10), Of([3, 4], [4, 1]), 0, All(3, 4, 4, 10));
        Refused("perSample", "perSample overlaps gradient.", () => CongruenceLoss.Evaluate(Of([4, 3], [3, 1]), default, Labels, Base(), All(0, 4, 3, 3), new TensorSpan<float>(m, 11, [4], [1])));
        Refused("gradient", "gradient overlaps newLogits without being the same memory.", () => CongruenceLoss.Evaluate(All(0, 4, 3, 4), default, Labels, Base(), All(0, 4, 3, 3)));
        Refused("weightGradient", "weightGradient overlaps a head's weight.", () => LinearCrossEntropy.Evaluate(Of([4, 2], [2, 1]), Labels, All(0, 3, 2, 4), weightGradient: All(5, 3, 2, 2)));
        fixed (float* p = m)
        {
            nint address = (nint)p;
            // One memory, two types.
            Refused("scores", "scores overlaps exclude.", () => GallerySearch.TopK(
                Of([2, 3], [3, 1]), Of([4, 3], [3, 1]), new TensorSpan<int>(new int[4], [2, 2]), ForeignTensor.AsWritable((float*)address, [2, 2]), exclude: ForeignTensor.AsReadOnly((int*)address + 3, [2])));
        }
    }

    /// <summary>Views kept to slices that any owner can make: of tensors, of parts, transposed.</summary>
    [Fact]
    public void TensorsAndTheirSlicesConvert()
    {
        Tensor<float> logits = Tensor.Create([.. RandomFloats.Uniform(1, 60)], [6, 10]);
        float[] values = [.. RandomFloats.Uniform(1, 60)];
        ReadOnlyTensorSpan<float> part = logits.AsReadOnlyTensorSpan().Slice(1..5, 2..5);
        float[] copied = [.. Enumerable.Range(1, 4).SelectMany(r => values[((r * 10) + 2)..((r * 10) + 5)])];
        Assert.Equal(FlipCounts.FromLogits(copied, copied, Labels, 3), FlipCounts.FromLogits(part, part, Labels));
        Tensor<int> labels = Tensor.Create([0, 1, 2, 0, 1, 2], [6]);
        Assert.Equal(6, CongruenceLoss.Evaluate(logits, logits, labels).ValidRows);
        float[] gram = new float[100];
        DenseLinearAlgebra.Syrk(1, Tensor.Transpose(logits), 0, new TensorSpan<float>(gram, [10, 10]));
        float[] expected = new float[100];
        DenseLinearAlgebra.Syrk(true, 10, 6, 1, values, 10, 0, expected, 10);
        Assert.Equal(expected, gram);
    }

    private static CongruenceOptions Base() => new() { Distance = CongruenceDistance.None };

    private static ReadOnlyTensorSpan<float> Of(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides) => new(Memory, lengths, strides);

    private static TensorSpan<float> Out(float[] memory, int rows, int columns) => new(memory, [rows, columns]);

    private static void Refused(string name, string text, Action act)
    {
        ArgumentException e = Assert.ThrowsAny<ArgumentException>(act);
        Assert.Contains(text, e.Message, StringComparison.Ordinal);
        Assert.Equal(name, e.ParamName);
    }
}
