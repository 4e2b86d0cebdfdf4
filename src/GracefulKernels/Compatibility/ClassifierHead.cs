namespace GracefulKernels;

/// <summary>A linear classifier κ over embeddings, <c>logits = φ·Wᵀ + b</c>, as the losses take it: a view of someone's arrays.</summary>
public readonly ref struct ClassifierHead
{
    /// <summary>States a head by its arrays, which stay the caller's.</summary>
    /// <param name="weight">[classes × features], row-major.</param>
    /// <param name="bias">[classes], or empty for none.</param>
    /// <param name="classes">C, from 1 to 2²⁴.</param>
    /// <param name="features">Width of the embeddings that it was made for, 1 or more.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="classes"/> or <paramref name="features"/> is out of range.</exception>
    public ClassifierHead(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, int classes, int features)
    {
        Check.Classes(classes);
        Check.Positive(features);
        Check.Matrix(weight.Length, classes, features, nameof(weight), "classes × features");
        if (!bias.IsEmpty) Check.Length(bias.Length, classes, nameof(bias), "classes");
        Weight = weight;
        Bias = bias;
        Classes = classes;
        Features = features;
    }

    /// <summary>[classes × features].</summary>
    public ReadOnlySpan<float> Weight { get; }

    /// <summary>[classes], or empty.</summary>
    public ReadOnlySpan<float> Bias { get; }

    /// <summary>C; 0 for the default value, which no operation takes.</summary>
    public int Classes { get; }

    /// <summary>Width of the embeddings.</summary>
    public int Features { get; }
}
