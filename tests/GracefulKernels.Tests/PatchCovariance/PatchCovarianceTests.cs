using System.Text.Json;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract unsafe class PatchCovarianceTests(KernelFamily family)
{
    [Fact]
    public void MatchesTheDefinition()
    {
        ConvolutionShape[] larger = [new(3, 30, 30, 16, 1, 3, 1, 1), new(2, 33, 31, 3, 1, 7, 2, 3), new(30, 8, 8, 5, 1, 3, 1, 1), new(2, 12, 70, 4, 1, 3, 1, 1)];
        foreach (IKernels kernels in family.Sets) Check(kernels, Convolutions.Shapes().Concat(larger));
    }

    [Fact]
    public void MatchesTheGoldenFiles()
    {
        foreach (IKernels kernels in family.Sets) CheckGolden(kernels);
    }

    internal static void Check(IKernels kernels, IEnumerable<ConvolutionShape> shapes)
    {
        foreach (ConvolutionShape s in shapes)
        {
            float[] values = Matrices.Random(new Random(9), s.InputLength);
            // A mean away from zero, as after an activation: the sums grow with the positions and show what an accumulator loses.
            for (int i = 0; i < values.Length; i++) values[i] += 0.3f;
            foreach (bool homogeneous in new[] { false, true })
            {
                int d = s.PatchLength + (homogeneous ? 1 : 0);
                using var x = new GuardedBuffer<float>(values);
                using var sum = new GuardedBuffer<double>((long)d * d);
                sum.Span.Fill(0.25);
                ByPatches(kernels, s, x.Block, homogeneous, sum.Block);
                double[] expected = PatchCovariances.Gram(s, values, homogeneous);
                for (int i = 0; i < expected.Length; i++) expected[i] += 0.25;
                // Chains of about 512 products in fp32, everything above them in fp64.
                Tolerance.AssertRelativeNorm(expected, sum.Span, 1e-6, $"{kernels.Name} {s}");
                sum.AssertUntouchedOutside();
            }
        }
    }

    /// <summary>The SYRK of patches; the only way that a device has.</summary>
    private static void ByPatches(IKernels kernels, in ConvolutionShape s, Block<float> x, bool homogeneous, Block<double> sum)
    {
        if (kernels is IPatchCovarianceAlgorithms algorithms) algorithms.PatchCovarianceByPatches(s, x, homogeneous, sum);
        else kernels.PatchCovariance(s, x, homogeneous, sum);
    }

    private static void CheckGolden(IKernels kernels)
    {
        int cases = 0, byLagsCases = 0;
        foreach (JsonElement c in Golden.Manifest("kfac").GetProperty("cases").EnumerateArray())
        {
            string id = c.GetProperty("name").GetString()!;
            if (!id.StartsWith("patch.", StringComparison.Ordinal)) continue;
            cases++;
            JsonElement p = c.GetProperty("parameters");
            int[] nchw = [.. p.GetProperty("shape").EnumerateArray().Select(e => e.GetInt32())];
            var s = new ConvolutionShape(nchw[0], nchw[2], nchw[3], nchw[1], 1, p.GetProperty("kernel").GetInt32(), p.GetProperty("stride").GetInt32(),
                p.GetProperty("padding").GetInt32(), p.GetProperty("dilation").GetInt32());
            Assert.Equal(p.GetProperty("T").GetInt32(), s.Positions);
            float[] x = ToChannelsLast(Golden.Floats("kfac", c.GetProperty("inputs").GetProperty("input")), nchw);
            double[] expected = Golden.Array("kfac", c.GetProperty("expected").GetProperty("A_kkc"));
            double tolerance = c.GetProperty("tolerance").GetProperty("float32").GetProperty("relative_norm").GetDouble();
            int d = s.PatchLength + 1;
            foreach (bool byLags in s.StrideY == 1 && kernels is IPatchCovarianceAlgorithms ? new[] { false, true } : [false])
            {
                double[] sum = new double[d * d];
                fixed (float* px = x)
                fixed (double* ps = sum)
                {
                    Block<float> image = new(px, x.Length);
                    Block<double> to = new(ps, sum.Length);
                    if (byLags) ((IPatchCovarianceAlgorithms)kernels).PatchCovarianceByLags(s, image, true, to);
                    else ByPatches(kernels, s, image, true, to);
                }
                for (int i = 0; i < sum.Length; i++) sum[i] /= (double)s.Batch * s.Positions;
                Tolerance.AssertRelativeNorm(expected, sum, tolerance, $"{kernels.Name} {id} {(byLags ? "by lags" : "by patches")}");
                byLagsCases += byLags ? 1 : 0;
            }
        }
        Assert.Equal(25, cases);
        Assert.True(byLagsCases >= 5 || kernels is not IPatchCovarianceAlgorithms, $"{byLagsCases} golden cases of stride 1");
    }

    private static float[] ToChannelsLast(float[] x, int[] nchw)
    {
        (int n, int c, int h, int w) = (nchw[0], nchw[1], nchw[2], nchw[3]);
        float[] y = new float[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            int column = i % w, row = i / w % h, channel = i / (w * h) % c, image = i / (w * h * c);
            y[((((image * h) + row) * w + column) * c) + channel] = x[i];
        }
        return y;
    }
}

public sealed class PatchCovarianceTestsOnCpu() : PatchCovarianceTests(KernelFamily.Cpu);

public sealed class PatchCovarianceTestsOnGpu() : PatchCovarianceTests(KernelFamily.Gpu);
