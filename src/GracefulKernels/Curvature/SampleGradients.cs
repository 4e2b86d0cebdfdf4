using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>Gradients of one sample each, where a VJP gives those of a batch together. Its memory is used again by every call.</summary>
internal sealed class SampleGradients : IDisposable
{
    private readonly IKernels _kernels;
    private readonly DeviceFloats? _normalizations;
    private readonly DeviceFloats? _products;
    private readonly DeviceFloats? _means;

    public SampleGradients(ExecutionPlan plan, IKernels kernels, int capacity)
    {
        _kernels = kernels;
        BatchNormStep[] norms = [.. plan.Steps.OfType<BatchNormStep>()];
        if (norms.Length > 0)
        {
            _products = new DeviceFloats(kernels, norms.Max(n => (long)n.Pixels * n.Channels) * capacity);
            int widest = norms.Max(n => n.Channels);
            // Means of x∘δ and of δ, the gradient of γ, then T/σ, −μT/σ and zeros of one channel each.
            _normalizations = new DeviceFloats(kernels, (3L * widest * capacity) + (3L * widest));
        }
        ConvolutionStep[] convolutions = [.. plan.Steps.OfType<ConvolutionStep>()];
        if (convolutions.Length > 0) _means = new DeviceFloats(kernels, convolutions.Max(c => (long)c.OutWidth) * capacity);
    }

    /// <summary><c>g_β = T·mean(δ)</c> and <c>g_γ = (T/σ)·mean(x∘δ) − (μT/σ)·mean(δ)</c>, means over the T pixels of a sample: [batch × channels] each.</summary>
    public (Block<float> Gamma, Block<float> Beta) BatchNorm(Sweep s, BatchNormStep step, Block<float> x, Block<float> dz)
    {
        int channels = step.Channels, n = s.Batch;
        long width = (long)n * channels;
        Block<float> all = _normalizations!.Block, products = _products!.Block.Slice(0, width * step.Pixels);
        Block<float> meanProduct = all.Slice(0, width), mean = all.Slice(width, width), gradient = all.Slice(2 * width, width);
        Block<float> scale = all.Slice(3 * width, channels), shift = all.Slice((3 * width) + channels, channels);
        Block<float> zeros = all.Slice((3 * width) + (2L * channels), channels);
        NormalizationBlocks blocks = s.Weights.Normalization(step);
        _kernels.Multiply(x, dz, products);
        _kernels.GlobalMean(n, step.Pixels, channels, products, meanProduct);
        _kernels.GlobalMean(n, step.Pixels, channels, dz, mean);
        _kernels.Axpby(step.Pixels, blocks.InverseDeviation, 0f, scale);
        _kernels.Axpby(step.Pixels, blocks.MinusMeanOverDeviation, 0f, shift);
        _kernels.Zero(zeros);
        _kernels.ChannelAffinePair(n, channels, meanProduct, scale, mean, shift, zeros, gradient);
        _kernels.Axpby(step.Pixels, mean, 0f, mean);
        return (gradient, mean);
    }

    /// <summary><c>Σ_t δ</c> of each of the first <paramref name="count"/> samples in <paramref name="dz"/>, [count × outputs]: the gradient of a bias.</summary>
    public Block<float> Bias(ConvolutionStep step, int count, Block<float> dz)
    {
        Block<float> sums = _means!.Block.Slice(0, (long)count * step.OutWidth);
        _kernels.GlobalMean(count, step.Positions, step.OutWidth, dz, sums);
        _kernels.Axpby(step.Positions, sums, 0f, sums);
        return sums;
    }

    /// <summary><c>Σ_t δ·patchᵀ</c> of samples first … first + count, into [count × outputs × patch]; <paramref name="dz"/> begins with the first of them.</summary>
    public void Weight(Sweep s, ConvolutionStep step, Block<float> x, Block<float> dz, int first, int count, Block<float> gradients)
    {
        ConvolutionShape one = step.Shape(s) with { Batch = 1 };
        for (int i = 0; i < count; i++)
        {
            _kernels.ConvolutionWeightGradient(
                one, x.Slice((first + i) * one.InputLength, one.InputLength), dz.Slice(i * one.OutputLength, one.OutputLength), 0f,
                gradients.Slice(i * one.WeightLength, one.WeightLength));
        }
    }

    public void Dispose()
    {
        _normalizations?.Dispose();
        _products?.Dispose();
        _means?.Dispose();
    }
}
