using System.Numerics.Tensors;
using GracefulKernels.Kernels;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>A row loss with its gradient, composed from whole-row operations with scratch rows between them.</summary>
internal sealed class ComposedLoss(RowLossOptions options, int classes)
{
    private readonly float[] _old = new float[classes];
    private readonly float[] _new = new float[classes];
    private readonly float[] _log = new float[classes];

    /// <summary>Cross-entropy, and the distance with its focal weight where there are old logits.</summary>
    public double Row(ReadOnlySpan<float> z, ReadOnlySpan<float> old, int label, Span<float> gradient)
    {
        float max = TensorPrimitives.Max(z);
        TensorPrimitives.Subtract(z, max, gradient);
        TensorPrimitives.Exp<float>(gradient, gradient);
        float sum = TensorPrimitives.Sum<float>(gradient);
        TensorPrimitives.Divide(gradient, sum, gradient);
        gradient[label] -= 1;
        double value = Math.Log(sum) + max - z[label];
        if (options.Distance == OldDistance.None) return value;

        float weight = options.DistanceWeight * (options.FocalAlpha + (TensorPrimitives.IndexOfMax(old) == label ? options.FocalBeta : 0));
        // The new argmax is part of what ours reports.
        _ = TensorPrimitives.IndexOfMax(z);
        if (options.Distance == OldDistance.LogitMatching)
        {
            TensorPrimitives.Subtract(z, old, _new);
            TensorPrimitives.MultiplyAdd(_new, weight, gradient, gradient);
            return value + (weight * 0.5 * TensorPrimitives.SumOfSquares<float>(_new));
        }
        float inverse = 1 / options.Temperature;
        TensorPrimitives.Multiply(old, inverse, _old);
        TensorPrimitives.SoftMax<float>(_old, _old);
        TensorPrimitives.Multiply(z, inverse, _new);
        TensorPrimitives.SoftMax<float>(_new, _new);
        TensorPrimitives.Divide<float>(_old, _new, _log);
        TensorPrimitives.Log<float>(_log, _log);
        double divergence = TensorPrimitives.Dot<float>(_old, _log);
        TensorPrimitives.Subtract<float>(_new, _old, _new);
        TensorPrimitives.MultiplyAdd(_new, weight * inverse, gradient, gradient);
        return value + (weight * divergence);
    }
}
