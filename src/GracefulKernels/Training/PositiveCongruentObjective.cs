using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The positive-congruent objective of <see cref="CongruenceLoss"/>, row by row the same numbers.</summary>
internal sealed class PositiveCongruentObjective(int[] labels, float[] oldLogits, CongruenceOptions options) : TrainingObjective(labels.Length)
{
    private int OldClasses => oldLogits.Length / labels.Length;

    /// <summary>What guessing costs, and as much again for each unit of the distance's weight.</summary>
    internal override double Sane(int outputs) => Math.Log(outputs + 1) * (1 + (options.DistanceWeight * ((double)options.FocalAlpha + options.FocalBeta)));

    internal override void Expect(int outputs)
    {
        if (Check.Labels(labels, outputs, options.IgnoreIndex) == 0) throw new ArgumentException($"Every label is {options.IgnoreIndex}, which is ignored; nothing is left to train on.", nameof(labels));
        if (OldClasses != outputs)
        {
            throw new ArgumentException($"oldLogits is [{labels.Length} × {OldClasses}]; expected [{labels.Length} × {outputs}] (columns = outputs of the network).", nameof(oldLogits));
        }
    }

    internal override void AddTo(RunFingerprint print)
    {
        print.Add("objective", "positive-congruent");
        print.Add("labels", labels);
        print.Add("old logits", oldLogits);
        print.Add("base loss", options.Base.ToString());
        print.Add("distance", options.Distance.ToString());
        print.Add("label smoothing", options.LabelSmoothing);
        print.Add("target scale", options.TargetScale);
        print.Add("distance weight", options.DistanceWeight);
        print.Add("temperature", options.Temperature);
        print.Add("temperature squared", options.TemperatureSquared ? 1 : 0);
        print.Add("focal α", options.FocalAlpha);
        print.Add("focal β", options.FocalBeta);
        print.Add("ignored label", options.IgnoreIndex);
    }

    internal override BatchObjective On(IKernels kernels, int outputs, int capacity)
        => new OnDevice(kernels, labels, oldLogits, options with { Reduction = LossReduction.Mean }, outputs, OldClasses, capacity);

    private sealed class OnDevice(
        IKernels kernels, int[] labels, float[] oldLogits, CongruenceOptions options, int classes, int oldClasses, int capacity) : BatchObjective
    {
        private readonly DeviceRows<int> _labels = new(kernels, labels, 1, capacity);
        private readonly DeviceRows<float> _old = new(kernels, oldLogits, oldClasses, capacity);

        public override BatchSums Evaluate(ReadOnlySpan<int> samples, Block<float> outputs, Block<float> seeds)
        {
            long valid = 0;
            foreach (int i in samples) valid += labels[i] == options.IgnoreIndex ? 0 : 1;
            CongruenceResult result = CongruenceLoss.Evaluate(
                options,
                new RowLossOperands
                {
                    Rows = samples.Length,
                    Classes = classes,
                    New = outputs,
                    LdNew = classes,
                    Old = _old.Gather(samples),
                    LdOld = oldClasses,
                    Labels = _labels.Gather(samples),
                    Gradient = seeds,
                },
                valid,
                kernels);
            // A mean over nothing is no number.
            return new BatchSums(valid == 0 ? 0 : result.Loss * valid, valid, result.Flips);
        }

        public override void Dispose()
        {
            _labels.Dispose();
            _old.Dispose();
        }
    }
}
