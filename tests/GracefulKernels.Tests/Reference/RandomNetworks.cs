namespace GracefulKernels.Tests;

/// <summary>Small networks that hold every kind of layer, with random weights (running statistics and γ, β too).</summary>
internal static class RandomNetworks
{
    public static TheoryData<string> Names => ["residual", "kept", "pools", "vector", "diamond"];

    public static Network Get(string name, int seed, ComputeDevice? device = null) => name switch
    {
        "residual" => Residual(seed, device),
        "kept" => Kept(seed, device),
        "pools" => Pools(seed, device),
        "vector" => Vector(seed, device),
        "diamond" => Diamond(seed, device),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    /// <summary>Folded residual blocks: identity, option-A and projection shortcuts, odd sizes, stride, dilation.</summary>
    public static Network Residual(int seed, ComputeDevice? device = null)
    {
        var b = new NetworkBuilder(9, 7, 3);
        LayerOutput x = b.LeakyRelu(b.Convolution("stem", b.Input, 5, 3, padding: 1), 0.1f);
        LayerOutput y = b.LeakyRelu(b.Convolution("a1", x, 5, 3, padding: 1), 0.1f);
        x = b.LeakyRelu(b.Add(b.Convolution("a2", y, 5, 3, padding: 2, dilation: 2), x), 0.1f);
        y = b.LeakyRelu(b.Convolution("b1", x, 8, 3, stride: 2, padding: 1, bias: false), 0.1f);
        x = b.LeakyRelu(b.Add(b.Shortcut(x, 2, 1, 2), b.Convolution("b2", y, 8, 3, padding: 1)), 0.1f);
        y = b.LeakyRelu(b.Convolution("c1", x, 6, 1), 0.1f);
        x = b.Add(b.Convolution("c2", y, 6, 3, padding: 1), b.Convolution("project", x, 6, 1));
        return Finish(b, b.Linear("head", b.GlobalMean(b.LeakyRelu(x, 0.1f)), 4), seed, device);
    }

    /// <summary>Batch normalisation kept: behind convolutions, behind a linear layer, right at the input, and one whose output two layers read.</summary>
    private static Network Kept(int seed, ComputeDevice? device)
    {
        var b = new NetworkBuilder(6, 5, 2);
        LayerOutput x = b.BatchNorm("first", b.Input);
        x = b.LeakyRelu(b.BatchNorm("bn1", b.Convolution("conv1", x, 4, 3, padding: 1, bias: false)), 0.05f);
        LayerOutput y = b.BatchNorm("bn2", b.Convolution("conv2", x, 4, 3, padding: 1));
        x = b.LeakyRelu(b.Add(y, x), 0.05f);
        x = b.Add(b.BatchNorm("bn3", x), x);
        x = b.Linear("fc1", b.Flatten(x), 9);
        x = b.LeakyRelu(b.BatchNorm("bn4", x), 0.05f);
        return Finish(b, b.Linear("fc2", x, 3, bias: false), seed, device);
    }

    /// <summary>Pools with and without padding, also before the first parameter, and a flattened image into a linear layer.</summary>
    private static Network Pools(int seed, ComputeDevice? device)
    {
        var b = new NetworkBuilder(12, 10, 3);
        LayerOutput x = b.MeanPool(b.Input, 2, 1, 1, countPadding: false);
        x = b.MaxPool(b.LeakyRelu(b.Convolution("conv1", x, 17, 3), 0.2f), 3, 2, 1);
        x = b.MeanPool(b.Convolution("conv2", x, 6, 2), 2);
        x = b.LeakyRelu(x, 0.2f);
        return Finish(b, b.Linear("fc", b.Flatten(x), 5), seed, device);
    }

    private static Network Vector(int seed, ComputeDevice? device)
    {
        var b = new NetworkBuilder(13);
        LayerOutput x = b.LeakyRelu(b.Linear("fc1", b.Input, 20), 0.01f);
        x = b.LeakyRelu(b.Add(b.Linear("fc2", x, 20), x), 0f);
        // The output is an activation: its cotangent is changed in place before anything else.
        return Finish(b, b.LeakyRelu(b.Linear("fc3", x, 3), 0.3f), seed, device);
    }

    /// <summary>Values with three readers, a sum of a value with itself, a convolution whose addend is its own input, and an activation that nothing can take in.</summary>
    private static Network Diamond(int seed, ComputeDevice? device)
    {
        var b = new NetworkBuilder(5, 5, 4);
        LayerOutput x = b.Convolution("root", b.Input, 4, 3, padding: 1);
        LayerOutput own = b.Add(b.Convolution("own", x, 4, 1), x);
        LayerOutput twice = b.Add(x, x);
        LayerOutput sum = b.LeakyRelu(b.Add(b.LeakyRelu(own, 0.1f), b.LeakyRelu(twice, 0.1f)), 0.1f);
        // The input itself is an operand: a sum with one tangent only.
        sum = b.Add(b.Input, sum);
        return Finish(b, b.Linear("head", b.GlobalMean(b.Add(sum, x)), 3), seed, device);
    }

    public static float[] Images(Network network, int samples, int seed) => Normal(samples * network.InputShape.Elements, seed);

    public static float[] Normal(int length, int seed)
    {
        var random = new CounterRandom((ulong)seed);
        return [.. Enumerable.Range(0, length).Select(i => (float)random.Normal((ulong)i))];
    }

    public static ParameterVector Direction(Network network, int seed, float scale = 1f)
        => ParameterVector.FromArray(network.Parameters, network.Device, [.. Normal((int)network.Parameters.Count, seed).Select(v => scale * v)]);

    private static Network Finish(NetworkBuilder b, LayerOutput output, int seed, ComputeDevice? device)
    {
        Network network = b.Build(output, device).WithRandomWeights(seed);
        using ParameterVector noise = Direction(network, seed + 1, 0.1f);
        string path = Path.Combine(Path.GetTempPath(), $"graceful-{Guid.NewGuid():N}.safetensors");
        try
        {
            // Running statistics are no parameters: they come in through a file.
            network.WithUpdate(noise).SaveWeights(path);
            if (network.Nodes.OfType<BatchNormNode>().Any()) PerturbStatistics(path, seed);
            return b.Build(output, device).LoadWeights(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void PerturbStatistics(string path, int seed)
    {
        var writer = new SafetensorsWriter();
        using (SafetensorsReader reader = SafetensorsReader.Open(path))
        {
            foreach (SafetensorsEntry t in reader.Tensors)
            {
                float[] values = reader.Read<float>(t.Name), noise = Normal(values.Length, seed + t.Name.Length);
                for (int i = 0; i < values.Length; i++)
                {
                    if (t.Name.EndsWith("running_mean", StringComparison.Ordinal)) values[i] = 0.3f * noise[i];
                    if (t.Name.EndsWith("running_var", StringComparison.Ordinal)) values[i] = 0.5f + (noise[i] * noise[i]);
                }
                writer.Add(t.Name, values, [.. t.Shape]);
            }
        }
        writer.Save(path);
    }
}
