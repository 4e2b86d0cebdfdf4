namespace GracefulKernels;

/// <summary>The positive-congruent blend of targets and old logits.</summary>
public sealed record PositiveCongruentOptions
{
    /// <summary>λ_pc ≥ 0, the weight of staying near the old model.</summary>
    public double LambdaPc { get; init; } = 1;

    /// <summary>a, the weight of every sample.</summary>
    public double FocalAlpha { get; init; } = 1;

    /// <summary>b, the weight added where the old model is right.</summary>
    public double FocalBeta { get; init; } = 5;

    /// <summary>α, the scale of the one-hot targets.</summary>
    public double Alpha { get; init; } = 15;

    /// <summary>
    /// Multiply the old logits by the one factor that fits them to αe_y by least squares: a model trained by cross-entropy has another scale. Its argmax stays.
    /// </summary>
    public bool RescaleOldLogits { get; init; } = true;

    /// <summary>With a class map, the weight of samples whose label the old model did not know: a, or none.</summary>
    public UnknownLabelPolicy UnknownLabels { get; init; }

    /// <summary>Whether a class may be without samples: only the old model then speaks for its output, and labels speak against it.</summary>
    public bool AllowEmptyClasses { get; init; }

    internal void Validate(string name)
    {
        _ = Check.NonNegative(LambdaPc, name, nameof(LambdaPc));
        _ = Check.NonNegative(FocalAlpha, name, nameof(FocalAlpha));
        _ = Check.NonNegative(FocalBeta, name, nameof(FocalBeta));
        _ = Check.Positive(Alpha, name, nameof(Alpha));
    }
}
