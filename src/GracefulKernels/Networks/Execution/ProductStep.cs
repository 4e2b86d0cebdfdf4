using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// A linear operator with what follows it in the graph fused into its epilogue: <c>y = leaky(W·x + b + addend)</c>. Input 0 is x, input 1 the addend.
/// </summary>
internal abstract class ProductStep(int[] inputs, int output, string layer, ParameterInfo weight, ParameterInfo? bias, int outWidth, int positions, float? slope)
    : LayerStep(inputs, output)
{
    /// <summary>The layer whose parameters these are.</summary>
    public string Layer { get; } = layer;

    public bool HasBias => bias is not null;

    /// <summary>Output channels.</summary>
    public int OutWidth { get; } = outWidth;

    /// <summary>T, rows of the product for one sample.</summary>
    public int Positions { get; } = positions;

    /// <summary>Whether the product itself, with its bias, is the output.</summary>
    public bool IsPlain => slope is null && Inputs.Length == 1;

    public override bool HasParameters => true;

    public override bool SavesInput(int k) => k == 0;

    public override int MaskWords => slope is null ? 0 : Positions * ((OutWidth + 15) / 16);

    // The product reads its input while it writes, so only the addend's cotangent can be the output's.
    public override bool PassesCotangent(int k) => k == 1 && Inputs[0] != Inputs[1];

    public Block<float> Weight(Block<float> vector) => vector.Slice(weight.Offset, weight.Length);

    /// <summary>Empty where there is no bias.</summary>
    public Block<float> Bias(Block<float> vector) => bias is null ? default : vector.Slice(bias.Offset, bias.Length);

    public override void Forward(Sweep s) => Product(s, s.Value(Inputs[0]), Weight(s.Weights.Parameters), s.Value(Output), new Epilogue
    {
        Bias = Bias(s.Weights.Parameters),
        Addend = Inputs.Length > 1 ? s.Value(Inputs[1]) : default,
        Activation = slope is null ? EpilogueActivation.None : EpilogueActivation.LeakyRelu,
        Mask = s.Mask(this),
        Slope = slope ?? 0f,
    });

    public override void Tangent(Sweep s)
    {
        var epilogue = new Epilogue
        {
            Bias = Bias(s.Direction),
            Addend = Inputs.Length > 1 && s.HasTangent(Inputs[1]) ? s.Tangent(Inputs[1]) : default,
            Activation = slope is null ? EpilogueActivation.None : EpilogueActivation.Mask,
            Mask = s.Mask(this),
            Slope = slope ?? 0f,
        };
        Block<float> x = s.Saved(Inputs[0]), dw = Weight(s.Direction), y = s.Tangent(Output);
        // The first linearised layer has no incoming tangent: a single product.
        if (!s.HasTangent(Inputs[0])) Product(s, x, dw, y, epilogue);
        else PairProduct(s, s.Tangent(Inputs[0]), Weight(s.Weights.Parameters), x, dw, y, epilogue);
    }

    public override void Cotangent(Sweep s, ICotangentSink sink)
    {
        Block<float> dz = s.Cotangent(Output);
        if (slope is { } leak) s.Kernels.LeakyReluMasked((long)s.Batch * Positions, OutWidth, leak, s.Mask(this), dz, 0f, dz);
        Report(s, sink, s.Saved(Inputs[0]), dz);
        if (Inputs.Length > 1 && s.HasTangent(Inputs[1]) && !s.IsPassed(this, 1))
        {
            s.Kernels.Axpby(1f, dz, s.Beta(this, 1), s.Cotangent(Inputs[1]));
        }
        if (s.HasTangent(Inputs[0])) InputGradient(s, dz, Weight(s.Weights.Parameters), s.Beta(this, 0), s.Cotangent(Inputs[0]));
    }

    protected abstract void Product(Sweep s, Block<float> x, Block<float> w, Block<float> y, in Epilogue epilogue);

    protected abstract void PairProduct(
        Sweep s, Block<float> x1, Block<float> w1, Block<float> x2, Block<float> w2, Block<float> y, in Epilogue epilogue);

    protected abstract void InputGradient(Sweep s, Block<float> dz, Block<float> w, float beta, Block<float> dx);

    protected abstract void Report(Sweep s, ICotangentSink sink, Block<float> x, Block<float> dz);
}
