using System.Numerics.Tensors;

namespace GracefulKernels.Tests.Interop;

/// <summary>
/// Operations over tensor spans give the bits of the same operations over spans, on memory that ends at a page that may not be touched, and write to the caller's addresses and nowhere else.
/// </summary>
public abstract unsafe class TensorSpanTests(KernelFamily family)
{
    private const int Rows = 37, Classes = 10;

    private static readonly float[] New = RandomFloats.Uniform(1, Rows * Classes), Old = RandomFloats.Uniform(2, Rows * Classes);
    private static readonly int[] Labels = [.. Enumerable.Range(0, Rows).Select(i => i % 9 == 4 ? -100 : i * 7 % Classes)];

    [Theory]
    [InlineData(10, false)]
    [InlineData(16, false)]
    [InlineData(23, true)]
    public void CongruenceLossReadsRowsWithGapsWhereTheyLie(int ld, bool guardBefore)
    {
        using PaddedMatrix z = new(New, Rows, Classes, ld, guardBefore), old = new(Old, Rows, Classes, ld + 3, guardBefore), g = new([], Rows, Classes, Classes, guardBefore);
        using GuardedBuffer<int> y = new(Labels, guardBefore), newPredictions = new(Rows, guardBefore), oldPredictions = new(Rows, guardBefore);
        using var values = new GuardedBuffer<float>(Rows, guardBefore);
        float[] gradient = new float[Rows * Classes], perSample = new float[Rows];
        int[] news = new int[Rows], olds = new int[Rows];
        CongruenceResult expected = CongruenceLoss.Evaluate(New, Old, Labels, Classes, null, gradient, perSample, news, olds, family.Device);
        CongruenceResult actual = CongruenceLoss.Evaluate(
            z.ReadOnly, old.ReadOnly, Vector(y), null, g.Tensor, Vector(values), Vector(newPredictions), Vector(oldPredictions), family.Device);
        Assert.Equal(expected, actual);
        Everywhere.AssertSame<float>(gradient, g.Values(), "gradient");
        Everywhere.AssertSame<float>(perSample, values.Span, "values");
        Assert.Equal(news, newPredictions.Span.ToArray());
        Assert.Equal(olds, oldPredictions.Span.ToArray());
    }

    [Fact]
    public void CongruenceLossOfOtherClassesReadsRowsWithGaps()
    {
        // Old classes 0 to 7, of which two are gone; the shared ones follow each other in neither model.
        int[] newOfOld = [3, 1, -1, 0, 9, 4, -1, 7];
        var map = new ClassMap(newOfOld, Classes);
        float[] old = RandomFloats.Uniform(3, Rows * newOfOld.Length), gradient = new float[Rows * Classes], gradientHere = new float[Rows * Classes];
        using PaddedMatrix z = new(New, Rows, Classes, 13), oldHere = new(old, Rows, newOfOld.Length, 11);
        CongruenceResult expected = CongruenceLoss.Evaluate(New, old, Labels, Classes, null, gradient, device: family.Device, classMap: map);
        CongruenceResult actual = CongruenceLoss.Evaluate(
            z.ReadOnly, oldHere.ReadOnly, Labels, null, new TensorSpan<float>(gradientHere, [Rows, Classes]), device: family.Device, classMap: map);
        Assert.Equal(expected, actual);
        Everywhere.AssertSame<float>(gradient, gradientHere, "gradient");
    }

    [Fact]
    public void TheGradientMayTakeTheLogitsPlaceInForeignMemory()
    {
        float[] gradient = new float[Rows * Classes];
        CongruenceLoss.Evaluate(New, Old, Labels, Classes, gradient: gradient, device: family.Device);
        using var z = new PaddedMatrix(New, Rows, Classes, Classes);
        CongruenceLoss.Evaluate(z.ReadOnly, new ReadOnlyTensorSpan<float>(Old, [Rows, Classes]), Labels, gradient: z.Tensor, device: family.Device);
        Everywhere.AssertSame<float>(gradient, z.Values(), "in place");
    }

    [Fact]
    public void FlipsAreThoseOfSpans()
    {
        using PaddedMatrix z = new(New, Rows, Classes, 12), old = new(Old, Rows, Classes, 15);
        Assert.Equal(FlipCounts.FromLogits(Old, New, Labels, Classes, device: family.Device), FlipCounts.FromLogits(old.ReadOnly, z.ReadOnly, Labels, family.Device));
        Assert.Equal(FlipCounts.PerClassFromLogits(Old, New, Labels, Classes, device: family.Device), FlipCounts.PerClassFromLogits(old.ReadOnly, z.ReadOnly, Labels, family.Device));
        // Three models, each behind a gap of its own.
        const int Ld = 50;
        int[] predictions = [.. Enumerable.Range(0, 3 * Rows).Select(i => i * 11 % Classes)];
        using var padded = new GuardedBuffer<int>((2 * Ld) + Rows);
        for (int m = 0; m < 3; m++) predictions.AsSpan(m * Rows, Rows).CopyTo(padded.Span[(m * Ld)..]);
        PairwiseFlips expected = PairwiseFlips.FromPredictions(predictions, 3, Labels, Classes, device: family.Device);
        PairwiseFlips actual = PairwiseFlips.FromPredictions(ForeignTensor.AsReadOnly(padded.Pointer, [3, Rows], [Ld, 1]), Labels, Classes, device: family.Device);
        for (int a = 0; a < 3; a++)
        {
            for (int b = 0; b < 3; b++) Assert.Equal(expected.Pair(a, b), actual.Pair(a, b));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LinearCrossEntropyIsThatOfSpans(bool adds)
    {
        const int Features = 7;
        float[] e = RandomFloats.Uniform(4, Rows * Features), w = RandomFloats.Uniform(5, Classes * Features), b = RandomFloats.Uniform(6, Classes);
        LinearCrossEntropyOptions options = new() { AddToGradients = adds };
        float[] de = [.. e], dw = [.. w], db = [.. b], perSample = new float[Rows];
        LinearCrossEntropyResult expected = LinearCrossEntropy.Evaluate(e, Labels, new ClassifierHead(w, b, Classes, Features), options, de, dw, db, perSample, family.Device);
        using PaddedMatrix eHere = new(e, Rows, Features, 9), wHere = new(w, Classes, Features, 8), deHere = new(e, Rows, Features, 12), dwHere = new(w, Classes, Features, 10);
        using GuardedBuffer<float> bHere = new(b), dbHere = new(b), values = new(Rows);
        LinearCrossEntropyResult actual = LinearCrossEntropy.Evaluate(
            eHere.ReadOnly, Labels, wHere.ReadOnly, Vector(bHere), options, deHere.Tensor, dwHere.Tensor, Vector(dbHere), Vector(values), family.Device);
        Assert.Equal(expected, actual);
        Everywhere.AssertSame<float>(de, deHere.Values(), "dE");
        Everywhere.AssertSame<float>(dw, dwHere.Values(), "dW");
        Everywhere.AssertSame<float>(db, dbHere.Span, "db");
        Everywhere.AssertSame<float>(perSample, values.Span, "values");
    }

    /// <summary>All ways to store the three matrices; a C that is stored as its transpose is the product of transposes.</summary>
    [Fact]
    public void AProductRespectsEveryStride()
    {
        const int M = 19, N = 23, K = 31;
        float[] a = RandomFloats.Small(7, M * K), b = RandomFloats.Small(8, K * N), c = RandomFloats.Small(9, M * N), expected = [.. c];
        // Small whole numbers: every order of summation is exact.
        DenseLinearAlgebra.Gemm(false, false, M, N, K, 2, a, K, b, N, 3, expected, N, family.Device);
        for (int stored = 0; stored < 8; stored++)
        {
            bool ta = (stored & 1) != 0, tb = (stored & 2) != 0, tc = (stored & 4) != 0;
            using PaddedMatrix aHere = Stored(a, M, K, ta, 40), bHere = Stored(b, K, N, tb, 41), cHere = Stored(c, M, N, tc, 42);
            ReadOnlyTensorSpan<float> left = ta ? aHere.Transposed : aHere.Tensor, right = tb ? bHere.Transposed : bHere.Tensor;
            TensorSpan<float> product = tc ? cHere.Transposed : cHere.Tensor;
            DenseLinearAlgebra.Gemm(2, left, right, 3, product, family.Device);
            float[] found = cHere.Values();
            Assert.Equal(expected, tc ? Transpose(found, N, M) : found);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ASymmetricProductRespectsStrides(bool transposed)
    {
        const int N = 21, K = 13;
        float[] a = RandomFloats.Small(10, N * K), expected = RandomFloats.Filled(N * N, 5);
        DenseLinearAlgebra.Syrk(false, N, K, 1, a, K, 2, expected, N, family.Device);
        using PaddedMatrix aHere = Stored(a, N, K, transposed, 30), c = new(RandomFloats.Filled(N * N, 5), N, N, 24);
        DenseLinearAlgebra.Syrk(1, transposed ? aHere.Transposed : aHere.Tensor, 2, c.Tensor, family.Device);
        Assert.Equal(expected, c.Values());
    }

    [Theory]
    [InlineData(5, 300, 33, 36, 4)]
    [InlineData(3, 5000, 8, 512, 20)]
    [InlineData(1, 1, 3, 3, 2)]
    public void ASearchReadsAGalleryWithGaps(int queries, int gallery, int width, int ld, int k)
    {
        float[] q = RandomFloats.Small(11, queries * width), x = RandomFloats.Small(12, gallery * width), offsets = RandomFloats.Small(13, gallery);
        int[] exclude = [.. Enumerable.Range(0, queries).Select(i => (i * 3 % (gallery + 1)) - 1)];
        (int[] expected, double[] scores) = TopKReference.Of(q, x, offsets, exclude, width, k);
        using PaddedMatrix qHere = new(q, queries, width, width + 5), xHere = new(x, gallery, width, ld);
        using var indices = new GuardedBuffer<int>(queries * k);
        using var found = new PaddedMatrix([], queries, k, k);
        foreach (ComputeDevice device in family.Devices)
        {
            GallerySearch.TopK(
                qHere.ReadOnly, xHere.ReadOnly, ForeignTensor.AsWritable(indices.Pointer, [queries, k]), found.Tensor, offsets, exclude, device);
            Assert.Equal(expected, indices.Span.ToArray());
            Assert.Equal(scores, found.Values().Select(s => (double)s));
        }
    }

    private static PaddedMatrix Stored(float[] values, int rows, int columns, bool transposed, int ld)
        => transposed ? new(Transpose(values, rows, columns), columns, rows, ld) : new(values, rows, columns, ld);

    private static float[] Transpose(float[] values, int rows, int columns)
    {
        float[] turned = new float[values.Length];
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++) turned[(c * rows) + r] = values[(r * columns) + c];
        }
        return turned;
    }

    private static TensorSpan<T> Vector<T>(GuardedBuffer<T> buffer) where T : unmanaged => ForeignTensor.AsWritable(buffer.Pointer, [(nint)buffer.Length]);
}

public sealed class TensorSpanTestsOnCpu() : TensorSpanTests(KernelFamily.Cpu);

public sealed class TensorSpanTestsOnGpu() : TensorSpanTests(KernelFamily.Gpu);
