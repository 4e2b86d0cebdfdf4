using System.Diagnostics;

namespace GracefulKernels.Tests;

/// <summary>ResNet-20 with its published weights on the CIFAR-10 test set: all of it, or its beginning where a processor plays the device.</summary>
public abstract class ResNetTests(KernelFamily family, ITestOutputHelper output)
{
    private const int Right = 9173;

    [Fact]
    public void HasThePublishedNumberRightWithTheSameBitsOnEveryInstructionSet()
    {
        int n = family.Fewer(Cifar.Labels.Length, 300);
        ReadOnlySpan<float> images = Cifar.Images.AsSpan(0, n * 3072);
        int[] labels = Cifar.Labels[..n];
        double[] expected = Published(n);
        int right = Accuracy(expected, labels);
        if (family.IsCpu) Assert.Equal(Right, right);
        float[]? first = null;
        foreach (ComputeDevice device in family.Devices)
        {
            Network network = Load(device);
            var clock = Stopwatch.StartNew();
            float[] logits = network.Predict(images, n);
            output.WriteLine($"{device}: {n} images in {clock.Elapsed.TotalSeconds:F2} s");
            if (first is null)
            {
                first = logits;
                Assert.Equal(right, Accuracy([.. logits.Select(v => (double)v)], labels));
                // Twenty layers of fp32 on both sides; PyTorch's own fp32 error on this network is 1e-5 (golden/linearized).
                Tolerance.AssertClose(expected, logits, 1e-4, 1e-4, "logits");
            }
            else
            {
                Tolerance.AssertSameBits(first, logits, device.ToString());
            }
        }
    }

    [Fact]
    public void FoldedItComputesTheSame()
    {
        int n = family.Fewer(1000, 100);
        Network network = Load(family.Device).FoldBatchNorm();
        // Folding rounds each weight once more.
        Tolerance.AssertClose(Published(n), network.Predict(Cifar.Images.AsSpan(0, n * 3072), n), 1e-4, 2e-4, "logits");
    }

    private static Network Load(ComputeDevice device)
        => ResNets.Cifar(20, device: device).LoadWeights(Golden.Data("resnet-cifar10/resnet20-12fca82f.safetensors"));

    private static double[] Published(int samples) => Golden.Npy(Golden.Data("cifar10-logits/test_resnet20_logits.npy")).Values[..(samples * 10)];

    private static int Accuracy(double[] logits, int[] labels)
    {
        int right = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<double> row = logits.AsSpan(i * 10, 10);
            int best = 0;
            for (int c = 1; c < 10; c++)
            {
                if (row[c] > row[best]) best = c;
            }
            if (best == labels[i]) right++;
        }
        return right;
    }
}

public sealed class ResNetTestsOnCpu(ITestOutputHelper output) : ResNetTests(KernelFamily.Cpu, output);

public sealed class ResNetTestsOnGpu(ITestOutputHelper output) : ResNetTests(KernelFamily.Gpu, output);
