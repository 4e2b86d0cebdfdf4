using System.Numerics;
using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Prediction flips between every pair of M models on the same labelled samples, from one bit a sample and model:
/// <c>negative flips a → b = popcount(right_a ∧ ¬right_b)</c>. Entry [a, b] reads: old = model a, new = model b.
/// </summary>
public sealed unsafe class PairwiseFlips
{
    private readonly long[] _right;
    private readonly long[] _negative;
    private readonly long[] _differ;

    private PairwiseFlips(int models, long samples, long[] right, long[] negative, long[] differ)
    {
        Models = models;
        Samples = samples;
        _right = right;
        _negative = negative;
        _differ = differ;
    }

    /// <summary>M.</summary>
    public int Models { get; }

    /// <summary>N: samples whose label is not ignored.</summary>
    public long Samples { get; }

    /// <summary>Compares the predictions of M models.</summary>
    /// <param name="predictions">[models × rows], one model after the other, each below <paramref name="classes"/>; negative
    /// for none, never right.</param>
    /// <param name="models">M, at least 1.</param>
    /// <param name="labels">[rows], each in [0, classes) or <paramref name="ignoreIndex"/>.</param>
    /// <param name="classes">C, from 1 to 2²⁴.</param>
    /// <param name="ignoreIndex">A label that takes its sample out of every count.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label or a prediction is out of range (place and value are named), or a
    /// size is.</exception>
    public static PairwiseFlips FromPredictions(
        ReadOnlySpan<int> predictions, int models, ReadOnlySpan<int> labels, int classes, int ignoreIndex = -100,
            ComputeDevice? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(models, 1);
        // A model's row of counts must be addressable beside the others.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(models, 32768);
        Check.Classes(classes);
        int rows = labels.Length;
        if (predictions.Length != (long)models * rows)
        {
            throw new ArgumentException($"predictions is [{predictions.Length}]; expected [{models} × {rows}] (models × labels.Length).", nameof(predictions));
        }
        long samples = Check.Labels(labels, classes, ignoreIndex);
        Check.Predictions(predictions, classes, nameof(predictions));

        IKernels kernels = (device ?? ComputeDevice.Default).Kernels;
        long[] right = new long[models], negative = new long[(long)models * models], differ = new long[(long)models * models];
        long words = (rows + 63L) / 64;
        int planes = Planes(predictions);
        using DeviceMemory memory = kernels.Allocate(models * planes * words * sizeof(ulong));
        Block<ulong> bits = memory.AsBlock<ulong>();
        fixed (int* p = predictions, y = labels)
        fixed (long* negatives = negative, differences = differ)
        {
            var all = new Block<int>(p, predictions.Length);
            var label = new Block<int>(y, rows);
            for (int m = 0; m < models; m++)
            {
                Block<int> own = all.Slice((long)m * rows, rows);
                kernels.PackCorrect(rows, own, label, ignoreIndex, bits.Slice(m * words, words));
                right[m] = kernels.FlipsFromPredictions(rows, own, own, label, ignoreIndex, classes, default).BothRight;
            }
            kernels.PairwiseFlips(models, words, bits, new Block<long>(negatives, negative.Length));
            for (int m = 0; m < models; m++)
            {
                Block<ulong> own = bits.Slice(m * planes * words, planes * words);
                kernels.PackPredictions(rows, all.Slice((long)m * rows, rows), label, ignoreIndex, planes, own);
            }
            kernels.PairwiseDiffer(models, planes, words, bits, new Block<long>(differences, differ.Length));
        }
        return new PairwiseFlips(models, samples, right, negative, differ);
    }

    /// <summary>Binary digits that tell the predictions apart: all 32 where one is negative, at least one.</summary>
    private static int Planes(ReadOnlySpan<int> predictions)
    {
        int digits = 1;
        foreach (int prediction in predictions) digits |= prediction;
        return 32 - BitOperations.LeadingZeroCount((uint)digits);
    }

    /// <summary>Samples that model <paramref name="model"/> has right.</summary>
    public long Right(int model) => _right[Checked(model, nameof(model))];

    /// <summary>Samples that <paramref name="oldModel"/> has right and <paramref name="newModel"/> wrong.</summary>
    public long NegativeFlips(int oldModel, int newModel) => _negative[Index(oldModel, newModel)];

    /// <summary>Samples that <paramref name="oldModel"/> has wrong and <paramref name="newModel"/> right.</summary>
    public long PositiveFlips(int oldModel, int newModel) => _negative[Index(newModel, oldModel)];

    /// <summary>Samples whose predictions differ.</summary>
    public long Differ(int oldModel, int newModel) => _differ[Index(oldModel, newModel)];

    /// <summary>Negative flips / N; NaN without samples.</summary>
    public double NegativeFlipRate(int oldModel, int newModel) => Pair(oldModel, newModel).NegativeFlipRate;

    /// <summary>
    /// The whole table of one pair, with every rate. Predictions that are missing are not told apart from wrong ones here.
    /// </summary>
    public FlipCounts Pair(int oldModel, int newModel)
    {
        long negative = NegativeFlips(oldModel, newModel), positive = PositiveFlips(oldModel, newModel),
            both = Right(oldModel) - negative;
        return new FlipCounts(both, Samples - both - negative - positive, positive, negative, Differ(oldModel, newModel), 0, 0);
    }

    private int Index(int oldModel, int newModel)
        => (Checked(oldModel, nameof(oldModel)) * Models) + Checked(newModel, nameof(newModel));

    private int Checked(int model, string name)
        => (uint)model < (uint)Models ? model : throw new ArgumentOutOfRangeException(name, model,
        $"{name} is {model}; expected 0 to {Models - 1}.");
}
