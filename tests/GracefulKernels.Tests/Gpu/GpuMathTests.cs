using ILGPU;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The exponential and the logarithm of device code against fp64, through a kernel of their own.</summary>
public abstract unsafe class GpuMathTests(KernelFamily family)
{
    private static readonly GpuKernel<Arguments> Evaluate = new(EvaluateAll);

    public struct Arguments
    {
        public ArrayView<float> X, Exp, ExpOfNegative, Log, LogOnePlus, Remainder;
    }

    [Fact]
    public void ExponentialOfTheWholeRange()
    {
        float[] x = [.. Enumerable.Range(-110000, 200000).Select(i => i * 1e-3f), .. Enumerable.Range(0, 1000).Select(i => i * 1e-9f), -0f, 1e-40f, 1000f, -1000f, float.MaxValue];
        (float[] y, float[] below, _, _, _) = Run(x);
        for (int i = 0; i < x.Length; i++)
        {
            Assert.Equal(x[i] > 0 ? 1f : y[i], below[i]);
            double expected = Math.Exp(x[i]);
            if (expected > float.MaxValue * 1.00000006)
            {
                Assert.Equal(float.PositiveInfinity, y[i]);
                continue;
            }
            // A unit in the last place of the result, of the subnormal grid at the least.
            double unit = Math.Max(Math.Pow(2, Math.Floor(Math.Log2(Math.Max(expected, 1e-300))) - 23), float.Epsilon);
            Assert.True(Math.Abs(y[i] - expected) <= 2 * unit, $"exp({x[i]:R}) = {y[i]:R}, expected {expected:R}");
        }
    }

    [Fact]
    public void ExponentialOfWhatIsNotFinite()
    {
        (float[] exp, float[] below, _, _, _) = Run([float.NegativeInfinity, float.PositiveInfinity, float.NaN, 0f]);
        Assert.Equal([0f, float.PositiveInfinity, float.NaN, 1f], exp);
        Assert.Equal([0f, 1f, float.NaN, 1f], below);
    }

    [Fact]
    public void Logarithms()
    {
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, 100000).Select(_ => MathF.Exp((random.NextSingle() * 170) - 85)), .. Enumerable.Range(0, 20001).Select(i => 0.9f + (i * 1e-5f)), 1f, 1.2e-38f];
        (_, _, float[] log, float[] onePlus, _) = Run(x);
        for (int i = 0; i < x.Length; i++)
        {
            Near(Math.Log(x[i]), log[i], $"log({x[i]:R})");
            if (x[i] < 1e30f) Near(LogOnePlus(x[i]), onePlus[i], $"log(1 + {x[i]:R})");
        }
    }

    [Fact]
    public void RemainderOfTheExponential()
    {
        float[] x = [.. Enumerable.Range(-10000, 20001).Select(i => i * 1e-4f)];
        float[] y = Run(x).Remainder;
        for (int i = 0; i < x.Length; i++)
        {
            double expected = 0, term = 0.5;
            for (int k = 3; k < 25; k++)
            {
                expected += term;
                term *= (double)x[i] / k;
            }
            Near(expected, y[i], $"remainder({x[i]:R})");
        }
    }

    private static double LogOnePlus(double x)
    {
        if (x > 1e-4) return Math.Log(1 + x);
        return x - (x * x / 2) + (x * x * x / 3) - (x * x * x * x / 4);
    }

    private static void Near(double expected, float actual, string what)
        => Assert.True(Math.Abs(actual - expected) <= 4 * Tolerance.Unit * Math.Abs(expected), $"{what} = {actual:R}, expected {expected:R}");

    private (float[] Exp, float[] ExpOfNegative, float[] Log, float[] LogOnePlus, float[] Remainder) Run(float[] x)
    {
        var set = (GpuKernels)family.Best;
        float[] exp = new float[x.Length], below = new float[x.Length], log = new float[x.Length], onePlus = new float[x.Length], remainder = new float[x.Length];
        fixed (float* px = x, pe = exp, pb = below, pl = log, po = onePlus, pr = remainder)
        {
            using GpuCall call = set.Begin();
            call.Launch(
                Evaluate,
                (x.Length + GpuKernels.GroupSize - 1) / GpuKernels.GroupSize,
                new()
                {
                    X = call.Read(new Block<float>(px, x.Length)),
                    Exp = call.Write(new Block<float>(pe, x.Length)),
                    ExpOfNegative = call.Write(new Block<float>(pb, x.Length)),
                    Log = call.Write(new Block<float>(pl, x.Length)),
                    LogOnePlus = call.Write(new Block<float>(po, x.Length)),
                    Remainder = call.Write(new Block<float>(pr, x.Length)),
                });
        }
        return (exp, below, log, onePlus, remainder);
    }

    private static void EvaluateAll(Arguments g)
    {
        long i = Grid.GlobalLinearIndex;
        if (i >= g.X.Length) return;
        float x = g.X[i];
        g.Exp[i] = GpuMath.Exp(x);
        g.ExpOfNegative[i] = GpuMath.ExpOfNegative(x > 0f ? 0f : x);
        g.Log[i] = GpuMath.Log(x);
        g.LogOnePlus[i] = GpuMath.LogOnePlus(x);
        g.Remainder[i] = GpuMath.ExpRemainder(x);
    }
}

public sealed class GpuMathTestsOnGpu() : GpuMathTests(KernelFamily.Gpu);

[Collection(EmulatedCollection.Name)]
public sealed class GpuMathTestsEmulated() : GpuMathTests(KernelFamily.Emulated);
