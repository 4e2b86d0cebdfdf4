using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>Cross-entropy with label smoothing, in nats.</summary>
internal sealed class CrossEntropyObjective(int[] labels, double smoothing) : TrainingObjective(labels.Length)
{
    /// <summary>About what guessing costs.</summary>
    internal override double Sane(int outputs) => Math.Log(outputs + 1);

    internal override void Expect(int outputs) => Check.Labels(labels, outputs, nameof(labels));

    internal override void AddTo(RunFingerprint print)
    {
        print.Add("objective", "cross-entropy");
        print.Add("labels", labels);
        print.Add("label smoothing", smoothing);
    }

    internal override BatchObjective On(IKernels kernels, int outputs, int capacity) => new OnDevice(kernels, labels, (float)smoothing, outputs, capacity);

    private sealed class OnDevice(IKernels kernels, int[] labels, float smoothing, int classes, int capacity) : BatchObjective
    {
        private readonly DeviceRows<int> _labels = new(kernels, labels, 1, capacity);

        public override BatchSums Evaluate(ReadOnlySpan<int> samples, Block<float> outputs, Block<float> seeds)
        {
            RowLossSums sums = kernels.RowLoss(
                new RowLossOptions { LabelSmoothing = smoothing, GradientScale = 1f / samples.Length },
                new RowLossOperands
                {
                    Rows = samples.Length, Classes = classes, New = outputs, LdNew = classes, Labels = _labels.Gather(samples), Gradient = seeds,
                });
            return new BatchSums(sums.Base, samples.Length, null);
        }

        public override void Dispose() => _labels.Dispose();
    }
}
