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
        if (options.Distance == OldDistance.LogitDifference) return value + TopDifferences(z, old, weight, gradient);
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

    /// <summary>LDI by the old logits, p = 2 and ξ = 0: the top K by as many maxima of a copy.</summary>
    private double TopDifferences(ReadOnlySpan<float> z, ReadOnlySpan<float> old, float weight, Span<float> gradient)
    {
        int k = options.TopOf(classes);
        double sum = 0;
        old.CopyTo(_old);
        for (int i = 0; i < k; i++)
        {
            int best = TensorPrimitives.IndexOfMax<float>(_old);
            _old[best] = float.NegativeInfinity;
            float difference = z[best] - old[best];
            sum += difference * difference;
            gradient[best] += 2 * weight / k * difference;
        }
        return weight * sum / k;
    }
}
