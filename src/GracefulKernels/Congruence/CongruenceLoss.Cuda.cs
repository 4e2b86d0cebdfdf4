using GracefulKernels.Kernels;

namespace GracefulKernels;

public static unsafe partial class CongruenceLoss
{
    /// <summary>The same over another's memory on a CUDA device: logits are read and the gradient is written where they lie. Not yet run on a GPU.</summary>
    /// <param name="device">The device for which the tensors were borrowed.</param>
    /// <param name="newLogits">[rows × classes].</param>
    /// <param name="oldLogits">[rows × classes]; null where there is no old model.</param>
    /// <param name="labels">[rows] on the host, each in [0, classes) or <see cref="CongruenceOptions.IgnoreIndex"/>: they are checked there, and copied.</param>
    /// <param name="options">What to compute; null for cross-entropy and FD-KL with the paper's weights.</param>
    /// <param name="gradient">[rows × classes], or null. May be exactly <paramref name="newLogits"/>'s memory.</param>
    /// <exception cref="ArgumentException">A shape does not fit, a tensor was borrowed for another device, or an output overlaps an input.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range, or the number of classes is.</exception>
    public static CongruenceResult Evaluate(
        ComputeDevice device, CudaTensor newLogits, CudaTensor? oldLogits, ReadOnlySpan<int> labels, CongruenceOptions? options = null, CudaTensor? gradient = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(newLogits);
        fixed (int* y = labels)
        {
            return Evaluate(
                options,
                new CongruenceOperands
                {
                    New = newLogits.View(device, nameof(newLogits)),
                    Old = oldLogits?.View(device, nameof(oldLogits)) ?? default,
                    Labels = new Block<int>(y, labels.Length),
                    Gradient = gradient?.View(device, nameof(gradient), writes: true) ?? default,
                },
                null,
                device);
        }
    }
}
