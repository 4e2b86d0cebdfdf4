using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>What a batch had.</summary>
/// <param name="Loss">Sum over the rows that count.</param>
/// <param name="Rows">Rows that count: those whose label is not ignored.</param>
/// <param name="Flips">Of the old model against this one; null where the objective has no old model.</param>
internal readonly record struct BatchSums(double Loss, long Rows, FlipCounts? Flips);

/// <summary>An objective on a device, with room for the operands of one batch of any samples.</summary>
internal abstract class BatchObjective : IDisposable
{
    /// <summary>
    /// The sum of the losses of a batch; <paramref name="seeds"/> becomes the gradient of their mean over the rows that count, 0 on those that do not. Nothing is allocated.
    /// </summary>
    /// <param name="samples">Numbers of the samples: their order is that of the rows. At most as many as there is room for.</param>
    /// <param name="outputs">[samples × outputs of the network], every output: those of frozen heads too.</param>
    /// <param name="seeds">[samples × outputs of the network], contiguous; written whole.</param>
    public abstract BatchSums Evaluate(ReadOnlySpan<int> samples, Block<float> outputs, Block<float> seeds);

    public abstract void Dispose();
}
