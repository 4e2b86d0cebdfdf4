using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The positive-congruent objective of <see cref="CongruenceLoss"/>, row by row the same numbers.</summary>
/// <param name="labels">[n].</param>
/// <param name="oldLogits">[n × C_old].</param>
/// <param name="referenceLogits">[n × C], or empty.</param>
/// <param name="options">The mean is taken whatever they say.</param>
/// <param name="classMap">Null where the classes are the same.</param>
internal sealed class PositiveCongruentObjective(int[] labels, float[] oldLogits, float[] referenceLogits, CongruenceOptions options, ClassMap? classMap)
    : TrainingObjective(labels.Length)
{
    /// <summary>What guessing costs, and as much again for each unit of the distance's weight.</summary>
    internal override double Sane(int outputs) => Math.Log(outputs + 1) * (1 + (options.DistanceWeight * ((double)options.FocalAlpha + options.FocalBeta)));

    internal override void Expect(int outputs)
    {
        if (classMap is not null && classMap.NewClasses != outputs) throw new ArgumentException($"classMap is of {classMap.NewClasses} new classes; expected {outputs}, the outputs of the network.", nameof(classMap));
        if (Check.Labels(labels, outputs, options.IgnoreIndex) == 0) throw new ArgumentException($"Every label is {options.IgnoreIndex}, which is ignored; nothing is left to train on.", nameof(labels));
        Columns(oldLogits, classMap?.OldClasses ?? outputs, nameof(oldLogits), classMap is null ? "outputs of the network" : "old classes of the map");
        if (referenceLogits.Length > 0) Columns(referenceLogits, outputs, nameof(referenceLogits), "outputs of the network");
    }

    internal override void AddTo(RunFingerprint print)
    {
        print.Add("objective", "positive-congruent");
        print.Add("labels", labels);
        print.Add("old logits", oldLogits);
        print.Add("reference logits", referenceLogits);
        print.Add("class map", classMap is null ? [] : classMap.NewOfOld);
        print.Add("base loss", options.Base.ToString());
        print.Add("distance", options.Distance.ToString());
        print.Add("unknown labels", options.UnknownLabels.ToString());
        print.Add("ranked by", options.RankBy.ToString());
        print.Add("top K", options.TopK);
        print.Add("margin", options.Margin);
        print.Add("power", options.Power);
        print.Add("one-sided", options.OneSided ? 1 : 0);
        print.Add("without the true class", options.ExcludeTrueClass ? 1 : 0);
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
    {
        CongruenceOptions mean = options with { Reduction = LossReduction.Mean };
        return classMap is null
            ? new OnDevice(kernels, labels, oldLogits, referenceLogits, mean, outputs, capacity)
            : new MappedBatchObjective(kernels, labels, oldLogits, referenceLogits, mean, classMap, capacity);
    }

    private void Columns(float[] logits, int expected, string name, string meaning)
    {
        int columns = logits.Length / labels.Length;
        if (columns != expected) throw new ArgumentException($"{name} is [{labels.Length} × {columns}]; expected [{labels.Length} × {expected}] (columns = {meaning}).", name);
    }

    private sealed class OnDevice(IKernels kernels, int[] labels, float[] oldLogits, float[] referenceLogits, CongruenceOptions options, int classes, int capacity) : BatchObjective
    {
        private readonly DeviceRows<int> _labels = new(kernels, labels, 1, capacity);
        private readonly DeviceRows<float> _old = new(kernels, oldLogits, classes, capacity);
        private readonly DeviceRows<float>? _reference = referenceLogits.Length == 0 ? null : new(kernels, referenceLogits, classes, capacity);

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
                    LdOld = classes,
                    Reference = _reference?.Gather(samples) ?? default,
                    LdReference = classes,
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
            _reference?.Dispose();
        }
    }
}
