using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>Cross-entropy of a network's own outputs, and λ times that of its frozen old head's.</summary>
/// <param name="labels">[n] new classes.</param>
/// <param name="oldLabels">[n] old classes, or <see cref="Ignored"/>.</param>
internal sealed class InfluenceObjective(int[] labels, int[] oldLabels, ClassMap map, double lambda, double smoothing) : TrainingObjective(labels.Length)
{
    /// <summary>The old label of samples whose class the old model did not know.</summary>
    public const int Ignored = -100;

    /// <summary>What guessing costs in both heads.</summary>
    internal override double Sane(int outputs) => Math.Log(map.NewClasses + 1) + (lambda * Math.Log(map.OldClasses + 1));

    internal override void Expect(int outputs)
    {
        if (outputs == map.NewClasses + map.OldClasses) return;
        throw new ArgumentException($"map has {map.NewClasses} new and {map.OldClasses} old classes; expected as many as the network has outputs, {outputs} (own and frozen).", nameof(map));
    }

    internal override void AddTo(RunFingerprint print)
    {
        print.Add("objective", "influence");
        print.Add("labels", labels);
        print.Add("old labels", oldLabels);
        print.Add("λ", lambda);
        print.Add("label smoothing", smoothing);
    }

    internal override BatchObjective On(IKernels kernels, int outputs, int capacity) => new OnDevice(this, labels, oldLabels, map, lambda, kernels, capacity);

    private RowLossSums Half(IKernels kernels, Block<float> outputs, int classes, Block<int> of, double scale, Block<float> gradient) => kernels.RowLoss(
        new RowLossOptions { LabelSmoothing = (float)smoothing, GradientScale = (float)scale, IgnoreIndex = Ignored },
        new RowLossOperands
        {
            Rows = (int)(gradient.Length / classes), Classes = classes, New = outputs, LdNew = map.NewClasses + map.OldClasses, Labels = of, Gradient = gradient,
        });

    private sealed class OnDevice(
        InfluenceObjective objective, int[] labels, int[] oldLabels, ClassMap map, double lambda, IKernels kernels, int capacity) : BatchObjective
    {
        private readonly int _own = map.NewClasses, _old = map.OldClasses;
        private readonly DeviceRows<int> _labels = new(kernels, labels, 1, capacity), _oldLabels = new(kernels, oldLabels, 1, capacity);
        private readonly DeviceFloats _ownGradient = new(kernels, (long)capacity * map.NewClasses), _oldGradient = new(kernels, (long)capacity * map.OldClasses);
        private readonly DeviceFloats _among = new(kernels, (long)capacity * (map.NewClasses + map.OldClasses));

        public override BatchSums Evaluate(ReadOnlySpan<int> samples, Block<float> outputs, Block<float> seeds)
        {
            int n = samples.Length;
            Block<float> own = _ownGradient.Block.Slice(0, (long)n * _own), old = _oldGradient.Block.Slice(0, (long)n * _old), among = _among.Block.Slice(0, seeds.Length);
            double loss = objective.Half(kernels, outputs, _own, _labels.Gather(samples), 1.0 / n, own).Base;
            double influence = objective.Half(kernels, outputs.Slice(_own), _old, _oldLabels.Gather(samples), lambda / n, old).Base;
            // The two gradients side by side: each among zeros, and their sum.
            kernels.Shortcut(new ShortcutShape(n, 1, 1, _own, 1, 0, _old), own, seeds);
            kernels.Shortcut(new ShortcutShape(n, 1, 1, _old, 1, _own, 0), old, among);
            kernels.Add(seeds, among, seeds);
            return new BatchSums(loss + (lambda * influence), n, null);
        }

        public override void Dispose()
        {
            _labels.Dispose();
            _oldLabels.Dispose();
            _ownGradient.Dispose();
            _oldGradient.Dispose();
            _among.Dispose();
        }
    }
}
