using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class VectorTests(KernelFamily family)
{
    /// <summary>0–70 and lengths that end inside, at and behind a chunk.</summary>
    public static IEnumerable<int> Lengths => [.. Enumerable.Range(0, 71), Chunks.Elements, Chunks.Elements + 1, (3 * Chunks.Elements) - 5];

    [Fact]
    public void Axpby()
    {
        foreach (int n in Lengths)
        {
            float[] x = RandomFloats.Uniform(n, n), y = RandomFloats.Uniform(n + 1, n);
            using var gx = new GuardedBuffer<float>(x);
            float[] z = family.Run(y, (k, o) => k.Axpby(0.7f, gx.Block, -1.3f, o));
            // Two roundings: of βy, and of the sum.
            for (int i = 0; i < n; i++)
            {
                double expected = (0.7f * (double)x[i]) + (-1.3f * (double)y[i]);
                Assert.True(Math.Abs(z[i] - expected) <= Tolerance.Unit * (1.3 + Math.Abs(expected)) * 1.01);
            }
        }
    }

    [Fact]
    public void AxpbyWithBetaZeroDoesNotReadTheOutput()
    {
        foreach (int n in Lengths)
        {
            float[] x = RandomFloats.Uniform(n, n);
            using var gx = new GuardedBuffer<float>(x);
            float[] z = family.Run(RandomFloats.Filled(n, float.NaN), (k, o) => k.Axpby(0.7f, gx.Block, 0f, o));
            for (int i = 0; i < n; i++) Assert.Equal(0.7f * x[i], z[i]);
            float[] inPlace = family.Run(x, (k, o) => k.Axpby(0.7f, o, 0f, o));
            Assert.Equal(z, inPlace);
        }
    }

    [Fact]
    public void AddAndMultiplyAlsoInPlace()
    {
        foreach (int n in Lengths)
        {
            float[] a = RandomFloats.AnyBits(n, n), b = RandomFloats.AnyBits(n + 1, n);
            using var ga = new GuardedBuffer<float>(a);
            using var gb = new GuardedBuffer<float>(b);
            float[] nan = RandomFloats.Filled(n, float.NaN);
            float[] sum = family.Run(nan, (k, o) => k.Add(ga.Block, gb.Block, o));
            float[] product = family.Run(nan, (k, o) => k.Multiply(ga.Block, gb.Block, o));
            Everywhere.AssertSame<float>([.. a.Zip(b, (p, q) => p + q)], sum, "sum");
            Everywhere.AssertSame<float>([.. a.Zip(b, (p, q) => p * q)], product, "product");
            Everywhere.AssertSame<float>(sum, family.Run(a, (k, o) => k.Add(o, gb.Block, o)), "sum over a");
            Everywhere.AssertSame<float>(product, family.Run(b, (k, o) => k.Multiply(ga.Block, o, o)), "product over b");
        }
    }

    [Fact]
    public void SubnormalNumbersAreNotFlushed()
    {
        foreach (int n in Lengths)
        {
            // Magnitudes up to 1e-38, most of them below the smallest normal number; powers of two as factors, so that fp64 is exact.
            float[] x = [.. RandomFloats.Uniform(n, n).Select(v => v * 1e-38f)], y = [.. RandomFloats.Uniform(n + 1, n).Select(v => v * 1e-38f)];
            using var gx = new GuardedBuffer<float>(x);
            float[] z = family.Run(y, (k, o) => k.Axpby(2f, gx.Block, -1f, o));
            Everywhere.AssertSame<float>([.. x.Zip(y, (a, b) => (float)((2.0 * a) - b))], z, "axpby");
            float[] doubled = family.Run(RandomFloats.Filled(n, float.NaN), (k, o) => k.Add(gx.Block, gx.Block, o));
            Everywhere.AssertSame<float>([.. x.Select(a => a + a)], doubled, "sum");
        }
    }

    [Fact]
    public void Dot()
    {
        foreach (int n in Lengths)
        {
            float[] x = RandomFloats.Uniform(n, n), y = RandomFloats.Uniform(n + 1, n);
            using var gx = new GuardedBuffer<float>(x);
            using var gy = new GuardedBuffer<float>(y);
            double actual = family.Run(new double[1], (k, o) => o.Span[0] = k.Dot(gx.Block, gy.Block))[0];
            double expected = 0, magnitude = 0;
            for (int i = 0; i < n; i++)
            {
                expected += (double)x[i] * y[i];
                magnitude += Math.Abs((double)x[i] * y[i]);
            }
            // Products are exact in fp64; either sum of n terms errs by at most γ_n of the sum of magnitudes, u = 2⁻⁵³.
            Assert.True(Math.Abs(actual - expected) <= n * Math.Pow(2, -52) * magnitude, $"n = {n}");
        }
    }

    [Fact]
    public void DotMeetsNaNAndOverflow()
    {
        float[] x = RandomFloats.Uniform(1, 50), y = RandomFloats.Uniform(2, 50);
        x[31] = float.NaN;
        using var gx = new GuardedBuffer<float>(x);
        using var gy = new GuardedBuffer<float>(y);
        using var large = new GuardedBuffer<float>(RandomFloats.Filled(40, float.MaxValue));
        foreach (IKernels k in family.SetsAndThreads)
        {
            Assert.True(double.IsNaN(k.Dot(gx.Block, gy.Block)));
            // Far outside the range of fp32, well inside that of fp64.
            Assert.Equal(40 * (double)float.MaxValue * float.MaxValue, k.Dot(large.Block, large.Block), 1e-12 * 40 * (double)float.MaxValue * float.MaxValue);
        }
    }

    [Fact]
    public void NarrowRoundsOnce()
    {
        foreach (int n in Lengths)
        {
            float[] high = RandomFloats.AnyBits(n, n), low = RandomFloats.Uniform(n + 1, n);
            double[] x = [.. high.Zip(low, (h, l) => h + (h * (double)l * 1e-7))];
            using var gx = new GuardedBuffer<double>(x);
            float[] y = family.Run(RandomFloats.Filled(n, float.NaN), (k, o) => k.Narrow(0.37, gx.Block, o));
            Everywhere.AssertSame<float>([.. x.Select(v => (float)(0.37 * v))], y, "narrow");
        }
    }

    [Fact]
    public void WidenIsExact()
    {
        foreach (int n in Lengths)
        {
            float[] x = RandomFloats.AnyBits(n, n);
            using var gx = new GuardedBuffer<float>(x);
            double[] y = family.Run(new double[n], (k, o) => k.Widen(gx.Block, o));
            Everywhere.AssertSame<double>([.. x.Select(v => (double)v)], y, "widen");
        }
    }
}

public sealed class VectorTestsOnCpu() : VectorTests(KernelFamily.Cpu);

public sealed class VectorTestsOnGpu() : VectorTests(KernelFamily.Gpu);

