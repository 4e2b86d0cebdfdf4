using Google.Protobuf;
using GracefulKernels.Onnx;

namespace GracefulKernels.Tests;

/// <summary>Every form of every operator against ONNX Runtime.</summary>
public sealed class OnnxOperatorTests
{
    private const int Samples = 3;

    public static TheoryData<string> Cases => [.. All.Keys.Order()];

    private static Dictionary<string, ModelProto> All { get; } = Make();

    [Theory]
    [MemberData(nameof(Cases))]
    public void AgreesWithOnnxRuntime(string name)
    {
        ModelProto model = All[name];
        long[] dims = [.. model.Graph.Input[0].Type.TensorType.Shape.Dim.Select(d => d.DimValue)];
        int samples = dims[0] > 0 ? (int)dims[0] : Samples;
        float[] x = RandomNetworks.Normal((int)(samples * dims[1..].Aggregate(1L, (a, b) => a * b)), 99);
        (float[] theirs, int[] shape) = OnnxRuntime.Run(model, x, [samples, .. dims[1..].Select(d => (int)d)]);
        Network network = Load(model);
        float[] ours = network.Predict(x, samples, ImageLayout.Nchw);
        LayerShape y = network.Nodes[^1].Shape;
        if (y.IsImage)
        {
            float[] first = new float[ours.Length];
            ChannelOrder.ToChannelsFirst(samples, y.Channels, y.Pixels, ours, first);
            ours = first;
        }
        Assert.Equal(theirs.Length, ours.Length);
        Assert.Equal(samples, shape[0]);
        // A layer or two in fp32.
        Tolerance.AssertClose([.. theirs.Select(v => (double)v)], ours, 2e-5, 2e-5, name);
    }

    [Fact]
    public void AFixedBatchIsOpenedForAnyNumber()
    {
        ModelProto model = new OnnxModels(13, 2, 3, 4, 4).Longs("shape", 2, -1).Node("f", "Reshape", "x shape").Weights("fc.weight", 5, 48).Node("y", "Gemm", "f fc.weight", ("transB", 1L)).Ending("y");
        float[] x = RandomNetworks.Normal(4 * 48, 5);
        float[] all = Load(model).Predict(x, 4, ImageLayout.Nchw);
        float[] first = OnnxRuntime.Run(model, x[..96], 2, 3, 4, 4).Values, second = OnnxRuntime.Run(model, x[96..], 2, 3, 4, 4).Values;
        Tolerance.AssertClose([.. first.Concat(second).Select(v => (double)v)], all, 2e-5, 2e-5, "4 samples of a file for 2");
    }

    [Fact]
    public void OpenSizesAreGivenByTheOptions()
    {
        ModelProto model = new OnnxModels(13, "n", 3, "h", "w").Weights("c.weight", 4, 3, 3, 3).Node("c", "Conv", "x c.weight").Node("y", "GlobalAveragePool", "c").Node("z", "Flatten", "y").Ending("z");
        Assert.Contains("give OnnxOptions.ImageSize", Assert.Throws<InvalidDataException>(() => Load(model)).Message, StringComparison.Ordinal);
        Network network = Load(model, new OnnxOptions { ImageSize = (6, 5) });
        Assert.Equal(new LayerShape(6, 5, 3, false), network.InputShape);
        float[] x = RandomNetworks.Normal(90, 5);
        Tolerance.AssertClose([.. OnnxRuntime.Run(model, x, 1, 3, 6, 5).Values.Select(v => (double)v)], network.Predict(x, 1, ImageLayout.Nchw), 2e-5, 2e-5, "open sizes");
    }

    [Fact]
    public void ReluIsKeptOrBecomesLeaky()
    {
        ModelProto model = new OnnxModels(13, "n", 6).Node("r", "Relu", "x").Weights("a.weight", 4, 6).Node("a", "Gemm", "r a.weight", ("transB", 1L)).Node("y", "LeakyRelu", "a", ("alpha", 0.3f)).Ending("y");
        Assert.Equal([0f, 0.3f], Load(model).Nodes.OfType<LeakyReluNode>().Select(n => n.Slope));
        Assert.Equal([0f, 0.3f], Load(model, new OnnxOptions { Relu = ReluPolicy.Keep }).Nodes.OfType<LeakyReluNode>().Select(n => n.Slope));
        Assert.Equal([0.01f, 0.3f], Load(model, new OnnxOptions { Relu = ReluPolicy.Leaky(0.01f) }).Nodes.OfType<LeakyReluNode>().Select(n => n.Slope));
        Assert.Throws<ArgumentOutOfRangeException>(() => ReluPolicy.Leaky(float.NaN));
    }

    [Fact]
    public void NamesComeFromInitializersThenFromPathsThenFromNodes()
    {
        ModelProto model = new OnnxModels(13, "n", 4)
            .Weights("body.0.weight", 4, 4).Node("p", "Gemm", "x body.0.weight", ("transB", 1L))
            .Weights("onnx::MatMul_7", 4, 4).Weights("named.bias", 4).Node("/any/MatMul", "MatMul", "p onnx::MatMul_7").Node("q", "Add", "/any/MatMul named.bias")
            .Weights("w1", 4, 4).Node("/layer1/layer1.0/fc/Gemm", "Gemm", "q w1")
            .Weights("w2", 4, 4).Node("Gemm_9", "Gemm", "/layer1/layer1.0/fc/Gemm w2")
            .Weights("w3", 4, 4).Node("Gemm_9.again", "Gemm", "Gemm_9 w3").Ending("Gemm_9.again");
        foreach (NodeProto n in model.Graph.Node.Where(n => n.Name == "Gemm_9.again")) n.Name = "Gemm_9";
        Assert.Equal(["body.0", "named", "layer1.0.fc", "Gemm_9", "Gemm_9_again1"], Load(model).Nodes.OfType<LinearNode>().Select(n => n.Name));
    }

    internal static Network Load(ModelProto model, OnnxOptions? options = null)
    {
        using TemporaryFolder folder = new();
        return Network.Load(folder.File("m.onnx", model.ToByteArray()), options);
    }

    private static Dictionary<string, ModelProto> Make()
    {
        var all = new Dictionary<string, ModelProto>();
        OnnxModels Image(long operators = 13) => new(operators, "n", 3, 9, 8);
        OnnxModels Features(long operators = 13) => new(operators, "n", 6);
        foreach (long v in (long[])[9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22, 23])
        {
            // What changed its form between versions: Pad (11, 18), Slice (10), Squeeze and Unsqueeze and the like (13), ReduceMean (18), Dropout (12).
            OnnxModels m = Image(v).Weights("c.weight", 4, 3, 3, 3).Weights("c.bias", 4);
            if (v < 11) _ = m.Node("p", "Pad", "x", ("pads", new long[] { 0, 0, 1, 0, 0, 0, 2, 1 }), ("value", 0f));
            else if (v < 18) _ = m.Longs("pads", 0, 0, 1, 0, 0, 0, 2, 1).Node("p", "Pad", "x pads");
            else _ = m.Longs("pads", 1, 0, 2, 1).Longs("pa", 2, -1).Floats("zero", [], 0f).Node("p", "Pad", "x pads zero pa");
            _ = m.Node("c", "Conv", "p c.weight c.bias").Node("r", "Relu", "c");
            if (v < 12) _ = m.Node("d", "Dropout", "r", ("ratio", 0.4f));
            else _ = m.Floats("ratio", [], 0.4f).Node("d", "Dropout", "r ratio");
            if (v < 10) _ = m.Node("s", "Slice", "d", ("axes", new long[] { 3 }), ("starts", new long[] { 0 }), ("ends", new long[] { 100 }));
            else _ = m.Longs("s0", 0, 0).Longs("s1", long.MaxValue, 1000).Longs("sa", 2, -1).Longs("s2", 2, 2).Node("s", "Slice", "d s0 s1 sa s2");
            if (v < 18) _ = m.Node("y", "ReduceMean", "s", ("axes", new long[] { -1, 2 }), ("keepdims", 1L));
            else _ = m.Longs("ra", -1, 2).Node("y", "ReduceMean", "s ra", ("keepdims", 1L));
            if (v < 13) _ = m.Node("z", "Squeeze", "y", ("axes", new long[] { 2, 3 })).Node("u", "Unsqueeze", "z", ("axes", new long[] { 2, 3 }));
            else _ = m.Longs("q", -1, -2).Node("z", "Squeeze", "y q").Longs("qq", 2, 3).Node("u", "Unsqueeze", "z qq");
            all.Add($"operators of version {v:00}", m.Node("f", "Flatten", "u").Weights("fc.weight", 5, 4).Weights("fc.bias", 5).Node("out", "Gemm", "f fc.weight fc.bias", ("transB", 1L)).Ending("out"));
        }
        OnnxModels Conv(params (string, object)[] attributes) => Image().Weights("c.weight", 4, 3, 3, 2).Weights("c.bias", 4).Node("y", "Conv", "x c.weight c.bias", attributes);
        all.Add("conv plain", Conv().Ending("y"));
        all.Add("conv pads of four sizes", Conv(("pads", new long[] { 1, 0, 2, 1 }), ("strides", new long[] { 2, 1 })).Ending("y"));
        all.Add("conv dilations", Conv(("dilations", new long[] { 2, 3 }), ("kernel_shape", new long[] { 3, 2 })).Ending("y"));
        foreach (string auto in (string[])["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"]) all.Add($"conv {auto}", Conv(("auto_pad", auto), ("strides", new long[] { 2, 3 })).Ending("y"));
        all.Add("conv without bias behind its Add", Image().Weights("c.weight", 4, 3, 3, 3).Node("c", "Conv", "x c.weight").Weights("b", 4, 1, 1).Node("y", "Add", "b c").Ending("y"));
        all.Add("conv of one tap on a mean", Image().Node("g", "GlobalAveragePool", "x").Weights("c.weight", 5, 3, 1, 1).Weights("c.bias", 5).Node("c", "Conv", "g c.weight c.bias").Node("y", "Flatten", "c").Ending("y"));
        all.Add("gemm", Features().Weights("w", 6, 4).Node("y", "Gemm", "x w").Ending("y"));
        all.Add("gemm alpha beta transB", Features().Weights("w", 4, 6).Weights("b", 1, 4).Node("y", "Gemm", "x w b", ("alpha", 0.5f), ("beta", 2f), ("transB", 1L)).Ending("y"));
        all.Add("gemm one number as bias", Features().Weights("w", 6, 4).Weights("b", 1).Node("y", "Gemm", "x w b").Ending("y"));
        all.Add("gemm beta 0", Features().Weights("w", 6, 4).Weights("b", 4).Node("y", "Gemm", "x w b", ("beta", 0f)).Ending("y"));
        all.Add("matmul", Features().Weights("w", 6, 4).Node("y", "MatMul", "x w").Ending("y"));
        all.Add("matmul add", Features().Weights("w", 6, 4).Weights("b", 4).Node("m", "MatMul", "x w").Node("y", "Add", "m b").Ending("y"));
        all.Add("matmul add before", Features().Weights("w", 6, 4).Weights("b", 1, 4).Node("m", "MatMul", "x w").Node("y", "Add", "b m").Ending("y"));
        all.Add("matmul of transposed weights", Features().Weights("w", 4, 6).Node("t", "Transpose", "w", ("perm", new long[] { 1, 0 })).Node("y", "MatMul", "x t").Ending("y"));
        foreach (long v in (long[])[9, 14, 15])
        {
            OnnxModels m = Image(v).Weights("bn.weight", 3).Weights("bn.bias", 3).Weights("bn.running_mean", 3).Floats("bn.running_var", [3], 0.5f, 2f, 1f);
            all.Add($"batch norm {v:00}", m.Node("y", "BatchNormalization", "x bn.weight bn.bias bn.running_mean bn.running_var", ("epsilon", 0.01f), ("momentum", 0.8f)).Ending("y"));
        }
        all.Add("batch norm of vectors", Features().Weights("a", 6).Weights("b", 6).Weights("m", 6).Floats("v", [6], 1, 2, 3, 0.1f, 1, 0).Node("y", "BatchNormalization", "x a b m v").Ending("y"));
        all.Add("leaky relu", Features().Node("y", "LeakyRelu", "x").Ending("y"));
        OnnxModels Pool(string type, params (string, object)[] attributes) => Image().Node("y", type, "x", [("kernel_shape", new long[] { 3, 2 }), .. attributes]);
        foreach (string type in (string[])["MaxPool", "AveragePool"])
        {
            all.Add($"{type} plain", Pool(type).Ending("y"));
            all.Add($"{type} strides and pads", Pool(type, ("strides", new long[] { 2, 3 }), ("pads", new long[] { 1, 0, 1, 1 })).Ending("y"));
            all.Add($"{type} same", Pool(type, ("strides", new long[] { 2, 2 }), ("auto_pad", "SAME_UPPER")).Ending("y"));
            all.Add($"{type} without effect of ceil", Pool(type, ("strides", new long[] { 2, 2 }), ("ceil_mode", 1L)).Ending("y"));
        }
        all.Add("MaxPool ceil", Image().Node("y", "MaxPool", "x", ("kernel_shape", new long[] { 2, 3 }), ("strides", new long[] { 2, 2 }), ("ceil_mode", 1L)).Ending("y"));
        all.Add("AveragePool counting its pads", Pool("AveragePool", ("pads", new long[] { 1, 1, 0, 0 }), ("count_include_pad", 1L)).Ending("y"));
        all.Add("AveragePool behind a Pad of nothing", Image().Longs("p", 0, 0, 0, 0, 0, 0, 0, 0).Node("p0", "Pad", "x p").Node("y", "AveragePool", "p0", ("kernel_shape", new long[] { 2, 2 })).Ending("y"));
        all.Add("AveragePool behind a Pad", Image().Longs("p", 0, 0, 1, 0, 0, 0, 0, 1).Node("p0", "Pad", "x p").Node("y", "AveragePool", "p0", ("kernel_shape", new long[] { 3, 2 })).Ending("y"));
        all.Add("MaxPool behind a Pad of -inf", Image().Longs("p", 0, 0, 1, 0, 0, 0, 0, 1).Floats("v", [], float.NegativeInfinity).Node("p0", "Pad", "x p v").Node("y", "MaxPool", "p0", ("kernel_shape", new long[] { 3, 2 })).Ending("y"));
        all.Add("MaxPool behind Relu and a Pad of 0", Image().Node("r", "Relu", "x").Longs("p", 0, 0, 1, 0, 0, 0, 0, 1).Node("p0", "Pad", "r p").Node("y", "MaxPool", "p0", ("kernel_shape", new long[] { 3, 2 })).Ending("y"));
        all.Add("conv with pads behind a Pad", Image().Longs("p", 0, 0, 1, 0, 0, 0, 0, 1).Node("p0", "Pad", "x p").Weights("w", 2, 3, 3, 3).Node("y", "Conv", "p0 w", ("pads", new long[] { 0, 1, 1, 0 })).Ending("y"));
        all.Add("conv SAME behind a Pad", Image().Longs("p", 0, 0, 1, 0, 0, 0, 0, 2).Node("p0", "Pad", "x p").Weights("w", 2, 3, 3, 3).Node("y", "Conv", "p0 w", ("auto_pad", "SAME_LOWER"), ("strides", new long[] { 2, 2 })).Ending("y"));
        all.Add("global mean flattened by Reshape", Image().Node("g", "GlobalAveragePool", "x").Longs("s", 0, -1).Node("y", "Reshape", "g s").Ending("y"));
        all.Add("ReduceMean without dims kept", Image().Node("y", "ReduceMean", "x", ("axes", new long[] { 2, 3 }), ("keepdims", 0L)).Ending("y"));
        all.Add("reshape with the batch inferred", Image().Longs("s", -1, 216).Node("f", "Reshape", "x s").Weights("w", 216, 4).Node("y", "MatMul", "f w").Ending("y"));
        all.Add("chain of constants for shapes", OnnxModels.ShapeChain());
        OnnxModels Halved() => Image().Longs("a0", 0, 0).Longs("a1", int.MaxValue, int.MaxValue).Longs("a2", 2, 3).Longs("a3", 2, 2).Node("s", "Slice", "x a0 a1 a2 a3");
        all.Add("shortcut by Slice and Pad", Halved().Longs("p", 0, 1, 0, 0, 0, 2, 0, 0).Node("y", "Pad", "s p").Ending("y"));
        all.Add("shortcut by Slice and Concat", Halved().Node("shape", "Shape", "x").Longs("i0", 0).Node("n", "Gather", "shape i0").Longs("rest", 2, 5, 4).Node("zs", "Concat", "n rest", ("axis", 0L))
            .Node("z", "ConstantOfShape", "zs").Node("y", "Concat", "z s z", ("axis", 1L)).Ending("y"));
        all.Add("shortcut by a product with 0", Halved().Floats("zero", [], 0f).Node("z", "Mul", "s zero").Node("y", "Concat", "s z", ("axis", 1L)).Ending("y"));
        all.Add("shortcut of a fixed batch", new OnnxModels(13, 2, 3, 4, 4).Floats("z", [2, 1, 4, 4], new float[32]).Node("y", "Concat", "z x", ("axis", 1L)).Ending("y"));
        all.Add("shortcut read twice into a sum", Halved().Longs("p", 0, 1, 0, 0, 0, 0, 0, 0).Node("q", "Pad", "s p").Node("y", "Add", "q q").Ending("y"));
        all.Add("identities", Image().Node("i", "Identity", "x").Floats("zero", [1, 3, 1, 1], 0, 0, 0).Node("a", "Add", "i zero").Node("c", "Cast", "a", ("to", 1L)).Node("r", "Relu", "c").Node("y", "Identity", "r").Ending("y"));
        all.Add("constants of every kind", Features().Node("a", "Constant", "", ("value_floats", new[] { 1f, 2f, 3f })).Node("b", "Constant", "", ("value_float", 0.5f)).Node("p", "Mul", "a b").Node("q", "Sub", "p b").Node("r", "Div", "q b")
            .Node("one", "Constant", "", ("value_int", 1L)).Node("six", "Constant", "", ("value_ints", new long[] { 6 })).Node("seven", "Add", "six one").Node("s5", "Sub", "seven one").Node("six3", "Concat", "s5 three", ("axis", 0L)).Longs("three", 3)
            .Node("w", "Expand", "r six3").Node("y", "MatMul", "x w").Ending("y"));
        all.Add("bias from a Gather", Features().Weights("w", 6, 4).Weights("table", 2, 4).Long("i", -1).Node("b", "Gather", "table i").Node("m", "MatMul", "x w").Node("y", "Add", "m b").Ending("y"));
        return all;
    }
}
