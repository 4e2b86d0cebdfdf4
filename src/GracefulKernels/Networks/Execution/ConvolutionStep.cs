using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary><c>y = leaky(W ∗ x + b + addend)</c>.</summary>
internal sealed class ConvolutionStep(
    int[] inputs, int output, string layer, ParameterInfo weight, ParameterInfo? bias, ConvolutionShape shape, float? slope)
    : ProductStep(inputs, output, layer, weight, bias, shape.OutChannels, shape.Positions, slope)
{
    /// <summary>For the samples of the sweep's batch.</summary>
    public ConvolutionShape Shape(Sweep s) => shape with { Batch = s.Batch };

    /// <summary>Elements of a patch.</summary>
    public int PatchLength => shape.PatchLength;

    protected override void Product(Sweep s, Block<float> x, Block<float> w, Block<float> y, in Epilogue epilogue)
        => s.Kernels.ConvolutionForward(Shape(s), x, w, y, epilogue);

    protected override void PairProduct(
        Sweep s, Block<float> x1, Block<float> w1, Block<float> x2, Block<float> w2, Block<float> y, in Epilogue epilogue)
        => s.Kernels.ConvolutionForwardPair(Shape(s), x1, w1, x2, w2, y, epilogue);

    protected override void InputGradient(Sweep s, Block<float> dz, Block<float> w, float beta, Block<float> dx)
        => s.Kernels.ConvolutionInputGradient(Shape(s), dz, w, beta, dx);

    protected override void Report(Sweep s, ICotangentSink sink, Block<float> x, Block<float> dz) => sink.Convolution(s, this, x, dz);
}
