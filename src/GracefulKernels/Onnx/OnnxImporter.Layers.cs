using GracefulKernels.Kernels;

namespace GracefulKernels.Onnx;

/// <summary>Layers with parameters, activations and sums.</summary>
internal sealed partial class OnnxImporter
{
    private OnnxActivation Convolution(OnnxNode node)
    {
        OnnxActivation x = Activation(node, 0);
        OnnxTensor w = Weights(node, 1, 4);
        OnnxTensor? b = Optional(node, 2, "bias");
        long groups = node.Int("group", 1);
        if (groups != 1) throw node.Fail($"has {groups} groups; only ordinary convolutions (group = 1) are supported");
        if (w.Dims[1] != x.Dims[0]) throw node.Fail($"has weights {w} for an input of {x.Dims[0]} channels");
        string name = _names.For(node, w.Name, b?.Name);
        if (!x.IsImage)
        {
            // One tap over the one pixel of a vector [channels, 1, 1].
            if (x.Dims.Length != 3) throw NotAnImage(node, x);
            OnnxWindow tap = Window(node, x, (w.Dims[2], w.Dims[3]));
            if (tap is not { Height: 1, Width: 1, Top: 0, Left: 0, Bottom: 0, Right: 0 }) throw NotAnImage(node, x);
            return new OnnxActivation(Product(node, name, x.Layer, w.Dims[0], w.Floats!, b, 1), [w.Dims[0], 1, 1]);
        }
        OnnxWindow at = Window(node, x, (w.Dims[2], w.Dims[3]));
        if (!x.Border.IsNone && x.Border.Value != 0) throw node.Fail($"reads an image with a border of {x.Border.Value}; expected 0, which its own padding can be");
        LayerOutput input = x.Inside(node, _builder);
        var shape = new ConvolutionShape(
            1, input.Shape.Height, input.Shape.Width, input.Shape.Channels, w.Dims[0], at.Height, at.Width, at.StrideY, at.StrideX,
            at.Top, at.Left, at.Bottom, at.Right, at.DilationY, at.DilationX);
        LayerOutput y = _builder.Convolution(name, input, shape, b is not null);
        SetParameter(node, $"{name}.weight", w.Floats!);
        if (b is not null) SetParameter(node, $"{name}.bias", Row(node, b, w.Dims[0], "bias"));
        return TakingBias(Of(y), b is null);
    }

    private OnnxActivation Gemm(OnnxNode node)
    {
        OnnxActivation x = Vector(node, 0);
        OnnxTensor w = Weights(node, 1, 2);
        OnnxTensor? b = Optional(node, 2, "bias");
        if (node.Int("transA", 0) != 0) throw node.Fail("transposes its input (transA = 1); expected samples as rows");
        float alpha = node.Float("alpha", 1), beta = node.Float("beta", 1);
        bool transposed = node.Int("transB", 0) != 0;
        float[] values = transposed ? w.Floats! : Transposed(node, w);
        int outputs = w.Dims[transposed ? 0 : 1];
        if (w.Dims[transposed ? 1 : 0] != x.Dims[0]) throw node.Fail($"has weights {w} for an input of {x.Dims[0]} features");
        if (alpha != 1) values = Array.ConvertAll(values, v => alpha * v);
        LayerOutput y = Product(node, _names.For(node, w.Name, b?.Name), Plain(node, x), outputs, values, beta == 0 ? null : b, beta);
        return TakingBias(new OnnxActivation(y, [outputs]), b is null || beta == 0);
    }

    private OnnxActivation MatMul(OnnxNode node)
    {
        OnnxActivation x = Vector(node, 0);
        OnnxTensor w = Weights(node, 1, 2);
        if (w.Dims[0] != x.Dims[0]) throw node.Fail($"has weights {w} for an input of {x.Dims[0]} features");
        // Exporters transpose the weights and lose their name; the bias behind has its own.
        OnnxNode? sum = node.Outputs.Count > 0 ? _graph.OnlyReader(node.Outputs[0]) : null;
        string? bias = sum is { Operator: "Add" } ? sum.Inputs.FirstOrDefault(_graph.Initializers.ContainsKey) : null;
        LayerOutput y = Product(node, _names.For(node, w.Name, bias), Plain(node, x), w.Dims[1], Transposed(node, w), null, 1);
        return TakingBias(new OnnxActivation(y, [w.Dims[1]]), true);
    }

    private LayerOutput Product(OnnxNode node, string name, LayerOutput x, int outputs, float[] weights, OnnxTensor? bias, float beta)
    {
        LayerOutput y = _builder.Linear(name, x, outputs, bias is not null);
        SetParameter(node, $"{name}.weight", weights);
        if (bias is null) return y;
        float[] b = Row(node, bias, outputs, "bias");
        SetParameter(node, $"{name}.bias", beta == 1 ? b : Array.ConvertAll(b, v => beta * v));
        return y;
    }

    private OnnxActivation BatchNormalization(OnnxNode node)
    {
        OnnxActivation x = Activation(node, 0);
        if (node.Int("training_mode", 0) != 0) throw node.Fail("is in training (training_mode = 1); export the network in evaluation");
        node.PassOver("momentum");
        int channels = x.Dims[0];
        float[][] rows = [.. Enumerable.Range(1, 4).Select(i => Row(node, Tensor(node, i, "statistics"), channels, $"input {i}"))];
        // The decimal number that was meant: 1e-5 in fp32 is another one than in fp64.
        double epsilon = double.Parse(node.Float("epsilon", 1e-5f).ToString("R", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);
        int bad = Array.FindIndex(rows[3], v => !(v >= 0 && v + epsilon > 0));
        if (bad >= 0) throw node.Fail($"has {rows[3][bad]} as the variance of channel {bad}");
        string name = _names.For(node, Tensor(node, 1, "scale").Name, Tensor(node, 2, "shift").Name);
        LayerOutput y = _builder.BatchNorm(name, Plain(node, x), epsilon);
        foreach ((string kind, float[] values) in (ReadOnlySpan<(string, float[])>)[("weight", rows[0]), ("bias", rows[1]), ("running_mean", rows[2]), ("running_var", rows[3])])
        {
            SetParameter(node, $"{name}.{kind}", values);
        }
        return Like(x, y);
    }

    private OnnxActivation Activate(OnnxNode node, float slope)
    {
        OnnxActivation x = Activation(node, 0);
        return Like(x, _builder.LeakyRelu(Plain(node, x), slope));
    }

    private OnnxValue Dropout(OnnxNode node)
    {
        node.PassOver("ratio", "seed", "is_test");
        if (node.Input(2) is not null && Whole(node, 2, "training_mode").Any(v => v != 0)) throw node.Fail("is in training; export the network in evaluation");
        return Any(node, 0);
    }

    private OnnxActivation Add(OnnxNode node)
    {
        (OnnxValue left, OnnxValue right) = (Any(node, 0), Any(node, 1));
        if (left is OnnxTensor a && right is OnnxActivation x) return AddConstant(node, x, a, node.Input(1)!);
        if (left is OnnxActivation y && right is OnnxTensor b) return AddConstant(node, y, b, node.Input(0)!);
        OnnxActivation p = Activation(node, 0), q = Activation(node, 1);
        if (!p.Dims.AsSpan().SequenceEqual(q.Dims))
        {
            throw node.Fail($"adds [{string.Join(" × ", p.Dims)}] and [{string.Join(" × ", q.Dims)}] of a sample; expected equal shapes");
        }
        return Like(p, _builder.Add(Plain(node, p), Plain(node, q)));
    }

    /// <summary>The bias of the product before, or nothing at all.</summary>
    private OnnxActivation AddConstant(OnnxNode node, OnnxActivation x, OnnxTensor constant, string input)
    {
        if (constant.Floats is null) throw node.Fail("adds whole numbers to an activation");
        // With the batch before them; a constant that differs between samples or pixels is no bias.
        int[] per = [1, .. x.Dims];
        bool grows = constant.Broadcast(per) is null;
        if (!grows && constant.IsZero) return x;
        int[] row = [x.Dims[0], .. x.Dims[1..].Select(_ => 1)];
        int[] own = [.. constant.Dims.SkipWhile((d, i) => d == 1 && constant.Dims.Length - i > row.Length)];
        long[]? strides = constant.WithDims(own).Broadcast(row);
        if (!x.TakesBias || _graph.OnlyReader(input) != node || strides is null)
        {
            throw node.Fail(
                $"adds a constant {constant} to [{string.Join(" × ", x.Dims)}] of a sample; only the bias right behind a product without one is supported");
        }
        string layer = _builder.AddBias(x.Layer);
        SetParameter(node, $"{layer}.bias", constant.WithDims(own).View(row, strides).Floats!);
        return new OnnxActivation(x.Layer, x.Dims);
    }

    /// <summary>x · 0: how some shortcuts make their new channels.</summary>
    private OnnxZeros TimesZero(OnnxNode node)
    {
        (OnnxActivation? x, OnnxTensor? c) = (Any(node, 0), Any(node, 1)) switch
        {
            (OnnxActivation l, OnnxTensor r) => (l, r),
            (OnnxTensor l, OnnxActivation r) => (r, l),
            _ => (null, null),
        };
        if (x is null || c is not { Count: 1, IsZero: true } || c.Dims.Length > x.Dims.Length + 1)
        {
            throw node.Fail("multiplies activations; only a product with 0, as shortcuts use it, is supported");
        }
        return new OnnxZeros(x.Dims);
    }

    private OnnxActivation CastActivation(OnnxNode node)
    {
        node.PassOver("saturate", "round_mode");
        long to = node.Int("to", 0);
        return to == (long)TensorProto.Types.DataType.Float
            ? Activation(node, 0)
            : throw node.Fail($"casts activations to {(TensorProto.Types.DataType)to}; expected Float: convert the model to float32");
    }

    /// <summary>Weights of one product. Two products with the same ones are one parameter, which layers here cannot share.</summary>
    private OnnxTensor Weights(OnnxNode node, int input, int rank)
    {
        OnnxTensor w = Tensor(node, input, "weights");
        if (w.Floats is null || w.Dims.Length != rank) throw node.Fail($"has weights {w}; expected {rank} dimensions of floating point");
        if (w.Dims.Contains(0)) throw node.Fail($"has weights {w}; expected no dimension of 0");
        if (!_weightsInUse.Add(w.Name ?? node.Input(input)!))
        {
            throw node.Fail($"shares the weights {OnnxNode.Quote(w.Name ?? "")} with another layer; tied weights are not supported: export a copy for each layer");
        }
        return w;
    }

    private float[] Transposed(OnnxNode node, OnnxTensor w)
    {
        _ = Room(node, w.Count);
        return w.View([w.Dims[1], w.Dims[0]], [1, w.Dims[1]]).Floats!;
    }

    /// <summary>A number for each channel or feature: [n], [1 × n], or one for all.</summary>
    private float[] Row(OnnxNode node, OnnxTensor t, int n, string what)
    {
        if (t.Floats is null || t.Dims.SkipLast(1).Any(d => d != 1) || (t.Count != n && t.Count != 1)) throw node.Fail($"has {what} {t}; expected [{n}]");
        _ = Room(node, n);
        return t.Count == n ? t.Floats : [.. Enumerable.Repeat(t.Floats[0], n)];
    }

    private void SetParameter(OnnxNode node, string name, float[] values)
    {
        int bad = Array.FindIndex(values, v => !float.IsFinite(v));
        if (bad >= 0) throw node.Fail($"has {values[bad]} as element {bad} of {OnnxNode.Quote(name)}; every weight must be finite");
        if (!_reader.Charge(values.Length)) throw node.Fail("has more weights than its file may ask for");
        Tensors.Add(name, values);
    }

    private OnnxActivation Vector(OnnxNode node, int input)
    {
        OnnxActivation x = Activation(node, input);
        return x.Dims.Length == 1
            ? x
            : throw node.Fail($"takes a vector of each sample; its input is [{string.Join(" × ", x.Dims)}]: flatten it before");
    }

    private static OnnxActivation TakingBias(OnnxActivation x, bool takes) => new(x.Layer, x.Dims) { TakesBias = takes };

    private static InvalidDataException NotAnImage(OnnxNode node, OnnxActivation x)
        => node.Fail($"takes an image (channels × height × width) of each sample; its input is a vector [{string.Join(" × ", x.Dims)}]");
}
