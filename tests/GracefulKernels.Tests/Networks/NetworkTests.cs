namespace GracefulKernels.Tests;

/// <summary>Building, initial weights and files.</summary>
public class NetworkTests
{
    [Theory]
    [MemberData(nameof(RandomNetworks.Names), MemberType = typeof(RandomNetworks))]
    public void WeightsSurviveTheirFile(string name)
    {
        Network network = RandomNetworks.Get(name, 3);
        using var folder = new TemporaryFolder();
        network.SaveWeights(folder.File("w.safetensors"));
        Network back = network.WithRandomWeights(99).LoadWeights(folder.File("w.safetensors"));
        back.SaveWeights(folder.File("again.safetensors"));
        Assert.Equal(File.ReadAllBytes(folder.File("w.safetensors")), File.ReadAllBytes(folder.File("again.safetensors")));
        float[] images = RandomNetworks.Images(network, 5, 1);
        Tolerance.AssertSameBits(network.Predict(images, 5), back.Predict(images, 5), "predictions");
    }

    [Fact]
    public void ShapesAreInferredAndChecked()
    {
        var b = new NetworkBuilder(9, 7, 3);
        LayerOutput x = b.Convolution("conv", b.Input, 5, 3, stride: 2, padding: 1);
        Assert.Equal("[5 × 4 × 5]", x.Shape.ToString());
        Assert.Equal("[2 × 2 × 5]", b.MaxPool(x, 2).Shape.ToString());
        Assert.Equal("[3 × 2 × 8]", b.Shortcut(x, 2, 1, 2).Shape.ToString());
        Assert.Equal("[100]", b.Flatten(x).Shape.ToString());
        AssertMessage("conv 'name'", () => b.Convolution("conv", b.Input, 5, 3), "There is a layer 'conv' already.", "name");
        AssertMessage("linear on an image", () => b.Linear("fc", x, 3), "takes a vector; its input is [5 × 4 × 5]", "input");
        AssertMessage("conv on a vector", () => b.Convolution("c2", b.Flatten(x), 3, 1), "takes an image [height × width × channels]; its input is [100].", "input");
        AssertMessage("kernel too large", () => b.Convolution("c3", x, 3, 7), "reaches over 7 pixels; its input is [5 × 4 × 5] with padding 0.", "kernel");
        AssertMessage("pool too large", () => b.MaxPool(x, 5), "reaches over 5 pixels", "kernel");
        AssertMessage("sum", () => b.Add(x, b.Input), "b is [9 × 7 × 3]; expected [5 × 4 × 5] (the shape of a).", "b");
        AssertMessage("image as output", () => b.Build(x), "output is [5 × 4 × 5]; expected a vector of logits", "output");
        AssertMessage("another builder", () => b.Relu(new NetworkBuilder(3).Input), "another builder", "input");
        AssertMessage("norm of a flattened image", () => b.BatchNorm("bn", b.Flatten(x)), "put it before Flatten", "input");
        Assert.Throws<ArgumentOutOfRangeException>(() => b.Convolution("c4", x, 0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => b.LeakyRelu(x, float.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => b.MaxPool(x, 2, padding: 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ResNets.Cifar(19));
    }

    [Fact]
    public void LayersThatLeadNowhereAreLeftOut()
    {
        var b = new NetworkBuilder(4);
        LayerOutput used = b.Linear("used", b.Input, 3);
        _ = b.Linear("unused", b.Input, 3);
        Assert.Equal(["used.weight", "used.bias"], b.Build(used).Parameters.Parameters.Select(p => p.Name));
    }

    [Fact]
    public void WrongWeightFilesAreNamed()
    {
        var b = new NetworkBuilder(5, 5, 3);
        Network network = b.Build(b.Linear("fc", b.GlobalMean(b.BatchNorm("bn", b.Convolution("conv", b.Input, 4, 3))), 2));
        using var folder = new TemporaryFolder();
        string path = folder.File("w.safetensors");
        var shapes = new Dictionary<string, long[]>
        {
            ["conv.weight"] = [4, 3, 3, 3], ["conv.bias"] = [4], ["bn.weight"] = [4], ["bn.bias"] = [4], ["bn.running_mean"] = [4],
            ["bn.running_var"] = [4], ["fc.weight"] = [2, 4], ["fc.bias"] = [2],
        };
        Write(shapes);
        _ = network.LoadWeights(path);
        Write(new(shapes) { ["bn.num_batches_tracked"] = [] });
        _ = network.LoadWeights(path);
        Write(new(shapes) { ["conv.weight"] = [4, 3, 5, 3] });
        AssertFails("tensor 'conv.weight' is [4 × 3 × 5 × 3]; expected [4 × 3 × 3 × 3].");
        Write(new(shapes.Where(s => s.Key != "fc.bias")));
        AssertFails("no tensor 'fc.bias'; expected one of shape [2].");
        Write(new(shapes) { ["extra"] = [7] });
        AssertFails("tensor 'extra'; the network has no such tensor.");
        Write(shapes, float.NaN);
        AssertFails("element 0 of tensor 'conv.weight' is NaN");
        Write(shapes, -1f);
        AssertFails("element 0 of tensor 'bn.running_var' is not a variance.");

        void Write(Dictionary<string, long[]> tensors, float value = 1f)
        {
            var writer = new SafetensorsWriter();
            foreach ((string name, long[] shape) in tensors)
            {
                float[] values = new float[shape.Aggregate(1L, (p, s) => p * s)];
                values.AsSpan().Fill(value);
                writer.Add(name, values, shape);
            }
            writer.Save(path);
        }

        void AssertFails(string text) => Assert.Contains(text, Assert.Throws<InvalidDataException>(() => network.LoadWeights(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RandomWeightsHaveTheirVarianceAndDependOnTheSeedAlone()
    {
        var b = new NetworkBuilder(8, 8, 16);
        LayerOutput x = b.LeakyRelu(b.Convolution("conv", b.Input, 64, 3), 0.5f);
        Network network = b.Build(b.Linear("fc", b.Flatten(x), 10));
        float[] w = network.WithRandomWeights(3).GetTensor("conv.weight"), fc = network.WithRandomWeights(3).GetTensor("fc.weight");
        // The variance of m normal numbers has a relative deviation of √(2/m): 2 % for 9216 numbers, 1 % for 23040; five of them.
        Assert.Equal(2 / (1.25 * 144), w.Average(v => (double)v * v), 0.1 * 2 / (1.25 * 144));
        Assert.Equal(1.0 / 2304, fc.Average(v => (double)v * v), 0.05 / 2304);
        Tolerance.AssertSameBits(w, network.WithRandomWeights(3).GetTensor("conv.weight"), "the same seed");
        Assert.NotEqual(w, network.WithRandomWeights(4).GetTensor("conv.weight"));
        Assert.All(network.WithRandomWeights(3).GetTensor("conv.bias"), v => Assert.Equal(0f, v));
    }

    private static void AssertMessage(string what, Func<object> call, string text, string parameter)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => { _ = call(); });
        Assert.True(e.Message.Contains(text, StringComparison.Ordinal), $"{what}: {e.Message}");
        Assert.Equal(parameter, e.ParamName);
    }
}
