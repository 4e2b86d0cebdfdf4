using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>Every .onnx file of the golden families: logits, names, and weights equal to those of the .safetensors beside it.</summary>
public sealed class OnnxGoldenTests
{
    public static TheoryData<string> Exported => ["resnet20_bn", "resnet20_default", "resnet20_leaky_bn", "resnet20_leaky_folded", "lenet", "lenet_view", "mlp"];

    [Theory]
    [MemberData(nameof(Exported))]
    public void ExportedNetworksGiveTheStoredLogits(string name)
    {
        JsonElement c = Golden.Manifest("onnx").GetProperty("cases").EnumerateArray().Single(e => e.GetProperty("name").GetString() == name);
        JsonElement inputs = c.GetProperty("inputs"), expected = c.GetProperty("expected");
        int n = inputs.GetProperty("images").GetProperty("shape")[0].GetInt32();
        Network network = Network.Load(File(c, "onnx"));
        float[] logits = network.Predict(Golden.Floats("onnx", inputs.GetProperty("images")), n, ImageLayout.Nchw);
        JsonElement tolerance = c.GetProperty("tolerance").GetProperty("float32");
        Tolerance.AssertClose(
            Golden.Array("onnx", expected.GetProperty("logits")), logits, tolerance.GetProperty("rtol").GetDouble(), tolerance.GetProperty("atol").GetDouble(), name);
        Assert.Equal([.. expected.GetProperty("argmax").EnumerateArray().Select(e => e.GetInt32())], Argmax(logits, n));
        // The names are the manifest's initializers, where the exporter has not folded them away; and all of them but the operands of Slice and Pad.
        HashSet<string> stored = [.. c.GetProperty("parameters").GetProperty("initializers").EnumerateObject().Select(p => p.Name)];
        if (name != "resnet20_default") Assert.All(network.Parameters.Parameters, p => Assert.Contains(p.Name, stored));
        Assert.Equal(stored.Count(s => s.EndsWith(".running_var", StringComparison.Ordinal)), network.Nodes.OfType<BatchNormNode>().Count());
    }

    [Theory]
    [InlineData("resnet20_bn", "resnet20-12fca82f", false)]
    [InlineData("resnet20_default", "resnet20-12fca82f", true)]
    public void AResNetHasTheNamesShapesAndOrderOfTheOneBuiltInCode(string name, string weights, bool folded)
    {
        Network network = Network.Load(Path.Combine(Golden.Folder("onnx"), $"{name}.onnx"));
        Network built = ResNets.Cifar(20).LoadWeights(Golden.Data($"resnet-cifar10/{weights}.safetensors"));
        if (folded) built = built.FoldBatchNorm();
        Assert.Equal(built.Parameters.Parameters.Select(p => p.Name), network.Parameters.Parameters.Select(p => p.Name));
        // A shortcut becomes a layer where it is read: the order of layers without parameters is the file's.
        Assert.Equal(built.Nodes.Select(n => n.GetType().Name).Order(), network.Nodes.Select(n => n.GetType().Name).Order());
        foreach (ParameterInfo p in built.Parameters.Parameters)
        {
            float[] expected = built.GetTensor(p.Name), actual = network.GetTensor(p.Name);
            // The exporter folds in fp32: a division, a square root and two products, each rounded.
            if (folded) Tolerance.AssertClose([.. expected.Select(v => (double)v)], actual, 1e-6, 1e-6, p.Name);
            else Assert.Equal(expected, actual);
        }
        float[] images = RandomNetworks.Images(built, 3, 1);
        if (!folded) Tolerance.AssertSameBits(built.Predict(images, 3), network.Predict(images, 3), "predictions");
    }

    [Fact]
    public void TheNetworksOfOtherFamiliesHaveTheWeightsBesideThemAndTheirOutputs()
    {
        int files = 0;
        foreach ((string of, JsonElement c, string onnx) in Others())
        {
            JsonElement inputs = c.GetProperty("inputs"), expected = c.GetProperty("expected");
            Network network = Network.Load(Path.Combine(Golden.Folder(of), onnx));
            JsonElement x = inputs.TryGetProperty("x", out JsonElement named) ? named : inputs.GetProperty("images");
            // Which name a family gives the network's outputs at w0.
            JsonElement f = expected.TryGetProperty("f0", out JsonElement f0) || inputs.TryGetProperty("f0", out f0) ? f0 : expected.GetProperty("f");
            // 1e-4: fp32 over twenty layers, the most that there are.
            Tolerance.AssertClose(
                Golden.Array(of, f), network.Predict(Golden.Floats(of, x), Golden.Shape(of, x)[0], ImageLayout.Nchw), 1e-4, 1e-4, $"{of}/{onnx}");
            Dictionary<string, (double[] Values, int[] Shape)> tensors = GoldenNetworks.Tensors(of, inputs.GetProperty("w0"));
            Assert.Equal(tensors.Keys.Where(k => !k.Contains("running_", StringComparison.Ordinal)).Order(), network.Parameters.Parameters.Select(p => p.Name).Order());
            foreach ((string name, (double[] values, int[] shape)) in tensors)
            {
                Assert.Equal(values, network.GetTensor(name).Select(v => (double)v).ToArray());
                if (network.Parameters.TryGet(name, out ParameterInfo? p)) Assert.Equal(shape, p!.Shape);
            }
            files++;
        }
        Assert.True(files >= 9, $"{files} files");
    }

    private static IEnumerable<(string Family, JsonElement Case, string File)> Others()
    {
        HashSet<string> seen = [];
        foreach (string of in (string[])["linearized", "lqf", "kfac"])
        {
            foreach (JsonElement c in Golden.Manifest(of).GetProperty("cases").EnumerateArray())
            {
                if (!c.GetProperty("inputs").TryGetProperty("onnx", out JsonElement onnx)) continue;
                string file = onnx.GetProperty("file").GetString()!;
                if (seen.Add($"{of}/{file}")) yield return (of, c, file);
            }
        }
    }

    private static string File(JsonElement c, string of) => Path.Combine(Golden.Folder(of), c.GetProperty("inputs").GetProperty("model").GetProperty("file").GetString()!);

    private static int[] Argmax(float[] logits, int n) => [.. Enumerable.Range(0, n).Select(i =>
    {
        float[] row = logits[(i * 10)..((i + 1) * 10)];
        return Array.IndexOf(row, row.Max());
    })];
}
