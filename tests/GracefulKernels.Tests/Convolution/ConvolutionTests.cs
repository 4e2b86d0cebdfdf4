using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class ConvolutionTests(KernelFamily family)
{
    [Fact]
    public void ForwardAndPairMatchTheDefinition()
    {
        foreach (IKernels kernels in family.Sets) ForwardAndPair(kernels, Convolutions.Shapes());
    }

    [Fact]
    public void ForwardAppliesItsEpilogue()
    {
        ConvolutionShape[] shapes = [new(2, 7, 9, 3, 17, 3, 2, 1), new(2, 6, 6, 5, 33, 1, 1, 0), new(1, 9, 35, 8, 32, 3, 1, 1)];
        foreach (IKernels kernels in family.Sets) Epilogues(kernels, shapes);
    }

    [Fact]
    public void GradientsMatchTheDefinition()
    {
        foreach (IKernels kernels in family.Sets) Gradients(kernels, Convolutions.Shapes());
    }

    /// <summary>Where the reference would take long: ⟨conv(x, w), dy⟩ = ⟨x, convᵀ(dy, w)⟩ = ⟨w, weight gradient(x, dy)⟩, several bands and slices.</summary>
    [Fact]
    public void GradientsAreAdjointOnRealSizes()
    {
        foreach (IKernels kernels in family.Sets) Adjoints(kernels);
    }

    internal static void ForwardAndPair(IKernels kernels, IEnumerable<ConvolutionShape> shapes)
    {
        string name = kernels.Name;
        foreach (ConvolutionShape s in shapes)
        {
            var random = new Random(3);
            float[] x1 = Matrices.Random(random, s.InputLength), w1 = Matrices.Random(random, s.WeightLength);
            float[] x2 = Matrices.Random(random, s.InputLength), w2 = Matrices.Random(random, s.WeightLength);
            using var gx1 = new GuardedBuffer<float>(x1);
            using var gw1 = new GuardedBuffer<float>(w1);
            using var gx2 = new GuardedBuffer<float>(x2, guardBefore: true);
            using var gw2 = new GuardedBuffer<float>(w2, guardBefore: true);
            using var y = new GuardedBuffer<float>(s.OutputLength);
            (double[] v1, double[] m1) = Convolutions.Forward(s, x1, w1);
            (double[] v2, double[] m2) = Convolutions.Forward(s, x2, w2);

            y.Span.Fill(float.NaN);
            kernels.ConvolutionForward(s, gx1.Block, gw1.Block, y.Block, default);
            Convolutions.AssertBound(v1, m1, y.Span, s.PatchLength, $"{name} forward {s}");
            y.AssertUntouchedOutside();

            y.Span.Fill(float.NaN);
            kernels.ConvolutionForwardPair(s, gx1.Block, gw1.Block, gx2.Block, gw2.Block, y.Block, default);
            for (int i = 0; i < v1.Length; i++) (v1[i], m1[i]) = (v1[i] + v2[i], m1[i] + m2[i]);
            Convolutions.AssertBound(v1, m1, y.Span, 2 * s.PatchLength, $"{name} pair {s}");
            y.AssertUntouchedOutside();
        }
    }

    internal static void Epilogues(IKernels kernels, IEnumerable<ConvolutionShape> shapes)
    {
        string name = kernels.Name;
        foreach (ConvolutionShape s in shapes)
        {
            var random = new Random(5);
            int rows = s.Batch * s.Positions, n = s.OutChannels, words = (n + 15) / 16;
            float[] x = Matrices.Random(random, s.InputLength), w = Matrices.Random(random, s.WeightLength);
            using var gx = new GuardedBuffer<float>(x);
            using var gw = new GuardedBuffer<float>(w);
            using var bias = new GuardedBuffer<float>(Matrices.Random(random, n));
            using var addend = new GuardedBuffer<float>(Matrices.Random(random, s.OutputLength));
            using var y = new GuardedBuffer<float>(s.OutputLength);
            using var mask = new GuardedBuffer<ushort>((long)rows * words);
            (double[] v, double[] m) = Convolutions.Forward(s, x, w);
            var epilogue = new Epilogue { Bias = bias.Block, Addend = addend.Block, Activation = EpilogueActivation.LeakyRelu, Mask = mask.Block, Slope = 0.125f };
            kernels.ConvolutionForward(s, gx.Block, gw.Block, y.Block, epilogue);
            using var masked = new GuardedBuffer<float>(s.OutputLength);
            kernels.ConvolutionForward(s, gx.Block, gw.Block, masked.Block, epilogue with { Activation = EpilogueActivation.Mask });
            for (int i = 0; i < v.Length; i++)
            {
                double expected = v[i] + bias.Span[i % n] + addend.Span[i];
                // The product's chain, then bias, addend and slope.
                double bound = Tolerance.Gamma(s.PatchLength + 3) * (m[i] + Math.Abs(bias.Span[i % n]) + Math.Abs(addend.Span[i]));
                bool set = (mask.Span[(i / n * words) + (i % n / 16)] >> (i % n % 16) & 1) != 0;
                Assert.True(Math.Abs(expected) <= bound || set == expected > 0, $"{name} {s} mask at {i}");
                Assert.True(Math.Abs(y.Span[i] - (set ? expected : 0.125 * expected)) <= bound, $"{name} {s} at {i}");
            }
            // The mask was written from the same numbers, so applying it gives the same bits.
            Tolerance.AssertSameBits(y.Span, masked.Span, $"{name} {s}");
            mask.AssertUntouchedOutside();
            y.AssertUntouchedOutside();
        }
    }

    internal static void Gradients(IKernels kernels, IEnumerable<ConvolutionShape> shapes)
    {
        string name = kernels.Name;
        foreach (ConvolutionShape s in shapes)
        {
            var random = new Random(4);
            float[] x = Matrices.Random(random, s.InputLength), w = Matrices.Random(random, s.WeightLength), dy = Matrices.Random(random, s.OutputLength);
            using var gx = new GuardedBuffer<float>(x);
            using var gw = new GuardedBuffer<float>(w);
            using var gdy = new GuardedBuffer<float>(dy);
            (double[] xGradient, double[] xMagnitude) = Convolutions.InputGradient(s, dy, w);
            (double[] wGradient, double[] wMagnitude) = Convolutions.WeightGradient(s, x, dy);
            foreach (float beta in new[] { 0f, 1f, 0.5f })
            {
                using var dx = new GuardedBuffer<float>(x);
                using var dw = new GuardedBuffer<float>(w);
                if (beta == 0f) dx.Span.Fill(float.NaN);
                if (beta == 0f) dw.Span.Fill(float.NaN);
                kernels.ConvolutionInputGradient(s, gdy.Block, gw.Block, beta, dx.Block);
                kernels.ConvolutionWeightGradient(s, gx.Block, gdy.Block, beta, dw.Block);
                double[] vx = [.. xGradient.Zip(x, (v, old) => v + (beta * old))], mx = [.. xMagnitude.Zip(x, (m, old) => m + Math.Abs(beta * old))];
                double[] vw = [.. wGradient.Zip(w, (v, old) => v + (beta * old))], mw = [.. wMagnitude.Zip(w, (m, old) => m + Math.Abs(beta * old))];
                Convolutions.AssertBound(vx, mx, dx.Span, (s.KernelHeight * s.KernelWidth * s.OutChannels) + 1, $"{name} input gradient beta {beta} {s}");
                Convolutions.AssertBound(vw, mw, dw.Span, (s.Batch * s.Positions) + 1, $"{name} weight gradient beta {beta} {s}");
                dx.AssertUntouchedOutside();
                dw.AssertUntouchedOutside();
            }
        }
    }

    private static void Adjoints(IKernels kernels)
    {
        string name = kernels.Name;
        foreach (ConvolutionShape s in new ConvolutionShape[] { new(2, 56, 56, 64, 64, 3, 1, 1), new(8, 32, 32, 16, 32, 3, 2, 1), new(2, 61, 61, 3, 16, 7, 2, 3), new(6, 14, 14, 96, 80, 3, 1, 1) })
        {
            var random = new Random(6);
            float[] x = Matrices.Random(random, s.InputLength), w = Matrices.Random(random, s.WeightLength), dy = Matrices.Random(random, s.OutputLength);
            using var gx = new GuardedBuffer<float>(x);
            using var gw = new GuardedBuffer<float>(w);
            using var gdy = new GuardedBuffer<float>(dy);
            using var y = new GuardedBuffer<float>(s.OutputLength);
            using var dx = new GuardedBuffer<float>(s.InputLength);
            using var dw = new GuardedBuffer<float>(s.WeightLength);
            kernels.ConvolutionForward(s, gx.Block, gw.Block, y.Block, default);
            kernels.ConvolutionInputGradient(s, gdy.Block, gw.Block, 0f, dx.Block);
            kernels.ConvolutionWeightGradient(s, gx.Block, gdy.Block, 0f, dw.Block);
            (double forward, double size) = Dot(y.Span, dy);
            // Every term of the three sums has been rounded in a chain of at most a few thousand; random signs leave far less.
            double tolerance = 1e-5 * size;
            Assert.True(Math.Abs(forward - Dot(dx.Span, x).Value) <= tolerance, $"{name} {s}: {forward} against {Dot(dx.Span, x).Value}");
            Assert.True(Math.Abs(forward - Dot(dw.Span, w).Value) <= tolerance, $"{name} {s}: {forward} against {Dot(dw.Span, w).Value}");
        }
    }

    private static (double Value, double Size) Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double value = 0, squares = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double term = (double)a[i] * b[i];
            value += term;
            squares += term * term;
        }
        return (value, Math.Sqrt(squares));
    }
}

public sealed class ConvolutionTestsOnCpu() : ConvolutionTests(KernelFamily.Cpu);

public sealed class ConvolutionTestsOnGpu() : ConvolutionTests(KernelFamily.Gpu);
