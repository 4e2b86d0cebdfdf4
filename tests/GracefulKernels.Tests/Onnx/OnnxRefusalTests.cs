using Google.Protobuf;
using GracefulKernels.Onnx;

namespace GracefulKernels.Tests;

/// <summary>What is not supported or not sound is refused: the message names the node, its operator and what to do.</summary>
public sealed class OnnxRefusalTests
{
    public static TheoryData<string> Cases => [.. All.Keys.Order()];

    private static Dictionary<string, (ModelProto Model, string[] Says)> All { get; } = Make();

    [Theory]
    [MemberData(nameof(Cases))]
    public void IsRefusedWithItsReason(string name)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("m.onnx", All[name].Model.ToByteArray());
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Network.Load(path));
        Assert.StartsWith($"{path}: ", e.Message);
        Assert.All(All[name].Says, says => Assert.Contains(says, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void FilesThatAreNone()
    {
        using TemporaryFolder folder = new();
        Assert.Throws<FileNotFoundException>(() => Network.Load(folder.File("none.onnx")));
        Assert.Throws<InvalidDataException>(() => Network.Load(folder));
        Assert.Throws<InvalidDataException>(() => Network.Load(folder.File("empty.onnx", [])));
        Assert.Throws<InvalidDataException>(() => Network.Load(folder.File("text.onnx", "a text file, and no model"u8.ToArray())));
        Assert.Throws<ArgumentException>(() => Network.Load(""));
    }

    [Fact]
    public void MessagesWithoutEndAndNestingWithoutEndAreRefusedInLittleMemory()
    {
        // A node of no bytes takes two in the file and some hundred as an object.
        byte[] nodes = new byte[4_000_000];
        for (int i = 0; i < nodes.Length; i += 2) nodes[i] = 0x0A;
        byte[] many = [0x3A, .. Length(nodes.Length), .. nodes];
        // Groups in groups: what a parser that recurses runs out of stack on.
        byte[] deep = [0x3A, .. Length(1_000_000), .. Enumerable.Repeat((byte)0x0B, 1_000_000)];
        using TemporaryFolder folder = new();
        foreach (byte[] bytes in (byte[][])[many, deep])
        {
            string path = folder.File("hostile.onnx", bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<InvalidDataException>(() => Network.Load(path));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, bytes.Length + 200_000);
        }
    }

    [Fact]
    public void CopiesOfOneConstantWithoutEndAreRefused()
    {
        OnnxModels m = new OnnxModels(13, "n", 50_000).Floats("v", [50_000], [.. Enumerable.Repeat(1f, 50_000)]);
        string from = "x";
        // Each of the nodes asks for four vectors of 200 kB that are in the file once.
        for (int i = 0; i < 500; i++) _ = m.Node($"b{i}", "BatchNormalization", $"{from} v v v v").Graph.Node[^1].Output[0] = from = $"b{i}";
        using TemporaryFolder folder = new();
        string path = folder.File("hostile.onnx", m.Ending(from).ToByteArray());
        long before = GC.GetAllocatedBytesForCurrentThread();
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Network.Load(path));
        Assert.Contains("may ask for", e.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 60 * new FileInfo(path).Length);
    }

    private static byte[] Length(int value) => [(byte)(value | 0x80), (byte)((value >> 7) | 0x80), (byte)((value >> 14) | 0x80), (byte)(value >> 21)];

    private static Dictionary<string, (ModelProto, string[])> Make()
    {
        var all = new Dictionary<string, (ModelProto, string[])>();
        OnnxModels Image(long operators = 13) => new(operators, "n", 4, 6, 6);
        OnnxModels Conv(params (string, object)[] attributes) => Image().Weights("w", 4, 4, 3, 3).Node("y", "Conv", "x w", attributes);
        OnnxModels Features() => new(13, "n", 6);
        void Add(string name, OnnxModels m, params string[] says) => all.Add(name, (m.Ending("y"), says));

        Add("unknown operator", Image().Node("y", "Softplus", "x"), "node 'y' (operator Softplus) is not supported", "express the network by them");
        Add("groups", Image().Weights("w", 4, 2, 3, 3).Node("y", "Conv", "x w", ("group", 2L)), "node 'y' (operator Conv)", "group = 1");
        Add("unknown attribute", Conv(("sparkle", 1L)), "'sparkle'");
        Add("attribute of another type", Conv(("strides", 1L)), "'strides' of type Int; expected Ints");
        Add("kernel that does not fit", Conv(("dilations", new long[] { 9, 1 })), "reaches over 19 pixels");
        Add("negative pads", Conv(("pads", new long[] { -1, 0, 0, 0 })), "pads");
        Add("stride 0", Conv(("strides", new long[] { 0, 1 })), "strides");
        Add("huge padding", Conv(("pads", new long[] { 500_000_000, 500_000_000, 0, 0 })), "operator Conv");
        Add("channels that differ", Image().Weights("w", 4, 3, 3, 3).Node("y", "Conv", "x w"), "[4 × 3 × 3 × 3] for an input of 4 channels");
        Add("tied weights", Conv().Node("z", "Conv", "y w").Node("yy", "Identity", "z"), "shares the weights 'w'");
        all["tied weights"].Item1.Graph.Output[0].Name = "yy";
        Add("NaN in weights", Features().Floats("fc.weight", [6, 1], 1, 2, 3, float.NaN, 5, 6).Node("y", "Gemm", "x fc.weight"), "NaN as element 3 of 'fc.weight'");
        Add("negative variance", Features().Weights("s", 6).Floats("v", [6], 1, 1, 1, -1, 1, 1).Node("y", "BatchNormalization", "x s s s v"), "-1 as the variance of channel 3");
        Add("batch norm in training", Features().Weights("s", 6).Node("y", "BatchNormalization", "x s s s s", ("training_mode", 1L)), "export the network in evaluation");
        Add("dropout in training", Features().Floats("r", [], 0.5f).Floats("unused", [1], 0).Longs("t", 1).Node("y", "Dropout", "x r t"), "in training");
        Add("transA", Features().Weights("w", 6, 4).Node("y", "Gemm", "x w", ("transA", 1L)), "transA");
        Add("product of activations", Features().Node("y", "MatMul", "x x"), "expected a constant");
        Add("product with a constant", Features().Floats("c", [], 2f).Node("y", "Mul", "x c"), "only a product with 0");
        Add("sum that is no bias", Image().Weights("c", 4, 6, 6).Node("y", "Add", "x c"), "only the bias right behind a product");
        Add("bias of a product that others read", Features().Weights("w", 6, 6).Weights("b", 6).Node("m", "MatMul", "x w").Node("a", "Add", "m b").Node("y", "Add", "a m"), "only the bias");
        Add("sum of other shapes", Image().Node("g", "GlobalAveragePool", "x").Node("y", "Add", "g x"), "[4 × 1 × 1] and [4 × 6 × 6]");
        Add("linear layer on an image", Image().Weights("w", 6, 4).Node("y", "MatMul", "x w"), "flatten it before");
        Add("convolution on a vector", Features().Weights("w", 4, 6, 1, 1).Node("y", "Conv", "x w"), "operator Conv");
        Add("border nobody takes", Image().Longs("p", 0, 0, 1, 1, 0, 0, 1, 1).Node("p0", "Pad", "x p").Node("y", "Relu", "p0"), "give them their own pads");
        Add("border of ones before a convolution", Image().Longs("p", 0, 0, 1, 1, 0, 0, 1, 1).Floats("v", [], 1).Node("p0", "Pad", "x p v").Weights("w", 4, 4, 3, 3).Node("y", "Conv", "p0 w"), "border of 1");
        Add("border of zeros before a maximum", Image().Longs("p", 0, 0, 1, 1, 0, 0, 1, 1).Node("p0", "Pad", "x p").Node("y", "MaxPool", "p0", ("kernel_shape", new long[] { 3, 3 })), "the pool's own pads");
        Add("border before a mean that does not count it", Image().Longs("p", 0, 0, 1, 1, 0, 0, 1, 1).Node("p0", "Pad", "x p").Node("y", "AveragePool", "p0", ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 0, 0, 0 })), "count_include_pad = 1");
        Add("reflected border", Image().Longs("p", 0, 0, 1, 1, 0, 0, 1, 1).Node("y", "Pad", "x p", ("mode", "reflect")), "'reflect'");
        Add("ceil that changes a mean", Image().Node("y", "AveragePool", "x", ("kernel_shape", new long[] { 3, 3 }), ("strides", new long[] { 2, 2 }), ("ceil_mode", 1L)), "ceil_mode = 0");
        Add("crop", Image().Longs("a", 1).Longs("b", 5).Longs("c", 2).Node("y", "Slice", "x a b c"), "takes a part of axis 2");
        Add("mean over channels", Image().Node("y", "ReduceMean", "x", ("axes", new long[] { 1 })), "other axes than height and width");
        Add("reshape to another image", Image().Longs("s", 0, 9, 4, 4).Node("y", "Reshape", "x s"), "only one vector a sample");
        Add("reshape of the samples", Image().Longs("s", 1, -1).Node("y", "Reshape", "x s"), "expected the samples to stay the first axis");
        Add("join of images", Image().Node("y", "Concat", "x x", ("axis", 1L)), "only an image with channels of zeros");
        Add("places of maxima", Image().Node("m", "MaxPool", "x", ("kernel_shape", new long[] { 2, 2 })).Node("y", "Identity", "places"), "'places'");
        all["places of maxima"].Item1.Graph.Node[0].Output.Add("places");
        Add("no producer", Image().Node("y", "Relu", "nowhere"), "'nowhere', which nothing gives");
        Add("cycle", Image().Node("a", "Add", "x y").Node("y", "Relu", "a"), "topological order");
        Add("unsorted", Image().Node("y", "Relu", "a").Node("a", "Relu", "x"), "topological order");
        Add("value given twice", Image().Node("y", "Relu", "x").Node("y", "Relu", "x"), "'y' that there is already");
        Add("initializer twice", Features().Weights("w", 6, 2).Weights("w", 6, 2).Node("y", "Gemm", "x w"), "initializer 'w' twice");
        Add("nothing gives the output", Features().Node("z", "Relu", "x"), "no node gives the output 'y'");
        Add("output that is the input", Features().Node("y", "Identity", "x"), "the output is the input");
        Add("constant output", Features().Floats("c", [1], 1).Node("y", "Identity", "c"), "does not depend on the input");
        Add("operators of version 8", new OnnxModels(8, "n", 6).Node("y", "Relu", "x"), "version 8", "expected 9 to 24");
        Add("operators of tomorrow", new OnnxModels(99, "n", 6).Node("y", "Relu", "x"), "version 99");
        Add("input of three dimensions", new OnnxModels(13, "n", 6, 6).Node("y", "Relu", "x"), "3 dimensions");
        Add("input too large", new OnnxModels(13, "n", 2_000_000_000, 2_000_000_000, 2_000_000_000).Node("y", "Relu", "x"), "at most");
        Add("negative input", new OnnxModels(13, "n", -5).Node("y", "Relu", "x"), "dimension 1 of input 'x' is -5");
        Add("large constant from nothing", Features().Longs("s", 1_000_000, 1_000_000).Node("w", "ConstantOfShape", "s").Node("y", "MatMul", "x w"), "node 'w' (operator ConstantOfShape)", "more than the file may ask for");
        Add("division by zero", Features().Longs("a", 6).Longs("b", 0).Node("s", "Div", "a b").Node("y", "Reshape", "x s"), "divides by zero");
        Add("arithmetic with the number of samples", Features().Node("s", "Shape", "x").Longs("b", 2).Node("t", "Mul", "s b").Node("y", "Reshape", "x t"), "computes with the number of samples");

        OnnxModels Tensor(Action<TensorProto> change)
        {
            OnnxModels m = Features().Weights("w", 6, 2).Node("y", "Gemm", "x w");
            change(m.Graph.Initializer[0]);
            return m;
        }
        Add("external data", Tensor(t => t.DataLocation = TensorProto.Types.DataLocation.External), "initializer 'w' keeps its values in another file");
        Add("fp16", Tensor(t => t.DataType = 10), "initializer 'w' holds Float16", "convert the model to float32");
        Add("type of tomorrow", Tensor(t => t.DataType = 77), "holds type 77");
        Add("dims that overflow", Tensor(t => { t.Dims[0] = long.MaxValue; t.Dims[1] = 16; }), "does not overflow");
        Add("dims that are negative", Tensor(t => t.Dims[0] = -6), "not negative");
        Add("dims and bytes that differ", Tensor(t => t.Dims[0] = 7), "48 bytes of values; expected 14 × 4");
        Add("values twice", Tensor(t => t.FloatData.Add(1f)), "initializer 'w'");
        OnnxModels foreign = Features().Node("y", "Relu", "x");
        foreign.Graph.Node[0].Domain = "com.microsoft";
        Add("operator of another set", foreign, "'com.microsoft'", "export without custom or fused operators");
        OnnxModels sparse = Features().Node("y", "Relu", "x");
        sparse.Graph.SparseInitializer.Add(new SparseTensorProto());
        Add("sparse weights", sparse, "save the weights dense");
        return all;
    }
}
