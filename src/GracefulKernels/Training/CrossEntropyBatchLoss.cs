using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>Cross-entropy with label smoothing, in nats.</summary>
internal sealed class CrossEntropyBatchLoss : BatchLoss
{
    private readonly IKernels _kernels;
    private readonly int _classes;
    private readonly float _smoothing;
    private readonly DeviceMemory _labels;

    public CrossEntropyBatchLoss(IKernels kernels, int[] labels, int classes, double smoothing)
    {
        _kernels = kernels;
        _classes = classes;
        _smoothing = (float)smoothing;
        _labels = kernels.Allocate((long)labels.Length * sizeof(int));
        kernels.Upload<int>(labels, _labels.AsBlock<int>().Slice(0, labels.Length));
    }

    /// <summary>About what guessing costs.</summary>
    public override double Sane => Math.Log(_classes + 1);

    public override double Evaluate(int first, int rows, Block<float> outputs, float scale, Block<float> seeds) => _kernels.RowLoss(
        new RowLossOptions { LabelSmoothing = _smoothing, GradientScale = scale },
        new RowLossOperands
        {
            Rows = rows, Classes = _classes, New = outputs, LdNew = _classes, Labels = _labels.AsBlock<int>().Slice(first, rows), Gradient = seeds,
        }).Base;

    public override void Dispose() => _labels.Dispose();
}
