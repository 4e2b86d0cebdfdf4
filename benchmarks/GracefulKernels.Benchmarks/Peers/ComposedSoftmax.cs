using System.Numerics.Tensors;
using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>The softmax between products, from whole-row operations: logits in memory become their cross-entropy's gradient, rows shared among threads.</summary>
internal sealed unsafe class ComposedSoftmax(LinearLossShape shape, Block<float> logits, Block<float> bias, Block<int> labels, int threads)
{
    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = threads };
    private readonly double[] _values = new double[shape.Rows];

    /// <summary>Σ of the rows' values.</summary>
    public double Loss { get; private set; }

    public void Run(Block<float> biasGradient)
    {
        if (threads == 1) for (int r = 0; r < shape.Rows; r++) Row(r);
        else Parallel.For(0, shape.Rows, _parallel, Row);
        Loss = _values.Sum();
        biasGradient.Span.Clear();
        for (int r = 0; r < shape.Rows; r++) TensorPrimitives.Add(biasGradient.Span, RowOf(r), biasGradient.Span);
    }

    private Span<float> RowOf(int row) => new(logits.Pointer + ((long)row * shape.Classes), shape.Classes);

    private void Row(int row)
    {
        Span<float> z = RowOf(row);
        int label = labels.Pointer[row];
        TensorPrimitives.Add(z, bias.Span, z);
        float max = TensorPrimitives.Max<float>(z), ofLabel = z[label];
        TensorPrimitives.Subtract(z, max, z);
        TensorPrimitives.Exp<float>(z, z);
        float sum = TensorPrimitives.Sum<float>(z);
        TensorPrimitives.Multiply(z, 1f / (sum * shape.Rows), z);
        z[label] -= 1f / shape.Rows;
        _values[row] = Math.Log(sum) + max - ofLabel;
    }
}
