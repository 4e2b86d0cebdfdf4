using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class TopKTests(KernelFamily family)
{
    /// <summary>Small whole numbers, whose products and sums are exact on every device: most scores are ties, and every index is known.</summary>
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(5, 7, 3, 10)]
    [InlineData(16, 100, 8, 16)]
    [InlineData(17, 130, 20, 31)]
    [InlineData(33, 257, 12, 33)]
    [InlineData(3, 4500, 6, 7)]
    [InlineData(2, 5000, 6, 2048)]
    [InlineData(4, 60, 512, 5)]
    [InlineData(70, 90, 33, 64)]
    public void TiesGoToTheLowestIndex(int queries, int gallery, int width, int k)
    {
        float[] q = RandomFloats.Small(1, (long)queries * width), x = RandomFloats.Small(2, (long)gallery * width), offsets = RandomFloats.Small(3, gallery);
        int[] excluded = [.. Enumerable.Range(0, queries).Select(i => (i * 5 % (gallery + 1)) - 1)];
        foreach (bool special in new[] { false, true })
        {
            (int[] expected, double[] scores) = TopKReference.Of(q, x, special ? offsets : [], special ? excluded : [], width, k);
            foreach (IKernels kernels in family.SetsAndThreads)
            {
                (int[] indices, float[] found) = Run(kernels, new(queries, gallery, width, k), q, x, special ? offsets : [], special ? excluded : []);
                Assert.Equal(expected, indices);
                Assert.Equal(scores, found.Select(s => (double)s));
            }
        }
    }

    /// <summary>
    /// Each score is one chain of <c>width</c> fused multiply-adds: off by at most γ_width·Σ|q·x|. An index may be another only where its score is as near.
    /// </summary>
    [Theory]
    [InlineData(40, 3000, 64, 10)]
    [InlineData(9, 2500, 100, 50)]
    public void ScoresAreWithinTheBound(int queries, int gallery, int width, int k)
    {
        float[] q = RandomFloats.Uniform(1, (long)queries * width), x = RandomFloats.Uniform(2, (long)gallery * width), offsets = RandomFloats.Uniform(3, gallery);
        double bound = (width + 2) * Math.Pow(2, -24) * width;
        (_, double[] scores) = TopKReference.Of(q, x, offsets, [], width, k);
        foreach (IKernels kernels in family.Sets)
        {
            (int[] indices, float[] found) = Run(kernels, new(queries, gallery, width, k), q, x, offsets, []);
            for (int i = 0; i < found.Length; i++)
            {
                Assert.Equal(scores[i], found[i], bound);
                Assert.Equal(TopKReference.Score(q, x, offsets, width, i / k, indices[i]), found[i], bound);
                if (i % k > 0) Assert.True(found[i - 1] > found[i] || (found[i - 1] == found[i] && indices[i - 1] < indices[i]));
            }
            for (int r = 0; r < queries; r++) Assert.Equal(k, indices.AsSpan(r * k, k).ToArray().Distinct().Count());
        }
    }

    /// <summary>Copies of a row, far apart: equal scores to the last bit, whichever tile, block or stretch they are in.</summary>
    [Fact]
    public void EqualRowsHaveEqualScores()
    {
        const int Width = 37, Gallery = 9001, K = 6, Queries = 5;
        float[] q = RandomFloats.Uniform(1, Queries * Width), x = RandomFloats.Uniform(2, Gallery * Width);
        int[] copies = [3, 1499, 2048, 4097, 9000];
        for (int c = 1; c < copies.Length; c++) x.AsSpan(copies[0] * Width, Width).CopyTo(x.AsSpan(copies[c] * Width));
        // The copied row is made the best of every query.
        for (int r = 0; r < Queries; r++)
        {
            for (int j = 0; j < Width; j++) q[(r * Width) + j] = x[(copies[0] * Width) + j] * (2 + r);
        }
        foreach (IKernels kernels in family.SetsAndThreads)
        {
            (int[] indices, float[] scores) = Run(kernels, new(Queries, Gallery, Width, K), q, x, [], []);
            for (int r = 0; r < Queries; r++)
            {
                Assert.Equal(copies, indices.AsSpan(r * K, copies.Length).ToArray());
                Assert.Single(scores.AsSpan(r * K, copies.Length).ToArray().Distinct());
            }
        }
    }

    [Fact]
    public void NaNAndMinusInfinityNeverEnterAndMinusZeroIsZero()
    {
        float[] x = [float.NaN, -1, float.NegativeInfinity, -0f, 0, float.PositiveInfinity, 2, float.NaN];
        foreach (IKernels kernels in family.Sets)
        {
            (int[] indices, float[] scores) = Run(kernels, new(1, x.Length, 1, 7), [1], x, [], []);
            Assert.Equal([5, 6, 3, 4, 1, -1, -1], indices);
            Everywhere.AssertSame<float>([float.PositiveInfinity, 2, 0, 0, -1, float.NaN, float.NaN], scores, kernels.Name);
            (indices, _) = Run(kernels, new(1, x.Length, 1, 2), [float.NaN], x, [], []);
            Assert.Equal([-1, -1], indices);
        }
    }

    [Fact]
    public void NothingToFindIsPadded()
    {
        foreach (IKernels kernels in family.Sets)
        {
            (int[] indices, float[] scores) = Run(kernels, new(2, 0, 3, 2), new float[6], [], [], []);
            Assert.All(indices, i => Assert.Equal(-1, i));
            Assert.All(scores, s => Assert.True(float.IsNaN(s)));
            (indices, scores) = Run(kernels, new(0, 2, 3, 2), [], new float[6], [], []);
            Assert.Empty(indices);
            // The only row is excluded.
            (indices, _) = Run(kernels, new(2, 1, 1, 1), [1, 1], [1], [], [0, -1]);
            Assert.Equal([-1, 0], indices);
        }
    }

    /// <summary>Scores that rise with the index let every row in; falling ones none after the first.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    public void RisingAndFallingScores(int k)
    {
        const int Gallery = 5000;
        float[] rising = [.. Enumerable.Range(0, Gallery).Select(i => (float)i)];
        foreach (IKernels kernels in family.SetsAndThreads)
        {
            (int[] indices, _) = Run(kernels, new(2, Gallery, 1, k), [1, -1], rising, [], []);
            Assert.Equal(Enumerable.Range(0, k).Select(i => Gallery - 1 - i).Concat(Enumerable.Range(0, k)), indices);
        }
    }

    private static (int[] Indices, float[] Scores) Run(IKernels kernels, TopKShape shape, float[] queries, float[] gallery, float[] offsets, int[] excluded)
    {
        bool before = shape.K % 2 == 0;
        using var q = new GuardedBuffer<float>(queries, before);
        using var x = new GuardedBuffer<float>(gallery, before);
        using var c = new GuardedBuffer<float>(offsets, before);
        using var e = new GuardedBuffer<int>(excluded, before);
        using var indices = new GuardedBuffer<int>((long)shape.Queries * shape.K, before);
        using var scores = new GuardedBuffer<float>((long)shape.Queries * shape.K, before);
        kernels.TopK(shape, q.Block, x.Block, c.Block, e.Block, indices.Block, scores.Block);
        indices.AssertUntouchedOutside();
        scores.AssertUntouchedOutside();
        return (indices.Span.ToArray(), scores.Span.ToArray());
    }
}

public sealed class TopKTestsOnCpu() : TopKTests(KernelFamily.Cpu);

public sealed class TopKTestsOnGpu() : TopKTests(KernelFamily.Gpu);
