using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>Sums of squares of each sample's gradient, parameter by parameter, while they are made: fp32 over the seeds of a batch, fp64 over batches.</summary>
internal sealed class SquaredSums : ICotangentSink, IDisposable
{
    /// <summary>Elements of the gradients that are made at a time.</summary>
    private const long ChunkElements = 1L << 22;

    private readonly IKernels _kernels;
    private readonly SampleGradients _samples;
    private readonly DeviceFloats _sums;
    private readonly DeviceFloats _inputs;
    private readonly DeviceFloats _outputs;
    private readonly DeviceFloats _gradients;
    private readonly int _capacity;

    public SquaredSums(ExecutionPlan plan, IKernels kernels, int capacity, ParameterLayout layout)
    {
        _kernels = kernels;
        _capacity = capacity;
        _samples = new SampleGradients(plan, kernels, capacity);
        _sums = new DeviceFloats(kernels, layout.DeviceLength);
        Total = new double[layout.DeviceLength];
        long inputs = 1, outputs = 1, gradients = 1;
        foreach (ProductStep step in plan.Steps.OfType<ProductStep>())
        {
            if (step is LinearStep l)
            {
                inputs = Math.Max(inputs, (long)l.InFeatures * capacity);
                outputs = Math.Max(outputs, (long)l.OutFeatures * capacity);
            }
            else if (step is ConvolutionStep c) gradients = Math.Max(gradients, (long)c.OutWidth * c.PatchLength * Chunk(c));
        }
        _inputs = new DeviceFloats(kernels, inputs);
        _outputs = new DeviceFloats(kernels, outputs);
        _gradients = new DeviceFloats(kernels, gradients);
    }

    /// <summary>In device order, over all batches that were collected.</summary>
    public double[] Total { get; }

    public void Linear(Sweep s, LinearStep step, Block<float> x, Block<float> dz)
    {
        Block<float> a = _inputs.Block.Slice(0, x.Length), g = _outputs.Block.Slice(0, dz.Length);
        _kernels.Multiply(x, x, a);
        _kernels.Multiply(dz, dz, g);
        _kernels.Gemm(new GemmShape(step.OutFeatures, step.InFeatures, s.Batch, transposeA: true), 1f, g, a, 1f, step.Weight(_sums.Block), default);
        if (step.HasBias) _kernels.ColumnSum(s.Batch, step.OutFeatures, g, 1f, step.Bias(_sums.Block));
    }

    public void Convolution(Sweep s, ConvolutionStep step, Block<float> x, Block<float> dz)
    {
        int chunk = Chunk(step), length = step.OutWidth * step.PatchLength;
        long output = (long)step.Positions * step.OutWidth;
        for (int first = 0; first < s.Batch; first += chunk)
        {
            int n = Math.Min(chunk, s.Batch - first);
            Block<float> w = _gradients.Block.Slice(0, (long)n * length);
            _samples.Weight(s, step, x, dz.Slice(first * output, n * output), first, n, w);
            _kernels.Multiply(w, w, w);
            _kernels.ColumnSum(n, length, w, 1f, step.Weight(_sums.Block));
        }
        if (step.HasBias) AddSquares(s.Batch, step.OutWidth, _samples.Bias(step, s.Batch, dz), step.Bias(_sums.Block));
    }

    public void BatchNorm(Sweep s, BatchNormStep step, Block<float> x, Block<float> dz)
    {
        (Block<float> gamma, Block<float> beta) = _samples.BatchNorm(s, step, x, dz);
        AddSquares(s.Batch, step.Channels, gamma, step.Gamma(_sums.Block));
        AddSquares(s.Batch, step.Channels, beta, step.BetaOf(_sums.Block));
    }

    /// <summary>Adds the sums of a batch to those of the batches before.</summary>
    public void Collect()
    {
        float[] batch = new float[Total.Length];
        _kernels.Download(_sums.Block, batch.AsSpan());
        for (int i = 0; i < batch.Length; i++) Total[i] += batch[i];
        _kernels.Zero(_sums.Block);
    }

    public void Dispose()
    {
        _samples.Dispose();
        _sums.Dispose();
        _inputs.Dispose();
        _outputs.Dispose();
        _gradients.Dispose();
    }

    private int Chunk(ConvolutionStep step) => (int)Math.Clamp(ChunkElements / ((long)step.OutWidth * step.PatchLength), 1, _capacity);

    /// <summary>Overwrites <paramref name="gradients"/> with their squares.</summary>
    private void AddSquares(int rows, int columns, Block<float> gradients, Block<float> sum)
    {
        _kernels.Multiply(gradients, gradients, gradients);
        _kernels.ColumnSum(rows, columns, gradients, 1f, sum);
    }
}
