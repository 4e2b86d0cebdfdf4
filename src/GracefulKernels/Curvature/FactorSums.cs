using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The raw sums while they are made, in fp64 on the device; as the sink of a VJP it adds the outer products of the cotangents.</summary>
internal sealed class FactorSums : ICotangentSink, IDisposable
{
    private readonly ExecutionPlan _plan;
    private readonly IKernels _kernels;
    private readonly Dictionary<int, Entry> _entries = [];
    private readonly DeviceMemory _memory;
    private readonly DeviceFloats? _rows;
    private readonly DeviceFloats? _samples;

    public FactorSums(ExecutionPlan plan, IKernels kernels, int capacity)
    {
        _plan = plan;
        _kernels = kernels;
        long length = 0;
        foreach (LayerStep step in plan.Steps)
        {
            Entry? entry = step switch
            {
                ProductStep p => new Entry(
                    length, InputWidth(p) + (p.HasBias ? 1 : 0), p.OutWidth, !(p is LinearStep && p.IsPlain && p.Output == plan.Output)),
                BatchNormStep n => new Entry(length, n.Channels, n.Channels, true),
                _ => null,
            };
            if (entry is null) continue;
            _entries.Add(step.Index, entry);
            length += entry.Length;
        }
        _memory = kernels.Allocate(length * sizeof(double));
        kernels.Zero(_memory.AsBlock<double>());
        BatchNormStep[] norms = [.. plan.Steps.OfType<BatchNormStep>()];
        if (norms.Length == 0) return;
        _rows = new DeviceFloats(kernels, norms.Max(n => (long)n.Pixels * n.Channels) * capacity);
        int widest = norms.Max(n => n.Channels);
        // Per-sample means of x∘δ and of δ, the gradient of γ, then T/σ, −μT/σ and zeros of one channel each.
        _samples = new DeviceFloats(kernels, (3L * widest * capacity) + (3L * widest));
    }

    /// <summary>Adds the inputs of all products of a batch.</summary>
    public void AddInputs(Sweep s, int batch, PrimalState state)
    {
        s.Attach(batch, state);
        foreach (LayerStep step in _plan.Steps)
        {
            if (step is ConvolutionStep c) _kernels.PatchCovariance(c.Shape(s), s.Saved(c.Inputs[0]), c.HasBias, First(c));
            if (step is LinearStep l) _kernels.Covariance(batch, l.InFeatures, s.Saved(l.Inputs[0]), l.HasBias, First(l));
        }
    }

    public void Convolution(Sweep s, ConvolutionStep step, Block<float> x, Block<float> dz)
        => _kernels.Covariance(s.Batch * step.Positions, step.OutWidth, dz, false, Second(step));

    public void Linear(Sweep s, LinearStep step, Block<float> x, Block<float> dz)
    {
        if (_entries[step.Index].HasSecond) _kernels.Covariance(s.Batch, step.OutWidth, dz, false, Second(step));
    }

    /// <summary>
    /// Gradients of each sample: <c>g_β = T·mean(δ)</c>, <c>g_γ = (T/σ)·mean(x∘δ) − (μT/σ)·mean(δ)</c>, means over its T pixels; then their outer products.
    /// </summary>
    public void BatchNorm(Sweep s, BatchNormStep step, Block<float> x, Block<float> dz)
    {
        int channels = step.Channels, n = s.Batch;
        long width = (long)n * channels;
        Block<float> all = _samples!.Block, products = _rows!.Block.Slice(0, width * step.Pixels);
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
        _kernels.Covariance(n, channels, gradient, false, First(step));
        _kernels.Axpby(step.Pixels, mean, 0f, gradient);
        _kernels.Covariance(n, channels, gradient, false, Second(step));
    }

    /// <summary>The sums as blocks on the host.</summary>
    public IReadOnlyList<KroneckerBlock> Download(int samples, int probes)
    {
        var blocks = new List<KroneckerBlock>();
        foreach (LayerStep step in _plan.Steps)
        {
            if (!_entries.TryGetValue(step.Index, out Entry? e)) continue;
            double[] first = Host(First(step)), second = e.HasSecond ? Host(Second(step)) : [];
            if (step is ProductStep p)
            {
                blocks.Add(new KroneckerBlock(
                    p.Layer, e.SecondSize, e.FirstSize, $"{p.Layer}.weight", p.HasBias ? $"{p.Layer}.bias" : null,
                    first, (double)samples * p.Positions, e.HasSecond ? second : null, (double)samples * probes));
            }
            else if (step is BatchNormStep n)
            {
                double count = (double)samples * probes;
                blocks.Add(new KroneckerBlock($"{n.Layer}.weight", 1, n.Channels, $"{n.Layer}.weight", null, first, count, null, count));
                blocks.Add(new KroneckerBlock($"{n.Layer}.bias", 1, n.Channels, $"{n.Layer}.bias", null, second, count, null, count));
            }
        }
        return blocks;
    }

    public void Dispose()
    {
        _memory.Dispose();
        _rows?.Dispose();
        _samples?.Dispose();
    }

    private static int InputWidth(ProductStep p) => p is ConvolutionStep c ? c.PatchLength : ((LinearStep)p).InFeatures;

    private Block<double> First(LayerStep step)
    {
        Entry e = _entries[step.Index];
        return _memory.AsBlock<double>().Slice(e.Start, (long)e.FirstSize * e.FirstSize);
    }

    private Block<double> Second(LayerStep step)
    {
        Entry e = _entries[step.Index];
        return _memory.AsBlock<double>().Slice(e.Start + ((long)e.FirstSize * e.FirstSize), (long)e.SecondSize * e.SecondSize);
    }

    private double[] Host(Block<double> block)
    {
        double[] host = new double[block.Length];
        _kernels.Download(block, host.AsSpan());
        return host;
    }

    /// <summary>Where the two matrices of a step lie.</summary>
    private sealed record Entry(long Start, int FirstSize, int SecondSize, bool HasSecond)
    {
        public long Length => ((long)FirstSize * FirstSize) + (HasSecond ? (long)SecondSize * SecondSize : 0);
    }
}
