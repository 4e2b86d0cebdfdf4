using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Sums of squares of each sample's gradient in an eigenbasis while they are made. A linear layer's gradient is <c>g āᵀ</c>, so that the sum is the product
/// <c>(U_Gᵀ g)² ((U_Aᵀ ā)²)ᵀ</c> over the samples. A convolution's is made for each sample, from cotangents rotated first (they are the small side), and then rotated by U_A.
/// </summary>
/// <remarks>fp32 over the seeds of a batch, fp64 over batches.</remarks>
internal sealed class RotatedSums : ICotangentSink, IDisposable
{
    /// <summary>Elements of the gradients that are made at a time.</summary>
    private const long ChunkElements = 1L << 22;

    private readonly Dictionary<int, Entry> _entries = [];
    private readonly IKernels _kernels;
    private readonly ExecutionPlan _plan;
    private readonly SampleGradients _samples;
    private readonly DeviceFloats _sums;
    private readonly DeviceFloats _inputs;
    private readonly DeviceFloats _outputs;
    private readonly DeviceFloats _gradients;
    private readonly DeviceFloats _rotated;
    private readonly double[] _total;

    public RotatedSums(ExecutionPlan plan, IKernels kernels, int capacity, KroneckerEigenbasis basis)
    {
        _kernels = kernels;
        _plan = plan;
        _samples = new SampleGradients(plan, kernels, capacity);
        long sums = 0, inputs = 0, outputs = 1, gradients = 1;
        foreach (ProductStep step in plan.Steps.OfType<ProductStep>())
        {
            EigenBlock block = basis[step.Layer];
            if (!block.HasOutputFactor) continue;
            long length = (long)block.Rows * block.Columns;
            int chunk = (int)Math.Clamp(ChunkElements / Math.Max(length, (long)step.Positions * step.OutWidth), 1, capacity);
            _entries.Add(step.Index, new Entry(block, new RotatedBasis(kernels, block), sums, inputs, chunk));
            sums += length;
            if (step is LinearStep)
            {
                inputs += (long)block.Columns * capacity;
                outputs = Math.Max(outputs, (long)block.Rows * capacity);
                continue;
            }
            outputs = Math.Max(outputs, (long)step.Positions * step.OutWidth * chunk);
            gradients = Math.Max(gradients, length * chunk);
        }
        _total = new double[sums];
        _sums = new DeviceFloats(kernels, Math.Max(sums, 1));
        _inputs = new DeviceFloats(kernels, Math.Max(inputs, 1));
        _outputs = new DeviceFloats(kernels, outputs);
        _gradients = new DeviceFloats(kernels, gradients);
        _rotated = new DeviceFloats(kernels, gradients);
    }

    /// <summary>The squares of the rotated inputs of linear layers, which all seeds of a batch share.</summary>
    public void AddInputs(Sweep s, int batch, PrimalState state)
    {
        s.Attach(batch, state);
        foreach (LinearStep step in _plan.Steps.OfType<LinearStep>())
        {
            if (!_entries.TryGetValue(step.Index, out Entry? e)) continue;
            int columns = e.Basis.Columns;
            Block<float> squares = Inputs(e, batch);
            var shape = new GemmShape(batch, columns, step.InFeatures, false, true, step.InFeatures, columns, columns);
            _kernels.Gemm(shape, 1f, s.Saved(step.Inputs[0]), e.Basis.Input, 0f, squares, new Epilogue { Bias = e.Basis.Bias });
            _kernels.Multiply(squares, squares, squares);
        }
    }

    public void Linear(Sweep s, LinearStep step, Block<float> x, Block<float> dz)
    {
        if (!_entries.TryGetValue(step.Index, out Entry? e)) return;
        Block<float> g = _outputs.Block.Slice(0, (long)s.Batch * e.Basis.Rows);
        _kernels.Gemm(new GemmShape(s.Batch, e.Basis.Rows, e.Basis.Rows, transposeB: true), 1f, dz, e.Basis.Output, 0f, g, default);
        _kernels.Multiply(g, g, g);
        _kernels.Gemm(new GemmShape(e.Basis.Rows, e.Basis.Columns, s.Batch, transposeA: true), 1f, g, Inputs(e, s.Batch), 1f, Sum(e), default);
    }

    public void Convolution(Sweep s, ConvolutionStep step, Block<float> x, Block<float> dz)
    {
        if (!_entries.TryGetValue(step.Index, out Entry? e)) return;
        int rows = e.Basis.Rows, columns = e.Basis.Columns, patch = step.PatchLength;
        long output = (long)step.Positions * rows;
        for (int first = 0; first < s.Batch; first += e.Chunk)
        {
            int n = Math.Min(e.Chunk, s.Batch - first);
            Block<float> g = _outputs.Block.Slice(0, n * output), w = _gradients.Block.Slice(0, (long)n * rows * patch);
            Block<float> rotated = _rotated.Block.Slice(0, (long)n * rows * columns);
            _kernels.Gemm(new GemmShape(n * step.Positions, rows, rows, transposeB: true), 1f, dz.Slice(first * output, n * output), e.Basis.Output, 0f, g, default);
            _samples.Weight(s, step, x, g, first, n, w);
            _kernels.Gemm(new GemmShape(n * rows, columns, patch, false, true, patch, columns, columns), 1f, w, e.Basis.Input, 0f, rotated, default);
            // The bias adds its gradient times its own row of U_A: a product of inner dimension 1.
            if (step.HasBias) _kernels.Gemm(new GemmShape(n * rows, columns, 1), 1f, _samples.Bias(step, n, g), e.Basis.Bias, 1f, rotated, default);
            _kernels.Multiply(rotated, rotated, rotated);
            _kernels.ColumnSum(n, rows * columns, rotated, 1f, Sum(e));
        }
    }

    public void BatchNorm(Sweep s, BatchNormStep step, Block<float> x, Block<float> dz)
    {
        // Its blocks are exact.
    }

    /// <summary>Adds the sums of a batch to those of the batches before.</summary>
    public void Collect()
    {
        float[] batch = new float[_total.Length];
        _kernels.Download(_sums.Block.Slice(0, batch.Length), batch.AsSpan());
        for (int i = 0; i < batch.Length; i++) _total[i] += batch[i];
        _kernels.Zero(_sums.Block);
    }

    /// <summary>All batches that were collected.</summary>
    public IReadOnlyList<MomentBlock> Blocks(double count)
        => [.. _entries.Values.Select(e => new MomentBlock(e.Block, _total.AsSpan((int)e.Start, e.Basis.Rows * e.Basis.Columns).ToArray(), count))];

    public void Dispose()
    {
        foreach (Entry e in _entries.Values) e.Basis.Dispose();
        _samples.Dispose();
        _sums.Dispose();
        _inputs.Dispose();
        _outputs.Dispose();
        _gradients.Dispose();
        _rotated.Dispose();
    }

    private Block<float> Sum(Entry e) => _sums.Block.Slice(e.Start, (long)e.Basis.Rows * e.Basis.Columns);

    private Block<float> Inputs(Entry e, int batch) => _inputs.Block.Slice(e.Inputs, (long)batch * e.Basis.Columns);

    /// <param name="Start">Of the block's sums.</param>
    /// <param name="Inputs">Of a linear layer's squared inputs.</param>
    /// <param name="Chunk">Samples whose gradients are made at a time.</param>
    private sealed record Entry(EigenBlock Block, RotatedBasis Basis, long Start, long Inputs, int Chunk);
}
