using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The same bits from every instruction set and any number of threads.</summary>
public unsafe class GemmBitTests
{
    [Fact]
    public void EveryTargetAndThreadCountGivesTheSameBits()
    {
        foreach ((int m, int n, int k, bool ta, bool tb) in new[]
        {
            (37, 70, 33, false, false), (300, 33, 129, false, true), (64, 200, 500, true, false), (129, 385, 1000, false, false),
            (513, 41, 901, true, true), (1, 1000, 64, false, true), (401, 16, 144, false, false), (14, 300, 600, false, false), (33, 41, 9001, false, true),
            (20, 64, 9000, true, false), (20, 4400, 300, false, true),
        })
        {
            float[]? expected = null;
            ushort[]? expectedMask = null;
            foreach (IKernels kernels in KernelSetCases.All())
            {
                var random = new Random(m);
                float[] a = Matrices.Random(random, m * k), b = Matrices.Random(random, k * n), c = Matrices.Random(random, m * n);
                float[] bias = Matrices.Random(random, n), addend = Matrices.Random(random, m * n);
                ushort[] mask = new ushort[m * ((n + 15) / 16)];
                fixed (float* pa = a, pb = b, pc = c, pbias = bias, paddend = addend)
                fixed (ushort* pmask = mask)
                {
                    var epilogue = new Epilogue
                    {
                        Bias = new(pbias, n), Addend = new(paddend, m * n), Activation = EpilogueActivation.LeakyRelu,
                        Mask = new(pmask, mask.Length), Slope = 0.01f,
                    };
                    kernels.Gemm(new GemmShape(m, n, k, ta, tb), 1.25f, new(pa, a.Length), new(pb, b.Length), 0.5f, new(pc, c.Length), epilogue);
                    if (!ta) kernels.GemmPair(new GemmShape(m, n, k, ta, tb), new(pa, a.Length), new(pb, b.Length), new(pa, a.Length), new(pb, b.Length), 1f, new(pc, c.Length), default);
                }
                expected ??= c;
                expectedMask ??= mask;
                Tolerance.AssertSameBits(expected, c, $"{kernels.Name} with {kernels.Threads} threads, {m} × {n} × {k}");
                Assert.Equal(expectedMask, mask);
            }
        }
    }

    /// <summary>Outputs that outgrow the caches are stored past them where their rows are aligned: with the same bits, and all of them there when the call returns.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(16)]
    public void StreamedOutputsHaveTheSameBits(int n)
    {
        const int k = 3;
        int m = (int)(Streaming.Threshold / sizeof(float) / n) + 100;
        var random = new Random(n);
        float[] a = Matrices.Random(random, (long)m * k), b = Matrices.Random(random, (long)k * n);
        using var aligned = new HostMemory((long)m * n * sizeof(float));
        using var shifted = new HostMemory(((long)m * n * sizeof(float)) + HostMemory.Alignment);
        ReadOnlySpan<byte> expected = new((void*)aligned.BaseAddress, m * n * sizeof(float));
        ReadOnlySpan<byte> actual = new((byte*)shifted.BaseAddress + sizeof(float), m * n * sizeof(float));
        fixed (float* pa = a, pb = b)
        {
            foreach (IKernels kernels in KernelSetCases.All())
            {
                new Span<byte>((void*)aligned.BaseAddress, expected.Length).Fill(0xFF);
                kernels.Gemm(new GemmShape(m, n, k), 1f, new(pa, a.Length), new(pb, b.Length), 0f, aligned.AsBlock<float>(), default);
                kernels.Gemm(new GemmShape(m, n, k), 1f, new(pa, a.Length), new(pb, b.Length), 0f, new((float*)shifted.BaseAddress + 1, (long)m * n), default);
                Assert.True(expected.SequenceEqual(actual), $"{kernels.Name} with {kernels.Threads} threads");
            }
        }
    }
}
