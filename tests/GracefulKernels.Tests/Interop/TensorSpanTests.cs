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

    /// <summary>Few classes and many, whose kernels lie rows in the lanes in different ways; gradients with and without gaps, of which the kernels write some past the caches.</summary>
    [Theory]
    [InlineData(37, 10, 10, 0, false)]
    [InlineData(37, 10, 16, 5, false)]
    [InlineData(37, 10, 23, 0, true)]
    [InlineData(37, 16, 16, 16, true)]
    [InlineData(9, 300, 300, 4, false)]
    [InlineData(9, 1004, 1013, 3, true)]
    [InlineData(3, 5001, 5001, 1, false)]
    public void CongruenceLossReadsAndWritesRowsWithGapsWhereTheyLie(int rows, int classes, int ld, int gradientGap, bool guardBefore)
    {
        float[] logits = RandomFloats.Uniform(1, rows * classes), others = RandomFloats.Uniform(2, rows * classes), gradient = new float[rows * classes], perSample = new float[rows];
        int[] labels = [.. Enumerable.Range(0, rows).Select(i => i % 9 == 4 ? -100 : i * 7 % classes)], news = new int[rows], olds = new int[rows];
        using PaddedMatrix z = new(logits, rows, classes, ld, guardBefore), old = new(others, rows, classes, ld + 3, guardBefore), g = new([], rows, classes, classes + gradientGap, guardBefore);
        using GuardedBuffer<int> y = new(labels, guardBefore), newPredictions = new(rows, guardBefore), oldPredictions = new(rows, guardBefore);
        using var values = new GuardedBuffer<float>(rows, guardBefore);
        CongruenceResult expected = CongruenceLoss.Evaluate(logits, others, labels, classes, null, gradient, perSample, news, olds, family.Device);
        foreach (ComputeDevice device in family.Devices)
        {
            CongruenceResult actual = CongruenceLoss.Evaluate(z.ReadOnly, old.ReadOnly, Vector(y), null, g.Tensor, Vector(values), Vector(newPredictions), Vector(oldPredictions), device);
            AssertNear(expected, actual);
            AssertNear(gradient, g.Values());
            AssertNear(perSample, values.Span.ToArray());
            Assert.Equal(news, newPredictions.Span.ToArray());
            Assert.Equal(olds, oldPredictions.Span.ToArray());
        }
    }

    /// <summary>A batch whose gradient is larger than the caches, in place: rows are written past them only where no gap would be.</summary>
    [Fact]
    public void AGradientTakesThePlaceOfLogitsWithGaps()
    {
        const int Many = 20_000, C = 64, Ld = 80;
        float[] z = RandomFloats.Uniform(4, Many * C), gradient = new float[Many * C];
        int[] labels = [.. Enumerable.Range(0, Many).Select(i => i % C)];
        CongruenceOptions options = new() { Distance = CongruenceDistance.None };
        CongruenceLoss.Evaluate(z, [], labels, C, options, gradient, device: family.Device);
        using var here = new PaddedMatrix(z, Many, C, Ld);
        CongruenceLoss.Evaluate(here.ReadOnly, default, labels, options, here.Tensor, device: family.Device);
        AssertNear(gradient, here.Values());
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

    /// <summary>The same bits on the processor. A GPU has other kernels for rows with gaps and without, which agree within a few roundings of a softmax.</summary>
    private void AssertNear(float[] expected, float[] found)
    {
        if (family.IsCpu) Everywhere.AssertSame<float>(expected, found, "elements");
        else for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], 2e-6 * Math.Max(1, Math.Abs(expected[i])));
    }

    private void AssertNear(CongruenceResult expected, CongruenceResult found)
    {
        if (family.IsCpu) Assert.Equal(expected, found);
        Assert.Equal(expected.Loss, found.Loss, 2e-6 * Math.Max(1, Math.Abs(expected.Loss)));
        Assert.Equal((expected.ValidRows, expected.Flips), (found.ValidRows, found.Flips));
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
