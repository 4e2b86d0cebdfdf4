using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary><c>y = leaky(x·Wᵀ + b + addend)</c> over the rows of a batch, W [out × in].</summary>
internal sealed class LinearStep(
    int[] inputs, int output, string layer, ParameterInfo weight, ParameterInfo? bias, int inFeatures, int outFeatures, float? slope)
    : ProductStep(inputs, output, layer, weight, bias, outFeatures, 1, slope)
{
    public int InFeatures { get; } = inFeatures;

    public int OutFeatures { get; } = outFeatures;

    protected override void Product(Sweep s, Block<float> x, Block<float> w, Block<float> y, in Epilogue epilogue)
        => s.Kernels.Gemm(new GemmShape(s.Batch, OutFeatures, InFeatures, transposeB: true), 1f, x, w, 0f, y, epilogue);

    protected override void PairProduct(
        Sweep s, Block<float> x1, Block<float> w1, Block<float> x2, Block<float> w2, Block<float> y, in Epilogue epilogue)
        => s.Kernels.GemmPair(new GemmShape(s.Batch, OutFeatures, InFeatures, transposeB: true), x1, w1, x2, w2, 0f, y, epilogue);

    protected override void InputGradient(Sweep s, Block<float> dz, Block<float> w, float beta, Block<float> dx)
        => s.Kernels.Gemm(new GemmShape(s.Batch, InFeatures, OutFeatures), 1f, dz, w, beta, dx, default);

    protected override void Report(Sweep s, ICotangentSink sink, Block<float> x, Block<float> dz) => sink.Linear(s, this, x, dz);
}
