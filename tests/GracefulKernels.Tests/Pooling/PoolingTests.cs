using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class PoolingTests(KernelFamily family)
{
    private const int Parts = 3;

    /// <summary>Overlapping, touching and gapped windows; padding on one side only; channels below, at and above whole lanes; several chunks.</summary>
    internal static IEnumerable<PoolShape> Shapes =>
    [
        new(2, 6, 6, 5, 2, 2), new(2, 7, 9, 17, 3, 2, 1), new(1, 5, 5, 16, 3, 1, 1), new(1, 4, 7, 1, 1, 3), new(2, 8, 5, 33, 2, 3),
        new(1, 6, 7, 3, 3, 2, 2, 1, 2, 0, 0, 1, true), new(1, 6, 7, 3, 3, 2, 2, 1, 2, 0, 0, 1, false), new(2, 5, 6, 20, 4, 4, 3, 3, 0, 3, 3, 1, false),
        new(0, 4, 4, 3, 2, 2), new(7, 32, 32, 16, 3, 2, 1, false), new(1, 3, 3, 70, 3, 3), new(1, 300, 2, 64, 2, 2),
    ];

    /// <summary>Every size of each dimension, dealt out over a test's cases (numbers of kinds and of cases have no common divisor): all of them in each would take long.</summary>
    private static IEnumerable<PoolShape> ShapesOf(int part) => Shapes.Concat(
        Sizes.OneByOneAndCombined(small: [3, 5, 4], largest: [40, 12, 12], combinations: 10, seed: 3).Select((n, i) => Sized(n, i % 4)).Where((_, i) => i % Parts == part));

    /// <summary>Channels, height and width; an image smaller than the kernel is padded until one window fits.</summary>
    private static PoolShape Sized(int[] n, int kind)
    {
        (int kernel, int stride, int padding) = kind switch { 0 => (2, 2, 0), 1 => (3, 2, 1), 2 => (3, 1, 1), _ => (1, 2, 0) };
        int bottom = Math.Max(padding, kernel - n[1] - padding), right = Math.Max(padding, kernel - n[2] - padding);
        return new PoolShape(1 + (kind % 2), n[1], n[2], n[0], kernel, kernel, stride, stride, padding, padding, bottom, right, kind == 1);
    }

    private float[] Run(PoolShape s, float[] initial, Everywhere.Operation<float> operation)
        => family.Run(initial, operation, everyCount: s.InputLength > Chunks.Elements);

    [Fact]
    public void MaxWithTiesNaNAndInfinities()
    {
        for (int part = 0; part < Parts; part++)
        {
            foreach (PoolShape s in ShapesOf(part))
            {
                float[] x = part switch
                {
                    0 => RandomFloats.Small(1, s.InputLength),
                    1 => RandomFloats.AnyBits(2, s.InputLength),
                    _ => RandomFloats.Filled(s.InputLength, float.NegativeInfinity),
                };
                (float[] expected, ushort[] places) = PoolReference.Max(s, x);
                using var gx = new GuardedBuffer<float>(x);
                float[] y = Run(s, RandomFloats.Filled(s.OutputLength, float.NaN), (k, o) =>
                {
                    using var argmax = new GuardedBuffer<ushort>(s.OutputLength);
                    k.MaxPool(s, gx.Block, o, argmax.Block);
                    argmax.AssertUntouchedOutside();
                    Assert.Equal(places, argmax.Span.ToArray());
                });
                Everywhere.AssertSame<float>(expected, y, $"{s}");
                Everywhere.AssertSame<float>(expected, Run(s, new float[s.OutputLength], (k, o) => k.MaxPool(s, gx.Block, o, default)), $"{s}");
                using var gArgmax = new GuardedBuffer<ushort>(places);
                float[] gathered = Run(s, RandomFloats.Filled(s.OutputLength, 7), (k, o) => k.MaxPoolGather(s, gx.Block, gArgmax.Block, o));
                Everywhere.AssertSame<float>(expected, gathered, $"gather {s}");
            }
        }
    }

    [Theory]
    [InlineData(0f, 0)]
    [InlineData(1f, 1)]
    [InlineData(-0.5f, 2)]
    public void ScatterAddsUp(float beta, int part)
    {
        foreach (PoolShape s in ShapesOf(part))
        {
            float[] primal = RandomFloats.Small(1, s.InputLength), dy = RandomFloats.Uniform(2, s.OutputLength), dx = RandomFloats.Uniform(3, s.InputLength);
            ushort[] places = PoolReference.Max(s, primal).Argmax;
            double[] expected = [.. dx.Select(v => beta == 0 ? 0 : beta * (double)v)];
            PoolReference.ForEach(s, (o, i, place, _) => expected[i] += place == places[o] ? dy[o] : 0);
            using var gdy = new GuardedBuffer<float>(dy);
            using var gArgmax = new GuardedBuffer<ushort>(places);
            float[] initial = beta == 0 ? RandomFloats.Filled(dx.Length, float.NaN) : dx;
            float[] actual = Run(s, initial, (k, o) => k.MaxPoolScatter(s, gdy.Block, gArgmax.Block, beta, o));
            // At most 1 + kh·kw terms of magnitude 1.
            Tolerance.AssertClose(expected, actual, 0, Tolerance.Gamma(1 + (s.KernelHeight * s.KernelWidth)) * (1 + (s.KernelHeight * s.KernelWidth)), $"{s}");
        }
    }

    [Fact]
    public void Mean()
    {
        foreach (PoolShape s in Enumerable.Range(0, Parts).SelectMany(ShapesOf).Distinct())
        {
            float[] x = RandomFloats.Uniform(1, s.InputLength);
            double[] expected = new double[s.OutputLength];
            int area = s.KernelHeight * s.KernelWidth;
            PoolReference.ForEach(s, (o, i, _, inside) => expected[o] += x[i] / (double)(s.CountPadding ? area : inside));
            using var gx = new GuardedBuffer<float>(x);
            float[] y = Run(s, RandomFloats.Filled(s.OutputLength, float.NaN), (k, o) => k.MeanPool(s, gx.Block, o));
            // kh·kw additions and one division of values whose mean magnitude is below one; OpenCL devices divide to 2.5 units in the last place.
            Tolerance.AssertClose(expected, y, 0, Tolerance.Gamma(area + (family.IsCpu ? 1 : 5)), $"{s}");
        }
    }

    [Theory]
    [InlineData(0f, 0)]
    [InlineData(1f, 1)]
    [InlineData(-0.5f, 2)]
    public void MeanAdjoint(float beta, int part)
    {
        foreach (PoolShape s in ShapesOf(part))
        {
            float[] dy = RandomFloats.Uniform(1, s.OutputLength), dx = RandomFloats.Uniform(2, s.InputLength);
            double[] expected = [.. dx.Select(v => beta == 0 ? 0 : beta * (double)v)];
            int area = s.KernelHeight * s.KernelWidth;
            PoolReference.ForEach(s, (o, i, _, inside) => expected[i] += dy[o] / (double)(s.CountPadding ? area : inside));
            using var gdy = new GuardedBuffer<float>(dy);
            float[] initial = beta == 0 ? RandomFloats.Filled(dx.Length, float.NaN) : dx;
            float[] actual = Run(s, initial, (k, o) => k.MeanPoolAdjoint(s, gdy.Block, beta, o));
            // A share is one division, on a device a reciprocal and a product: two or three roundings, then the sum's.
            Tolerance.AssertClose(expected, actual, 0, Tolerance.Gamma(area + (family.IsCpu ? 2 : 3)) * (area + 1), $"{s}");
        }
    }

    [Fact]
    public void AdjointsAreAdjoint()
    {
        IKernels k = family.Best;
        foreach (PoolShape s in Shapes)
        {
            using var x = new GuardedBuffer<float>(RandomFloats.Uniform(1, s.InputLength));
            using var y = new GuardedBuffer<float>(RandomFloats.Uniform(2, s.OutputLength));
            using var px = new GuardedBuffer<float>(s.OutputLength);
            using var py = new GuardedBuffer<float>(s.InputLength);
            using var argmax = new GuardedBuffer<ushort>(PoolReference.Max(s, RandomFloats.Small(3, s.InputLength)).Argmax);
            int area = s.KernelHeight * s.KernelWidth;
            // Each side's terms, products of values below one, carry the γ of the pooling's own sums.
            double tolerance = Tolerance.Gamma(area + 2) * s.OutputLength;
            k.MaxPoolGather(s, x.Block, argmax.Block, px.Block);
            k.MaxPoolScatter(s, y.Block, argmax.Block, 0, py.Block);
            Assert.Equal(k.Dot(px.Block, y.Block), k.Dot(x.Block, py.Block), tolerance);
            k.MeanPool(s, x.Block, px.Block);
            k.MeanPoolAdjoint(s, y.Block, 0, py.Block);
            Assert.Equal(k.Dot(px.Block, y.Block), k.Dot(x.Block, py.Block), tolerance);
        }
    }

    public static IEnumerable<(int Batch, int Pixels, int Channels)> GlobalShapes =>
        [.. Enumerable.Range(1, 70).Select(c => (2, 1 + (c % 6), c)), (5, 49, 513), (40, 64, 64), (0, 4, 3), (3, 3000, 20)];

    [Fact]
    public void GlobalMeanRoundsOnce()
    {
        foreach ((int batch, int pixels, int channels) in GlobalShapes)
        {
            float[] x = RandomFloats.Uniform(1, (long)batch * pixels * channels);
            using var gx = new GuardedBuffer<float>(x);
            float[] y = family.Run(RandomFloats.Filled((long)batch * channels, float.NaN), (k, o) => k.GlobalMean(batch, pixels, channels, gx.Block, o));
            double[] expected = new double[y.Length];
            for (int i = 0; i < x.Length; i++) expected[(i / channels / pixels * channels) + (i % channels)] += x[i];
            for (int i = 0; i < y.Length; i++) expected[i] /= pixels;
            // The fp64 mean errs by less than pixels·2⁻⁵³; then one rounding.
            Tolerance.AssertClose(expected, y, Tolerance.Unit, pixels * 1e-15, $"{batch}, {pixels}, {channels}");
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public void GlobalMeanAdjoint(float beta)
    {
        IKernels best = family.Best;
        foreach ((int batch, int pixels, int channels) in GlobalShapes)
        {
            float[] dy = RandomFloats.Uniform(1, (long)batch * channels), dx = RandomFloats.Uniform(2, (long)batch * pixels * channels);
            using var gdy = new GuardedBuffer<float>(dy);
            float[] initial = beta == 0 ? RandomFloats.Filled(dx.Length, float.NaN) : dx;
            float[] actual = family.Run(initial, (k, o) => k.GlobalMeanAdjoint(batch, pixels, channels, gdy.Block, beta, o));
            for (int i = 0; i < dx.Length; i++)
            {
                float share = dy[(i / channels / pixels * channels) + (i % channels)] / pixels;
                float expected = beta == 0 ? share : dx[i] + share;
                // OpenCL devices divide to 2.5 units in the last place.
                if (family.IsCpu) Assert.Equal(expected, actual[i]);
                else Assert.True(Math.Abs(actual[i] - (double)expected) <= Tolerance.Unit * ((5 * Math.Abs(share)) + (2 * Math.Abs(expected))));
            }
            if (beta != 0) continue;
            using var x = new GuardedBuffer<float>(dx);
            using var px = new GuardedBuffer<float>(dy.Length);
            using var py = new GuardedBuffer<float>(actual);
            best.GlobalMean(batch, pixels, channels, x.Block, px.Block);
            // One rounding on either side, of terms below one.
            Assert.Equal(best.Dot(px.Block, gdy.Block), best.Dot(x.Block, py.Block), 2 * Tolerance.Unit * dy.Length);
        }
    }

    [Fact]
    public void MisalignedMemoryIsAsGoodAndAnotherRunGivesTheSameBits()
    {
        foreach (PoolShape s in (PoolShape[])[new(2, 7, 9, 8, 3, 2, 1), new(1, 6, 5, 1028, 2, 2), new(2, 5, 6, 20, 4, 4, 3, 3, 0, 3, 3, 1, false)])
        {
            float[] x = RandomFloats.Small(1, s.InputLength), dy = RandomFloats.Uniform(2, s.OutputLength), dx = RandomFloats.Uniform(3, s.InputLength);
            float[] y = new float[s.OutputLength], means = new float[s.Batch * s.Channels];
            ushort[] places = PoolReference.Max(s, x).Argmax;
            foreach (IKernels k in family.Sets)
            {
                AssertAlike(DeviceCopies.Runs(k, y, (m, o) => k.MaxPool(s, m.Of(x), o, m.Of(new ushort[y.Length]))), 0);
                AssertAlike(DeviceCopies.Runs(k, y, (m, o) => k.MaxPoolGather(s, m.Of(x), m.Of(places), o)), 0);
                AssertAlike(DeviceCopies.Runs(k, dx, (m, o) => k.MaxPoolScatter(s, m.Of(dy), m.Of(places), 0.7f, o)), 0);
                AssertAlike(DeviceCopies.Runs(k, y, (m, o) => k.MeanPool(s, m.Of(x), o)), 0);
                AssertAlike(DeviceCopies.Runs(k, dx, (m, o) => k.MeanPoolAdjoint(s, m.Of(dy), 0.7f, o)), 0);
                // fp64 sums in another order, each rounded once.
                AssertAlike(DeviceCopies.Runs(k, means, (m, o) => k.GlobalMean(s.Batch, s.Height * s.Width, s.Channels, m.Of(dx), o)), 2 * Tolerance.Unit);
                AssertAlike(DeviceCopies.Runs(k, dx, (m, o) => k.GlobalMeanAdjoint(s.Batch, s.Height * s.Width, s.Channels, m.Of(dy[..means.Length]), 1, o)), 0);
                (ushort[] aligned, ushort[] again, ushort[] misaligned) = DeviceCopies.Runs(k, new ushort[y.Length], (m, o) => k.MaxPool(s, m.Of(x), m.Of(y), o));
                Assert.Equal(places, aligned);
                Assert.Equal(places, again);
                Assert.Equal(places, misaligned);
            }
        }
    }

    private static void AssertAlike((float[] Aligned, float[] Again, float[] Misaligned) runs, double rtol)
    {
        Everywhere.AssertSame<float>(runs.Aligned, runs.Again, "again");
        Tolerance.AssertClose([.. runs.Aligned.Select(v => (double)v)], runs.Misaligned, rtol, rtol * 1e-6, "misaligned");
    }
}

public sealed class PoolingTestsOnCpu() : PoolingTests(KernelFamily.Cpu);

public sealed class PoolingTestsOnGpu() : PoolingTests(KernelFamily.Gpu);
