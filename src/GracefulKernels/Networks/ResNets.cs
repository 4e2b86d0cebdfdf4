namespace GracefulKernels;

/// <summary>Residual networks for CIFAR (He et al. 2016, §4.2), with the parameter names of akamaster/pytorch_resnet_cifar10.</summary>
public static class ResNets
{
    /// <summary>
    /// conv3×3 (3 → 16), three stages of (depth − 2)/6 basic blocks with 16, 32 and 64 channels on 32², 16² and 8² pixels, option-A shortcuts, global mean,
    /// linear. Input [32 × 32 × 3]: RGB/255, minus (.485 .456 .406), over (.229 .224 .225).
    /// </summary>
    /// <param name="depth">6n + 2: 20, 32, 44, 56, 110.</param>
    /// <param name="classes">C.</param>
    /// <param name="slope">Of the leaky ReLUs; 0 for ReLU.</param>
    /// <param name="device">Where the network runs.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="depth"/> is not 6n + 2 with n ≥ 1, or there is no class.</exception>
    public static Network Cifar(int depth = 20, int classes = 10, float slope = 0f, ComputeDevice? device = null)
    {
        if (depth < 8 || (depth - 2) % 6 != 0) throw new ArgumentOutOfRangeException(nameof(depth), depth, $"depth is {depth}; expected 6n + 2 (8, 14, 20, …).");
        Check.Positive(classes);
        int blocks = (depth - 2) / 6, channels = 16;
        var b = new NetworkBuilder(32, 32, 3);
        LayerOutput x = b.Convolution("conv1", b.Input, channels, 3, padding: 1, bias: false);
        x = b.LeakyRelu(b.BatchNorm("bn1", x), slope);
        for (int stage = 1; stage <= 3; stage++)
        {
            for (int block = 0; block < blocks; block++)
            {
                bool widens = stage > 1 && block == 0;
                string name = $"layer{stage}.{block}";
                LayerOutput shortcut = widens ? b.Shortcut(x, 2, channels / 2, channels / 2) : x;
                if (widens) channels *= 2;
                x = b.Convolution($"{name}.conv1", x, channels, 3, stride: widens ? 2 : 1, padding: 1, bias: false);
                x = b.LeakyRelu(b.BatchNorm($"{name}.bn1", x), slope);
                x = b.Convolution($"{name}.conv2", x, channels, 3, padding: 1, bias: false);
                x = b.LeakyRelu(b.Add(b.BatchNorm($"{name}.bn2", x), shortcut), slope);
            }
        }
        return b.Build(b.Linear("linear", b.GlobalMean(x), classes), device);
    }
}
