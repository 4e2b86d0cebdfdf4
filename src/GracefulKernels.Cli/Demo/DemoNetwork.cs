using GracefulKernels.Cli.Data;

namespace GracefulKernels.Cli.Demo;

/// <summary>The network of the demo: two residual blocks of leaky ReLUs, no batch normalisation, 19,018 parameters.</summary>
internal static class DemoNetwork
{
    /// <summary>Larger than the usual 0.01: the network is made for linearisation, and starts from nothing anyway.</summary>
    private const float Slope = 0.1f;

    /// <summary>Of a block's second convolution at the start: without normalisation each block would double the variance.</summary>
    private const float BranchScale = 0.5f;

    public static Network Create(ComputeDevice device, int seed)
    {
        const int Narrow = 16, Wide = 32;
        var b = new NetworkBuilder(Digits.Side, Digits.Side, 1);
        LayerOutput x = b.LeakyRelu(b.Convolution("stem", b.Input, Narrow, 3, padding: 1), Slope);
        LayerOutput y = b.LeakyRelu(b.Convolution("block1.conv1", x, Narrow, 3, padding: 1), Slope);
        x = b.LeakyRelu(b.Add(b.Convolution("block1.conv2", y, Narrow, 3, padding: 1), x), Slope);
        y = b.LeakyRelu(b.Convolution("block2.conv1", x, Wide, 3, stride: 2, padding: 1), Slope);
        LayerOutput shortcut = b.Shortcut(x, 2, (Wide - Narrow) / 2, (Wide - Narrow) / 2);
        x = b.LeakyRelu(b.Add(b.Convolution("block2.conv2", y, Wide, 3, padding: 1), shortcut), Slope);
        return Damped(b.Build(b.Linear("head", b.GlobalMean(x), Digits.Classes), device).WithRandomWeights(seed));
    }

    private static Network Damped(Network network)
    {
        using ParameterVector drawn = network.GetWeights();
        float[] weights = drawn.ToArray();
        int at = 0;
        foreach (ParameterInfo p in network.Parameters.Parameters)
        {
            if (p.Name.EndsWith(".conv2.weight", StringComparison.Ordinal))
            {
                foreach (ref float w in weights.AsSpan(at, p.Length)) w *= BranchScale;
            }
            at += p.Length;
        }
        using var scaled = ParameterVector.FromArray(network.Parameters, network.Device, weights);
        return network.WithWeights(scaled);
    }
}
