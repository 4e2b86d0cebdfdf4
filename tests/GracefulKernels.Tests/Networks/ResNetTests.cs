using System.Diagnostics;

namespace GracefulKernels.Tests;

/// <summary>ResNet-20 with its published weights on all of the CIFAR-10 test set.</summary>
public class ResNetTests(ITestOutputHelper output)
{
    private const int Right = 9173;

    [Fact]
    public void HasThePublishedNumberRightWithTheSameBitsOnEveryInstructionSet()
    {
        float[] images = Cifar.Images;
        int[] labels = Cifar.Labels;
        float[]? first = null;
        foreach (SimdLevel simd in ComputeDevice.SupportedSimd)
        {
            using ComputeDevice device = ComputeDevice.Cpu(simd);
            Network network = ResNets.Cifar(20, device: device).LoadWeights(Golden.Data("resnet-cifar10/resnet20-12fca82f.safetensors"));
            int n = labels.Length;
            var clock = Stopwatch.StartNew();
            float[] logits = network.Predict(images, n);
            output.WriteLine($"{device}: {n} images in {clock.Elapsed.TotalSeconds:F2} s");
            if (first is null)
            {
                first = logits;
                Assert.Equal(Right, Accuracy(logits, labels));
                (double[] expected, _) = Golden.Npy(Golden.Data("cifar10-logits/test_resnet20_logits.npy"));
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
        const int N = 1000;
        Network network = ResNets.Cifar(20).LoadWeights(Golden.Data("resnet-cifar10/resnet20-12fca82f.safetensors")).FoldBatchNorm();
        (double[] expected, _) = Golden.Npy(Golden.Data("cifar10-logits/test_resnet20_logits.npy"));
        // Folding rounds each weight once more.
        Tolerance.AssertClose(expected.AsSpan(0, N * 10), network.Predict(Cifar.Images.AsSpan(0, N * 3072), N), 1e-4, 2e-4, "logits");
    }

    private static int Accuracy(float[] logits, int[] labels)
    {
        int right = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<float> row = logits.AsSpan(i * 10, 10);
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
