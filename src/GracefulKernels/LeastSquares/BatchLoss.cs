using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>A loss of outputs that is a sum over samples, on a device, for any run of consecutive samples.</summary>
internal abstract class BatchLoss : IDisposable
{
    /// <summary>A loss that is no sign of divergence even where the start is fitted perfectly.</summary>
    public virtual double Sane => double.Epsilon;

    /// <summary>Σ over the samples of the loss; <paramref name="seeds"/> becomes <paramref name="scale"/> times its gradient by the outputs.</summary>
    /// <param name="first">Number of the first sample.</param>
    /// <param name="rows">Number of samples.</param>
    /// <param name="outputs">[rows × C].</param>
    /// <param name="scale">Of the gradient.</param>
    /// <param name="seeds">[rows × C].</param>
    public abstract double Evaluate(int first, int rows, Block<float> outputs, float scale, Block<float> seeds);

    public abstract void Dispose();
}
