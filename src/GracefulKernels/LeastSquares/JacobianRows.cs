using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Rows of J: the gradient of each output of each sample. A VJP of a batch is seeded with one output; as its sink this computes the weight gradients sample by
/// sample, where an ordinary VJP adds them up.
/// </summary>
internal sealed class JacobianRows : ICotangentSink, IDisposable
{
    private readonly LinearizedNetwork _network;
    private readonly DeviceFloats _seed;
    private readonly float[] _host;
    private Block<float> _rows;
    private int _first;
    private int _count;
    private int _batchFirst;
    private int _output;

    public JacobianRows(LinearizedNetwork network)
    {
        _network = network;
        _host = new float[network.BatchSize * network.Outputs];
        _seed = new DeviceFloats(network.Kernels, _host.Length);
    }

    /// <summary>Elements of a row: those of a device vector.</summary>
    public long Length => _network.Network.Parameters.DeviceLength;

    /// <summary>Rows (i, c), c fastest, of the samples from <paramref name="first"/> on.</summary>
    /// <param name="first">The first sample.</param>
    /// <param name="count">Samples.</param>
    /// <param name="rows">[count·C × <see cref="Length"/>]; the gaps of a device vector must be zero before, and stay so.</param>
    /// <param name="cancellation">Looked at before each VJP.</param>
    public void Compute(int first, int count, Block<float> rows, CancellationToken cancellation)
    {
        (_rows, _first, _count) = (rows, first, count);
        int outputs = _network.Outputs;
        for (int batch = first / _network.BatchSize; batch * _network.BatchSize < first + count; batch++)
        {
            _batchFirst = batch * _network.BatchSize;
            int length = _network.BatchLength(batch) * outputs;
            for (_output = 0; _output < outputs; _output++)
            {
                cancellation.ThrowIfCancellationRequested();
                for (int i = 0; i < length; i++) _host[i] = i % outputs == _output ? 1f : 0f;
                _network.Kernels.Upload<float>(_host.AsSpan(0, length), _seed.Block.Slice(0, length));
                _network.VjpBatch(batch, _seed.Block.Slice(0, length), this);
            }
        }
        _rows = default;
    }

    public void Convolution(Sweep s, ConvolutionStep step, Block<float> x, Block<float> dz)
    {
        ConvolutionShape shape = step.Shape(s) with { Batch = 1 };
        for (int i = 0; i < s.Batch; i++)
        {
            if (!Row(i, out Block<float> row)) continue;
            Block<float> own = Part(dz, i, s.Batch);
            s.Kernels.ConvolutionWeightGradient(shape, Part(x, i, s.Batch), own, 0f, step.Weight(row));
            if (step.HasBias) s.Kernels.ColumnSum(shape.Positions, shape.OutChannels, own, 0f, step.Bias(row));
        }
    }

    public void Linear(Sweep s, LinearStep step, Block<float> x, Block<float> dz)
    {
        var shape = new GemmShape(step.OutFeatures, step.InFeatures, 1, transposeA: true);
        for (int i = 0; i < s.Batch; i++)
        {
            if (!Row(i, out Block<float> row)) continue;
            Block<float> own = Part(dz, i, s.Batch);
            s.Kernels.Gemm(shape, 1f, own, Part(x, i, s.Batch), 0f, step.Weight(row), default);
            if (step.HasBias) s.Kernels.Copy(own, step.Bias(row));
        }
    }

    public void BatchNorm(Sweep s, BatchNormStep step, Block<float> x, Block<float> dz)
    {
        NormalizationBlocks n = s.Weights.Normalization(step);
        for (int i = 0; i < s.Batch; i++)
        {
            if (!Row(i, out Block<float> row)) continue;
            Block<float> own = Part(dz, i, s.Batch);
            s.Kernels.ChannelAffineGradient(
                step.Pixels, step.Channels, Part(x, i, s.Batch), n.InverseDeviation, n.MinusMeanOverDeviation, own, 0f, step.Gamma(row));
            s.Kernels.ColumnSum(step.Pixels, step.Channels, own, 0f, step.BetaOf(row));
        }
    }

    public void Dispose() => _seed.Dispose();

    private static Block<float> Part(Block<float> all, int i, int batch) => all.Slice(i * (all.Length / batch), all.Length / batch);

    /// <summary>Where the row of a batch's sample goes, if it is asked for.</summary>
    private bool Row(int i, out Block<float> row)
    {
        int sample = _batchFirst + i - _first;
        bool wanted = (uint)sample < (uint)_count;
        row = wanted ? _rows.Slice((((long)sample * _network.Outputs) + _output) * Length, Length) : default;
        return wanted;
    }
}
