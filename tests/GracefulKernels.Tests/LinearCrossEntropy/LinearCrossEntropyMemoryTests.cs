using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>What the fused operation is for: the logits are never in memory, and nothing is allocated after the first call.</summary>
public class LinearCrossEntropyMemoryTests
{
    /// <summary>A batch whose logits would take 164 MB.</summary>
    [Theory]
    [InlineData(4096, 256, 10_000, 164_000_000)]
    [InlineData(2048, 16, 100_000, 819_000_000)]
    public void ExtraMemoryIsThatOfAChunk(int rows, int features, int classes, long ofLogits)
    {
        Assert.True((long)rows * classes * sizeof(float) >= ofLogits - 1_000_000);
        long extra = -1;
        // A thread of its own: its scratch memory begins empty.
        var thread = new Thread(() => extra = Extra(rows, features, classes));
        thread.Start();
        thread.Join();
        TestContext.Current.TestOutputHelper?.WriteLine($"{rows} × {features} into {classes}: {extra / 1e6:0.0} MB");
        Assert.InRange(extra, 1_000_000, 15_500_000);
    }

    [Fact]
    public void SecondCallsAllocateNothing()
    {
        (float[] e, float[] w, int[] labels) = (RandomFloats.Uniform(1, 700), RandomFloats.Uniform(2, 910), [.. Enumerable.Range(0, 100).Select(i => i % 10 == 3 ? -100 : i)]);
        IKernels kernels = KernelSetCases.Get(KernelSets.Best, 1);
        float[] de = new float[700], dw = new float[910];
        long before = 0, scratch = 0;
        for (int round = 0; round < 3; round++)
        {
            if (round == 1) (scratch, before) = (Scratch.ByteLength, GC.GetAllocatedBytesForCurrentThread());
            Run(kernels, e, w, labels, 100, 7, 130, de, dw);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(scratch, Scratch.ByteLength);
    }

    private static long Extra(int rows, int features, int classes)
    {
        float[] e = RandomFloats.Uniform(1, (long)rows * features), w = RandomFloats.Uniform(2, (long)classes * features);
        var random = new Random(3);
        Run(
            KernelSetCases.Get(KernelSets.Best, 1),
            e,
            w,
            [.. Enumerable.Range(0, rows).Select(_ => random.Next(classes))],
            rows,
            features,
            classes,
            new float[e.Length],
            new float[w.Length]);
        return Scratch.ByteLength;
    }

    private static unsafe void Run(IKernels kernels, float[] e, float[] w, int[] labels, int rows, int features, int classes, float[] de, float[] dw)
    {
        fixed (float* pe = e, pw = w, pde = de, pdw = dw)
        fixed (int* y = labels)
        {
            kernels.LinearCrossEntropy(new(), new LinearLossOperands
            {
                Rows = rows,
                Features = features,
                Classes = classes,
                Embeddings = new(pe, e.Length),
                LdEmbeddings = features,
                Weight = new(pw, w.Length),
                LdWeight = features,
                Labels = new(y, rows),
                EmbeddingGradient = new(pde, de.Length),
                LdEmbeddingGradient = features,
                WeightGradient = new(pdw, dw.Length),
                LdWeightGradient = features,
            });
        }
    }
}
