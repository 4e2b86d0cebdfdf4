using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>What batch normalisation reads, [channels] each.</summary>
/// <param name="Scale">κ = γ/√(σ² + ε).</param>
/// <param name="Shift">β − κμ.</param>
/// <param name="InverseDeviation">1/√(σ² + ε).</param>
/// <param name="MinusMeanOverDeviation">−μ/√(σ² + ε).</param>
internal readonly record struct NormalizationBlocks(
    Block<float> Scale, Block<float> Shift, Block<float> InverseDeviation, Block<float> MinusMeanOverDeviation);

/// <summary>Weights on a device, with the derived coefficients of batch normalisation and the constants of frozen layers.</summary>
internal sealed class DeviceWeights : IDisposable
{
    private readonly IKernels _kernels;
    private readonly DeviceMemory _memory;
    private readonly DeviceMemory _coefficients;
    private readonly FrozenWeights _frozen;
    private readonly NormalizationBlocks[] _normalizations;
    private readonly BatchNormStep[] _steps;

    /// <param name="weights">In device order.</param>
    /// <param name="statistics">Running mean and variance of a layer.</param>
    public DeviceWeights(ExecutionPlan plan, IKernels kernels, ReadOnlySpan<float> weights, Func<string, (float[] Mean, float[] Variance)> statistics)
    {
        _kernels = kernels;
        _memory = kernels.Allocate(weights.Length * sizeof(float));
        Parameters = _memory.AsBlock<float>();
        kernels.Upload(weights, Parameters);
        _frozen = new FrozenWeights(plan, kernels);
        _steps = [.. plan.Steps.OfType<BatchNormStep>().OrderBy(s => s.Number)];
        _normalizations = new NormalizationBlocks[_steps.Length];
        long length = _steps.Sum(s => 4L * BufferPlan.RoundUp(s.Channels));
        _coefficients = kernels.Allocate(length * sizeof(float));
        Block<float> rest = _coefficients.AsBlock<float>();
        foreach (BatchNormStep step in _steps)
        {
            int stride = BufferPlan.RoundUp(step.Channels);
            NormalizationBlocks n = new(
                rest.Slice(0, step.Channels),
                rest.Slice(stride, step.Channels),
                rest.Slice(2L * stride, step.Channels),
                rest.Slice(3L * stride, step.Channels));
            _normalizations[step.Number] = n;
            rest = rest.Slice(4L * stride);
            (float[] mean, float[] variance) = statistics(step.Layer);
            UploadFrozen(kernels, step, n, mean, variance);
        }
        Refresh();
    }

    public Block<float> Parameters { get; }

    public NormalizationBlocks Normalization(BatchNormStep step) => _normalizations[step.Number];

    /// <summary>Weight and bias of a frozen layer.</summary>
    public (Block<float> Weight, Block<float> Bias) Frozen(FrozenLinearStep step) => _frozen.Of(step);

    /// <summary>Brings the coefficients up to date after the parameters have changed.</summary>
    public void Refresh()
    {
        foreach (BatchNormStep step in _steps)
        {
            NormalizationBlocks n = _normalizations[step.Number];
            Block<float> gamma = step.Gamma(Parameters);
            _kernels.Multiply(gamma, n.InverseDeviation, n.Scale);
            _kernels.Multiply(gamma, n.MinusMeanOverDeviation, n.Shift);
            _kernels.Add(n.Shift, step.BetaOf(Parameters), n.Shift);
        }
    }

    public void Dispose()
    {
        _memory.Dispose();
        _coefficients.Dispose();
        _frozen.Dispose();
    }

    private static void UploadFrozen(IKernels kernels, BatchNormStep step, NormalizationBlocks n, float[] mean, float[] variance)
    {
        float[] inverse = new float[step.Channels], shift = new float[step.Channels];
        for (int c = 0; c < inverse.Length; c++)
        {
            double deviation = Math.Sqrt(variance[c] + step.Epsilon);
            inverse[c] = (float)(1 / deviation);
            shift[c] = (float)(-mean[c] / deviation);
        }
        kernels.Upload<float>(inverse, n.InverseDeviation);
        kernels.Upload<float>(shift, n.MinusMeanOverDeviation);
    }
}
