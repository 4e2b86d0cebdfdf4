using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>Networks that a golden manifest writes down, with the weights beside it.</summary>
internal static class GoldenNetworks
{
    /// <summary>The network of a case: <c>architecture</c> with the tensors of <c>w0</c>.</summary>
    public static Network Load(string family, JsonElement architecture, int[] imageShape, JsonElement w0, ComputeDevice? device = null)
        => Build(architecture, imageShape, device).LoadWeights(Path.Combine(Golden.Folder(family), w0.GetProperty("file").GetString()!));

    /// <param name="imageShape">[n, c, h, w] or [n, features].</param>
    public static Network Build(JsonElement architecture, int[] imageShape, ComputeDevice? device = null)
    {
        if (architecture.TryGetProperty("resnet", out JsonElement resnet))
        {
            int depth = int.Parse(resnet.GetString()!["resnet".Length..], System.Globalization.CultureInfo.InvariantCulture);
            Network network = ResNets.Cifar(depth, 10, architecture.GetProperty("slope").GetSingle(), device);
            return architecture.GetProperty("folded").GetBoolean() ? network.FoldBatchNorm() : network;
        }
        NetworkBuilder b = imageShape.Length == 2 ? new NetworkBuilder(imageShape[1]) : new NetworkBuilder(imageShape[2], imageShape[3], imageShape[1]);
        LayerOutput x = b.Input;
        foreach (JsonElement layer in architecture.GetProperty("layers").EnumerateArray())
        {
            string name = layer.TryGetProperty("name", out JsonElement n) ? n.GetString()! : "";
            x = layer.GetProperty("type").GetString() switch
            {
                "conv" => b.Convolution(name, x, Int(layer, "out"), Int(layer, "kernel"), Int(layer, "stride", 1), Int(layer, "padding", 0), Flag(layer, "bias"), Int(layer, "dilation", 1)),
                "linear" => b.Linear(name, x, Int(layer, "out"), Flag(layer, "bias")),
                "leaky" => b.LeakyRelu(x, layer.GetProperty("slope").GetSingle()),
                "relu" => b.Relu(x),
                "bn" => b.BatchNorm(name, x),
                "maxpool" => b.MaxPool(x, Int(layer, "kernel"), Int(layer, "stride", Int(layer, "kernel")), Int(layer, "padding", 0)),
                "avgpool" => b.MeanPool(x, Int(layer, "kernel"), Int(layer, "stride", Int(layer, "kernel")), Int(layer, "padding", 0)),
                "gap" => b.GlobalMean(x),
                "flatten" or "view" => b.Flatten(x),
                var other => throw new NotSupportedException(other),
            };
        }
        return b.Build(x, device);
    }

    /// <summary>A flat vector in the network's order from named tensors.</summary>
    public static double[] Flat(Network network, Dictionary<string, (double[] Values, int[] Shape)> tensors)
        => [.. network.Parameters.Parameters.SelectMany(p => tensors[p.Name].Values)];

    public static ParameterVector Vector(Network network, Dictionary<string, (double[] Values, int[] Shape)> tensors)
        => ParameterVector.FromArray(network.Parameters, network.Device, [.. Flat(network, tensors).Select(v => (float)v)]);

    public static Dictionary<string, (double[] Values, int[] Shape)> Tensors(string family, JsonElement entry)
        => Golden.Safetensors(Path.Combine(Golden.Folder(family), entry.GetProperty("file").GetString()!));

    private static int Int(JsonElement e, string name, int? otherwise = null)
        => e.TryGetProperty(name, out JsonElement v) ? v.GetInt32() : otherwise ?? throw new KeyNotFoundException(name);

    private static bool Flag(JsonElement e, string name) => !e.TryGetProperty(name, out JsonElement v) || v.GetBoolean();
}
