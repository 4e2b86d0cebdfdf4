using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The gradient with respect to the parameters, into one flat vector: <c>g = beta·g + Σ_i J_iᵀ u_i</c>.</summary>
internal sealed class GradientSink : ICotangentSink
{
    /// <summary>Where the gradient goes.</summary>
    public Block<float> Gradient { get; set; }

    /// <summary>0 for the first batch of a sweep, 1 behind it.</summary>
    public float Beta { get; set; }

    public void Convolution(Sweep s, ConvolutionStep step, Block<float> x, Block<float> dz)
    {
        ConvolutionShape shape = step.Shape(s);
        s.Kernels.ConvolutionWeightGradient(shape, x, dz, Beta, step.Weight(Gradient));
        if (step.HasBias) s.Kernels.ColumnSum((long)s.Batch * shape.Positions, shape.OutChannels, dz, Beta, step.Bias(Gradient));
    }

    public void Linear(Sweep s, LinearStep step, Block<float> x, Block<float> dz)
    {
        var shape = new GemmShape(step.OutFeatures, step.InFeatures, s.Batch, transposeA: true);
        s.Kernels.Gemm(shape, 1f, dz, x, Beta, step.Weight(Gradient), default);
        if (step.HasBias) s.Kernels.ColumnSum(s.Batch, step.OutFeatures, dz, Beta, step.Bias(Gradient));
    }

    public void BatchNorm(Sweep s, BatchNormStep step, Block<float> x, Block<float> dz)
    {
        NormalizationBlocks n = s.Weights.Normalization(step);
        long rows = (long)s.Batch * step.Pixels;
        s.Kernels.ChannelAffineGradient(rows, step.Channels, x, n.InverseDeviation, n.MinusMeanOverDeviation, dz, Beta, step.Gamma(Gradient));
        s.Kernels.ColumnSum(rows, step.Channels, dz, Beta, step.BetaOf(Gradient));
    }
}
