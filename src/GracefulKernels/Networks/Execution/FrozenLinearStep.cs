using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// <c>y = x·Wᵀ + b</c> over the rows of a batch, W [out × in] and b constants: JVP <c>ẋ·Wᵀ</c>, VJP <c>δ·W</c>, nothing for W and b themselves.
/// </summary>
internal sealed class FrozenLinearStep(int[] inputs, int output, float[] weight, float[] bias, int number) : LayerStep(inputs, output)
{
    public float[] Weight { get; } = weight;

    public float[] Bias { get; } = bias;

    /// <summary>Which of the network's frozen layers this is.</summary>
    public int Number { get; } = number;

    private int Out => Bias.Length;

    private int In => Weight.Length / Bias.Length;

    public override void Forward(Sweep s)
    {
        (Block<float> w, Block<float> b) = s.Weights.Frozen(this);
        Product(s, s.Value(Inputs[0]), w, s.Value(Output), new Epilogue { Bias = b });
    }

    public override void Tangent(Sweep s) => Product(s, s.Tangent(Inputs[0]), s.Weights.Frozen(this).Weight, s.Tangent(Output), default);

    public override void Cotangent(Sweep s, ICotangentSink sink) => s.Kernels.Gemm(
        new GemmShape(s.Batch, In, Out), 1f, s.Cotangent(Output), s.Weights.Frozen(this).Weight, s.Beta(this, 0), s.Cotangent(Inputs[0]), default);

    private void Product(Sweep s, Block<float> x, Block<float> w, Block<float> y, in Epilogue epilogue)
        => s.Kernels.Gemm(new GemmShape(s.Batch, Out, In, transposeB: true), 1f, x, w, 0f, y, epilogue);
}
