using System.Numerics;
using System.Numerics.Tensors;
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
        if (predictions.Length != (long)models * labels.Length && models > 0)
        {
            throw new ArgumentException($"predictions is [{predictions.Length}]; expected [{models} × {labels.Length}] (models × labels.Length).", nameof(predictions));
        }
        fixed (int* p = predictions, y = labels)
        {
            int rows = labels.Length;
            return FromPredictions(new MatrixView<int>(new Block<int>(p, predictions.Length), models, rows, rows), new Block<int>(y, rows), classes, ignoreIndex, device);
        }
    }

    /// <summary>Compares the predictions of M models in tensor spans, which may lie in anyone's memory; models may have gaps between them. Nothing is copied, and rows may be more than 2³¹.</summary>
    /// <param name="predictions">[models × rows], rows next to each other, each below <paramref name="classes"/>; negative for none, never right.</param>
    /// <param name="labels">[rows] without gaps, each in [0, classes) or <paramref name="ignoreIndex"/>.</param>
    /// <param name="classes">C, from 1 to 2²⁴.</param>
    /// <param name="ignoreIndex">A label that takes its sample out of every count.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentException">A shape or a stride does not fit; lengths and strides are named.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label or a prediction is out of range (place and value are named), or a size is.</exception>
    public static PairwiseFlips FromPredictions(
        in ReadOnlyTensorSpan<int> predictions, in ReadOnlyTensorSpan<int> labels, int classes, int ignoreIndex = -100, ComputeDevice? device = null)
    {
        fixed (int* p = predictions, y = labels)
        {
            return FromPredictions(TensorViews.Matrix(predictions, p, nameof(predictions)), TensorViews.Vector(labels, y, nameof(labels)), classes, ignoreIndex, device);
        }
    }

    /// <summary>The same over anyone's memory, with all checks: what every public entry comes to.</summary>
    internal static PairwiseFlips FromPredictions(MatrixView<int> predictions, Block<int> labels, int classes, int ignoreIndex, ComputeDevice? device)
    {
        // A model's row of counts must be addressable beside the others.
        if (predictions.Rows is < 1 or > 32768) throw new ArgumentOutOfRangeException("models", predictions.Rows, $"predictions is of {predictions.Rows} models; expected 1 to 32768.");
        Check.Classes(classes);
        int models = (int)predictions.Rows;
        long rows = labels.Length;
        if (predictions.Columns != rows)
        {
            throw new ArgumentException($"predictions is [{models} × {predictions.Columns}]; expected [{models} × {rows}] (models × labels.Length).", nameof(predictions));
        }
        long samples = Check.Labels(labels, classes, ignoreIndex);
        int digits = 1;
        for (int m = 0; m < models; m++) digits |= Digits(predictions.Slice(m, 1).Data, classes, m * rows);

        IKernels kernels = (device ?? ComputeDevice.Default).Kernels;
        long[] right = new long[models], negative = new long[(long)models * models], differ = new long[(long)models * models];
        long words = (rows + 63L) / 64;
        int planes = 32 - BitOperations.LeadingZeroCount((uint)digits);
        using DeviceMemory memory = kernels.Allocate(models * planes * words * sizeof(ulong));
        Block<ulong> bits = memory.AsBlock<ulong>();
        fixed (long* negatives = negative, differences = differ)
        {
            for (int m = 0; m < models; m++)
            {
                Block<int> own = predictions.Slice(m, 1).Data;
                kernels.PackCorrect(rows, own, labels, ignoreIndex, bits.Slice(m * words, words));
                right[m] = kernels.FlipsFromPredictions(rows, own, own, labels, ignoreIndex, classes, default).BothRight;
            }
            kernels.PairwiseFlips(models, words, bits, new Block<long>(negatives, negative.Length));
            for (int m = 0; m < models; m++)
            {
                Block<ulong> own = bits.Slice(m * planes * words, planes * words);
                kernels.PackPredictions(rows, predictions.Slice(m, 1).Data, labels, ignoreIndex, planes, own);
            }
            kernels.PairwiseDiffer(models, planes, words, bits, new Block<long>(differences, differ.Length));
        }
        return new PairwiseFlips(models, samples, right, negative, differ);
    }

    /// <summary>Binary digits that tell the predictions of a model apart: all 32 where one is negative.</summary>
    private static int Digits(Block<int> predictions, int classes, long first)
    {
        int digits = 0;
        Check.Predictions(predictions, classes, nameof(predictions), first);
        for (long i = 0; i < predictions.Length; i++) digits |= predictions.Pointer[i];
        return digits;
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
