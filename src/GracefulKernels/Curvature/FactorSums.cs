using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The raw sums while they are made, in fp64 on the device; as the sink of a VJP it adds the outer products of the cotangents.</summary>
internal sealed class FactorSums : ICotangentSink, IDisposable
{
    private readonly ExecutionPlan _plan;
    private readonly IKernels _kernels;
    private readonly Dictionary<int, Entry> _entries = [];
    private readonly DeviceMemory _memory;
    private readonly SampleGradients _samples;
    private readonly FactorConvention _convention;
    private readonly DeviceFloats? _reduced;

    public FactorSums(ExecutionPlan plan, IKernels kernels, int capacity, FactorConvention convention)
    {
        _plan = plan;
        _kernels = kernels;
        _convention = convention;
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
        _samples = new SampleGradients(plan, kernels, capacity);
        ConvolutionStep[] convolutions = [.. plan.Steps.OfType<ConvolutionStep>()];
        if (convention != FactorConvention.Reduce || convolutions.Length == 0) return;
        // 1/T at each position, then the mean patch of each sample.
        _reduced = new DeviceFloats(kernels, convolutions.Max(c => (long)c.Positions + ((long)c.PatchLength * capacity)));
    }

    /// <summary>Adds the inputs of all products of a batch.</summary>
    public void AddInputs(Sweep s, int batch, PrimalState state)
    {
        s.Attach(batch, state);
        foreach (LayerStep step in _plan.Steps)
        {
            if (step is ConvolutionStep c && _convention == FactorConvention.Reduce) AddMeanPatches(s, c);
            else if (step is ConvolutionStep e) _kernels.PatchCovariance(e.Shape(s), s.Saved(e.Inputs[0]), e.HasBias, First(e));
            if (step is LinearStep l) _kernels.Covariance(batch, l.InFeatures, s.Saved(l.Inputs[0]), l.HasBias, First(l));
        }
    }

    public void Convolution(Sweep s, ConvolutionStep step, Block<float> x, Block<float> dz)
    {
        if (_convention == FactorConvention.Reduce) _kernels.Covariance(s.Batch, step.OutWidth, _samples.Bias(step, s.Batch, dz), false, Second(step));
        else _kernels.Covariance(s.Batch * step.Positions, step.OutWidth, dz, false, Second(step));
    }

    public void Linear(Sweep s, LinearStep step, Block<float> x, Block<float> dz)
    {
        if (_entries[step.Index].HasSecond) _kernels.Covariance(s.Batch, step.OutWidth, dz, false, Second(step));
    }

    /// <summary>The outer products of each sample's gradients of γ and of β.</summary>
    public void BatchNorm(Sweep s, BatchNormStep step, Block<float> x, Block<float> dz)
    {
        (Block<float> gamma, Block<float> beta) = _samples.BatchNorm(s, step, x, dz);
        _kernels.Covariance(s.Batch, step.Channels, gamma, false, First(step));
        _kernels.Covariance(s.Batch, step.Channels, beta, false, Second(step));
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
                    first, _convention == FactorConvention.Reduce ? samples : (double)samples * p.Positions, e.HasSecond ? second : null, (double)samples * probes));
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
        _samples.Dispose();
        _reduced?.Dispose();
    }

    /// <summary>The mean patch of a sample is the weight gradient of one output whose cotangent is 1/T everywhere.</summary>
    private void AddMeanPatches(Sweep s, ConvolutionStep step)
    {
        ConvolutionShape one = step.Shape(s) with { Batch = 1, OutChannels = 1 };
        Block<float> share = _reduced!.Block.Slice(0, step.Positions), means = _reduced.Block.Slice(step.Positions, (long)s.Batch * step.PatchLength);
        float[] shares = new float[step.Positions];
        Array.Fill(shares, 1f / step.Positions);
        _kernels.Upload<float>(shares, share);
        Block<float> x = s.Saved(step.Inputs[0]);
        for (int i = 0; i < s.Batch; i++)
        {
            _kernels.ConvolutionWeightGradient(
                one, x.Slice(i * one.InputLength, one.InputLength), share, 0f, means.Slice((long)i * step.PatchLength, step.PatchLength));
        }
        _kernels.Covariance(s.Batch, step.PatchLength, means, step.HasBias, First(step));
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
