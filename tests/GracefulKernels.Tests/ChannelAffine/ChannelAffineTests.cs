using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class ChannelAffineTests(KernelFamily family)
{
    /// <summary>Every width to 70 with some rows, none, one, and several chunks.</summary>
    public static IEnumerable<(int Rows, int Channels)> Shapes =>
    [
        .. Enumerable.Range(1, 70).Select(c => (c % 7 * 3, c)), (1, 127), (5, 129), (40, 1000), (9000, 3), (4100, 16), (700, 130), (37, 1024), (5, 1028), (20000, 4), (2, Chunks.Elements + 9),
    ];

    [Fact]
    public void Affine()
    {
        foreach ((int rows, int channels) in Shapes)
        {
            float[] x = RandomFloats.Uniform(1, (long)rows * channels), y = RandomFloats.Uniform(2, x.Length);
            float[] scale = RandomFloats.Uniform(3, channels), shift = RandomFloats.Uniform(4, channels);
            using var gx = new GuardedBuffer<float>(x);
            using var gScale = new GuardedBuffer<float>(scale);
            using var gShift = new GuardedBuffer<float>(shift);
            float[] nan = RandomFloats.Filled(x.Length, float.NaN);
            float[] plain = family.Run(nan, (k, o) => k.ChannelAffine(rows, channels, gx.Block, gScale.Block, gShift.Block, 0, o));
            float[] inPlace = family.Run(x, (k, o) => k.ChannelAffine(rows, channels, o, gScale.Block, gShift.Block, 0, o));
            float[] unshifted = family.Run(nan, (k, o) => k.ChannelAffine(rows, channels, gx.Block, gScale.Block, default, 0, o));
            float[] added = family.Run(y, (k, o) => k.ChannelAffine(rows, channels, gx.Block, gScale.Block, gShift.Block, 0.6f, o));
            for (int i = 0; i < x.Length; i++)
            {
                int c = i % channels;
                AssertMultiplyAdd(x[i], scale[c], shift[c], plain[i]);
                Assert.Equal(x[i] * scale[c], unshifted[i]);
                double expected = ((double)x[i] * scale[c]) + shift[c] + ((double)0.6f * y[i]);
                // Two roundings, of a partial sum below 1.6 and of the result; a device may also round both products, of at most 1 and 0.6.
                Assert.True(Math.Abs(added[i] - expected) <= Tolerance.Unit * (1.6 + (family.IsCpu ? 0 : 1.6) + Math.Abs(expected)) * 1.01);
            }
            Everywhere.AssertSame<float>(plain, inPlace, "in place");
        }
    }

    [Fact]
    public void Pair()
    {
        foreach ((int rows, int channels) in Shapes)
        {
            float[] x1 = RandomFloats.Uniform(1, (long)rows * channels), x2 = RandomFloats.Uniform(2, x1.Length);
            float[] s1 = RandomFloats.Uniform(3, channels), s2 = RandomFloats.Uniform(4, channels), shift = RandomFloats.Uniform(5, channels);
            using var g1 = new GuardedBuffer<float>(x1);
            using var g2 = new GuardedBuffer<float>(x2);
            using var gs1 = new GuardedBuffer<float>(s1);
            using var gs2 = new GuardedBuffer<float>(s2);
            using var gShift = new GuardedBuffer<float>(shift);
            float[] y = family.Run(
                RandomFloats.Filled(x1.Length, float.NaN),
                (k, o) => k.ChannelAffinePair(rows, channels, g1.Block, gs1.Block, g2.Block, gs2.Block, gShift.Block, o));
            for (int i = 0; i < y.Length; i++)
            {
                int c = i % channels;
                if (family.IsCpu)
                {
                    Assert.Equal(MathF.FusedMultiplyAdd(x1[i], s1[c], MathF.FusedMultiplyAdd(x2[i], s2[c], shift[c])), y[i]);
                    continue;
                }
                // Roundings of two products of at most 1, of a partial sum of at most 2, and of the result.
                double expected = ((double)x1[i] * s1[c]) + ((double)x2[i] * s2[c]) + shift[c];
                Assert.True(Math.Abs(y[i] - expected) <= Tolerance.Unit * (4 + Math.Abs(expected)) * 1.01);
            }
            float[] inPlace = family.Run(x1, (k, o) => k.ChannelAffinePair(rows, channels, o, gs1.Block, g2.Block, gs2.Block, gShift.Block, o));
            Everywhere.AssertSame<float>(y, inPlace, "in place");
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    [InlineData(-0.3f)]
    public void ColumnSumRoundsOnce(float beta)
    {
        foreach ((int rows, int channels) in Shapes)
        {
            float[] x = RandomFloats.Uniform(1, (long)rows * channels), old = RandomFloats.Uniform(2, channels);
            using var gx = new GuardedBuffer<float>(x);
            float[] initial = beta == 0 ? RandomFloats.Filled(channels, float.NaN) : old;
            float[] sum = family.Run(initial, (k, o) => k.ColumnSum(rows, channels, gx.Block, beta, o));
            double[] expected = new double[channels];
            for (int i = 0; i < x.Length; i++) expected[i % channels] += x[i];
            for (int c = 0; c < channels; c++) expected[c] += beta == 0 ? 0 : (double)beta * old[c];
            // fp64 sums of |x| ≤ 1 err by at most rows²·2⁻⁵³; then one rounding to fp32.
            AssertRounded(expected, sum, rows);
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.3f)]
    public void GradientRoundsOnce(float beta)
    {
        foreach ((int rows, int channels) in Shapes)
        {
            float[] x = RandomFloats.Uniform(1, (long)rows * channels), dy = RandomFloats.Uniform(2, x.Length);
            float[] scale = RandomFloats.Uniform(3, channels), shift = RandomFloats.Uniform(4, channels), old = RandomFloats.Uniform(5, channels);
            using var gx = new GuardedBuffer<float>(x);
            using var gdy = new GuardedBuffer<float>(dy);
            using var gScale = new GuardedBuffer<float>(scale);
            using var gShift = new GuardedBuffer<float>(shift);
            float[] initial = beta == 0 ? RandomFloats.Filled(channels, float.NaN) : old;
            float[] sum = family.Run(
                initial, (k, o) => k.ChannelAffineGradient(rows, channels, gx.Block, gScale.Block, gShift.Block, gdy.Block, beta, o));
            float[] unshifted = family.Run(
                initial, (k, o) => k.ChannelAffineGradient(rows, channels, gx.Block, gScale.Block, default, gdy.Block, beta, o));
            double[] expected = new double[channels], expectedUnshifted = new double[channels];
            for (int c = 0; c < channels; c++) expected[c] = expectedUnshifted[c] = beta == 0 ? 0 : (double)beta * old[c];
            for (int i = 0; i < x.Length; i++)
            {
                int c = i % channels;
                expected[c] += dy[i] * (((double)x[i] * scale[c]) + shift[c]);
                expectedUnshifted[c] += dy[i] * ((double)x[i] * scale[c]);
            }
            AssertRounded(expected, sum, 2 * rows);
            AssertRounded(expectedUnshifted, unshifted, 2 * rows);
        }
    }

    [Fact]
    public void MisalignedMemoryIsAsGoodAndAnotherRunGivesTheSameBits()
    {
        foreach ((int rows, int channels) in ((int, int)[])[(7, 4), (300, 64), (30, 1028)])
        {
            float[] x = RandomFloats.Uniform(1, (long)rows * channels), dy = RandomFloats.Uniform(2, x.Length), y = RandomFloats.Uniform(3, x.Length);
            float[] scale = RandomFloats.Uniform(4, channels), shift = RandomFloats.Uniform(5, channels), sum = RandomFloats.Uniform(6, channels);
            foreach (IKernels k in family.Sets)
            {
                AssertAlike(DeviceCopies.Runs(k, y, (m, o) => k.ChannelAffine(rows, channels, m.Of(x), m.Of(scale), m.Of(shift), 0, o)), 0);
                AssertAlike(DeviceCopies.Runs(k, y, (m, o) => k.ChannelAffine(rows, channels, m.Of(x), m.Of(scale), default, 0.4f, o)), 0);
                AssertAlike(DeviceCopies.Runs(k, y, (m, o) => k.ChannelAffinePair(rows, channels, m.Of(x), m.Of(scale), m.Of(dy), m.Of(shift), m.Of(sum), o)), 0);
                // fp64 sums in another order, each rounded to fp32 once: at most the two numbers beside one that lies between them.
                AssertAlike(DeviceCopies.Runs(k, sum, (m, o) => k.ColumnSum(rows, channels, m.Of(x), 0.3f, o)), 2 * Tolerance.Unit);
                AssertAlike(DeviceCopies.Runs(k, sum, (m, o) => k.ChannelAffineGradient(rows, channels, m.Of(x), m.Of(scale), m.Of(shift), m.Of(dy), 1, o)), 2 * Tolerance.Unit);
            }
        }
    }

    private static void AssertAlike((float[] Aligned, float[] Again, float[] Misaligned) runs, double rtol)
    {
        Everywhere.AssertSame<float>(runs.Aligned, runs.Again, "again");
        Tolerance.AssertClose([.. runs.Aligned.Select(v => (double)v)], runs.Misaligned, rtol, rtol * 1e-6, "misaligned");
    }

    /// <summary>The CPU sets round a·b + c once, at every length; a device may round the product as well.</summary>
    private void AssertMultiplyAdd(float a, float b, float c, float actual)
    {
        if (family.IsCpu)
        {
            Assert.Equal(MathF.FusedMultiplyAdd(a, b, c), actual);
            return;
        }
        double product = (double)a * b, expected = product + c;
        Assert.True(Math.Abs(actual - expected) <= Tolerance.Unit * (Math.Abs(product) + Math.Abs(expected)) * 1.01);
    }

    private static void AssertRounded(double[] expected, float[] actual, int terms)
    {
        double atol = Math.Pow(2, -52) * (terms + 1.0) * (terms + 1.0);
        for (int c = 0; c < expected.Length; c++)
        {
            Assert.True(Math.Abs(actual[c] - expected[c]) <= (Tolerance.Unit * Math.Abs(expected[c])) + atol, $"channel {c} of {expected.Length}: {actual[c]:R}, expected {expected[c]:R}");
        }
    }
}

public sealed class ChannelAffineTestsOnCpu() : ChannelAffineTests(KernelFamily.Cpu);

public sealed class ChannelAffineTestsOnGpu() : ChannelAffineTests(KernelFamily.Gpu);
