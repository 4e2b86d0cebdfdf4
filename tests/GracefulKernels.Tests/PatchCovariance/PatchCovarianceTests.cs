using System.Text.Json;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public unsafe class PatchCovarianceTests
{
    public static TheoryData<string> Names => KernelSetCases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void MatchesTheDefinition(string name)
    {
        IKernels kernels = KernelSetCases.Get(name);
        IEnumerable<ConvolutionShape> larger = [new(3, 30, 30, 16, 1, 3, 1, 1), new(2, 33, 31, 3, 1, 7, 2, 3), new(30, 8, 8, 5, 1, 3, 1, 1), new(2, 12, 70, 4, 1, 3, 1, 1)];
        foreach (ConvolutionShape s in Convolutions.Shapes().Concat(larger))
        {
            foreach (bool homogeneous in new[] { false, true })
            {
                float[] values = Matrices.Random(new Random(9), s.InputLength);
                // A mean away from zero, as after an activation: the sums grow with the positions and show what an accumulator loses.
                for (int i = 0; i < values.Length; i++) values[i] += 0.3f;
                int d = s.PatchLength + (homogeneous ? 1 : 0);
                using var x = new GuardedBuffer<float>(values);
                using var sum = new GuardedBuffer<double>((long)d * d);
                sum.Span.Fill(0.25);
                ((IPatchCovarianceAlgorithms)kernels).PatchCovarianceByPatches(s, x.Block, homogeneous, sum.Block);
                double[] expected = PatchCovariances.Gram(s, values, homogeneous);
                for (int i = 0; i < expected.Length; i++) expected[i] += 0.25;
                // Chains of about 512 products in fp32, everything above them in fp64.
                Tolerance.AssertRelativeNorm(expected, sum.Span, 1e-6, $"{name} {s}");
                sum.AssertUntouchedOutside();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void MatchesTheGoldenFiles(string name)
    {
        var kernels = (IPatchCovarianceAlgorithms)KernelSetCases.Get(name);
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
            foreach (bool byLags in s.StrideY == 1 ? new[] { false, true } : [false])
            {
                double[] sum = new double[d * d];
                fixed (float* px = x)
                fixed (double* ps = sum)
                {
                    Block<float> image = new(px, x.Length);
                    Block<double> to = new(ps, sum.Length);
                    if (byLags) kernels.PatchCovarianceByLags(s, image, true, to);
                    else kernels.PatchCovarianceByPatches(s, image, true, to);
                }
                for (int i = 0; i < sum.Length; i++) sum[i] /= (double)s.Batch * s.Positions;
                Tolerance.AssertRelativeNorm(expected, sum, tolerance, $"{name} {id} {(byLags ? "by lags" : "by patches")}");
                byLagsCases += byLags ? 1 : 0;
            }
        }
        Assert.Equal(25, cases);
        Assert.True(byLagsCases >= 5, $"{byLagsCases} golden cases of stride 1");
    }

    [Fact]
    public void EveryTargetAndThreadCountGivesTheSameBits()
    {
        foreach (ConvolutionShape s in new ConvolutionShape[] { new(40, 16, 16, 16, 1, 3, 1, 1), new(4, 61, 59, 3, 1, 7, 2, 3), new(2, 20, 21, 33, 1, 3, 2, 1), new(1, 9000, 1, 41, 1, 1, 1, 0) })
        {
            float[] x = Matrices.Random(new Random(10), s.InputLength);
            int d = s.PatchLength + 1;
            double[]? expected = null;
            foreach (IKernels kernels in KernelSetCases.All())
            {
                double[] sum = new double[d * d];
                fixed (float* px = x)
                fixed (double* ps = sum) ((IPatchCovarianceAlgorithms)kernels).PatchCovarianceByPatches(s, new(px, x.Length), true, new(ps, sum.Length));
                expected ??= sum;
                Assert.True(expected.AsSpan().SequenceEqual(sum), $"{kernels.Name} with {kernels.Threads} threads, {s}");
            }
        }
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
