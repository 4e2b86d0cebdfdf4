using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary><c>½ Σ_c s_c (f − t)_c²</c> of a least-squares problem's samples in another order.</summary>
internal sealed class SquaredBatchLoss : BatchLoss
{
    private readonly IKernels _kernels;
    private readonly int _classes;
    private readonly DeviceFloats _targets;
    private readonly DeviceFloats? _weights;

    public SquaredBatchLoss(LinearQuadraticProblem problem, int[] order)
    {
        _kernels = problem.Kernels;
        Targets targets = problem.Targets;
        _classes = targets.Classes;
        _targets = new DeviceFloats(_kernels, Rows(targets.Values.Span, order, _classes));
        _weights = targets.Weights.IsEmpty ? null : new DeviceFloats(_kernels, Rows(targets.Weights.Span, order, _classes));
    }

    public override double Evaluate(int first, int rows, Block<float> outputs, float scale, Block<float> seeds)
    {
        long at = (long)first * _classes, length = (long)rows * _classes;
        return _kernels.WeightedSquaredLoss(
            rows, _classes, outputs, _targets.Block.Slice(at, length), _weights?.Block.Slice(at, length) ?? default, scale, seeds);
    }

    public override void Dispose()
    {
        _targets.Dispose();
        _weights?.Dispose();
    }

    private static float[] Rows(ReadOnlySpan<float> matrix, int[] order, int columns)
    {
        float[] rows = new float[matrix.Length];
        for (int i = 0; i < order.Length; i++) matrix.Slice(order[i] * columns, columns).CopyTo(rows.AsSpan(i * columns));
        return rows;
    }
}
