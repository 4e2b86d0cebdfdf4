using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Batch normalisation in evaluation, <c>y = κx + (β − κμ)</c> with <c>κ = γ/√(σ² + ε)</c>. JVP: <c>κẋ + x̂·dγ + dβ</c>; VJP: <c>κδ</c>, <c>g_γ = Σ x̂δ</c>,
/// <c>g_β = Σ δ</c>.
/// </summary>
internal sealed class BatchNormStep(
    int[] inputs, int output, string layer, ParameterInfo gamma, ParameterInfo beta, int pixels, double epsilon, int number)
    : LayerStep(inputs, output)
{
    public string Layer { get; } = layer;

    public int Channels { get; } = gamma.Length;

    public int Pixels { get; } = pixels;

    public double Epsilon { get; } = epsilon;

    /// <summary>Which of the network's batch normalisations this is.</summary>
    public int Number { get; } = number;

    public override bool HasParameters => true;

    public override bool SavesInput(int k) => true;

    public override bool WritesOver(int k) => true;

    public override bool PassesCotangent(int k) => true;

    public Block<float> Gamma(Block<float> vector) => vector.Slice(gamma.Offset, gamma.Length);

    public Block<float> BetaOf(Block<float> vector) => vector.Slice(beta.Offset, beta.Length);

    public override void Forward(Sweep s)
    {
        NormalizationBlocks n = s.Weights.Normalization(this);
        s.Kernels.ChannelAffine((long)s.Batch * Pixels, Channels, s.Value(Inputs[0]), n.Scale, n.Shift, 0f, s.Value(Output));
    }

    public override void Tangent(Sweep s)
    {
        NormalizationBlocks n = s.Weights.Normalization(this);
        Block<float> scale = s.ChannelScratch(0, Channels), shift = s.ChannelScratch(1, Channels), dGamma = Gamma(s.Direction);
        s.Kernels.Multiply(dGamma, n.InverseDeviation, scale);
        s.Kernels.Multiply(dGamma, n.MinusMeanOverDeviation, shift);
        s.Kernels.Add(shift, BetaOf(s.Direction), shift);
        long rows = (long)s.Batch * Pixels;
        Block<float> x = s.Saved(Inputs[0]), y = s.Tangent(Output);
        if (s.HasTangent(Inputs[0])) s.Kernels.ChannelAffinePair(rows, Channels, s.Tangent(Inputs[0]), n.Scale, x, scale, shift, y);
        else s.Kernels.ChannelAffine(rows, Channels, x, scale, shift, 0f, y);
    }

    public override void Cotangent(Sweep s, ICotangentSink sink)
    {
        Block<float> dz = s.Cotangent(Output);
        sink.BatchNorm(s, this, s.Saved(Inputs[0]), dz);
        if (!s.HasTangent(Inputs[0])) return;
        NormalizationBlocks n = s.Weights.Normalization(this);
        float keep = s.IsPassed(this, 0) ? 0f : s.Beta(this, 0);
        s.Kernels.ChannelAffine((long)s.Batch * Pixels, Channels, dz, n.Scale, default, keep, s.Cotangent(Inputs[0]));
    }
}
