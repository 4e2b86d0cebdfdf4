using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// The positive-congruent objective of a batch where the old model has other classes: <see cref="MappedLoss"/> works on host memory, so the outputs come down and the gradient goes up.
/// </summary>
internal sealed unsafe class MappedBatchObjective(
    IKernels kernels, int[] labels, float[] oldLogits, float[] referenceLogits, CongruenceOptions options, ClassMap map, int capacity) : BatchObjective
{
    private readonly MappedLoss _loss = new(options, map, kernels, capacity, hasGradient: true);
    private readonly float[] _outputs = new float[capacity * map.NewClasses];
    private readonly float[] _gradient = new float[capacity * map.NewClasses];
    private readonly float[] _old = new float[capacity * map.OldClasses];
    private readonly float[] _reference = new float[referenceLogits.Length == 0 ? 0 : capacity * map.NewClasses];
    private readonly int[] _labels = new int[capacity];
    private readonly int[] _newPredictions = new int[capacity];
    private readonly int[] _oldPredictions = new int[capacity];

    public override BatchSums Evaluate(ReadOnlySpan<int> samples, Block<float> outputs, Block<float> seeds)
    {
        int n = samples.Length, classes = map.NewClasses, length = n * classes;
        long valid = 0;
        for (int i = 0; i < n; i++)
        {
            _labels[i] = labels[samples[i]];
            valid += _labels[i] == options.IgnoreIndex ? 0 : 1;
            oldLogits.AsSpan(samples[i] * map.OldClasses, map.OldClasses).CopyTo(_old.AsSpan(i * map.OldClasses));
            if (_reference.Length > 0) referenceLogits.AsSpan(samples[i] * classes, classes).CopyTo(_reference.AsSpan(i * classes));
        }
        kernels.Download(outputs.Slice(0, length), _outputs.AsSpan(0, length));
        CongruenceResult result;
        fixed (float* z = _outputs, g = _gradient, old = _old, reference = _reference)
        fixed (int* y = _labels, predictedNew = _newPredictions, predictedOld = _oldPredictions)
        {
            RowLossOperands operands = new()
            {
                Rows = n,
                Classes = classes,
                New = new Block<float>(z, length),
                LdNew = classes,
                Old = new Block<float>(old, n * map.OldClasses),
                LdOld = map.OldClasses,
                Reference = new Block<float>(reference, _reference.Length == 0 ? 0 : length),
                LdReference = classes,
                Labels = new Block<int>(y, n),
                Gradient = new Block<float>(g, length),
                PredictionsNew = new Block<int>(predictedNew, n),
                PredictionsOld = new Block<int>(predictedOld, n),
            };
            result = _loss.Evaluate(operands, valid);
        }
        kernels.Upload<float>(_gradient.AsSpan(0, length), seeds);
        return new BatchSums(valid == 0 ? 0 : result.Loss * valid, valid, result.Flips);
    }

    public override void Dispose() => _loss.Dispose();
}
