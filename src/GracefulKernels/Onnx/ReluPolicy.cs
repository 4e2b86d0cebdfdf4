namespace GracefulKernels;

/// <summary>What becomes of the ReLUs of a network that is read from a file.</summary>
/// <remarks>
/// LQF §3 linearises networks with leaky ReLU: behind a ReLU that is shut, a weight has no derivative, and no update can open it. Layers that the file
/// itself calls leaky keep their own slopes.
/// </remarks>
public readonly record struct ReluPolicy
{
    private ReluPolicy(float slope) => Slope = slope;

    /// <summary>Every ReLU stays one: the network computes what the file says.</summary>
    public static ReluPolicy Keep => default;

    /// <summary>The slope where x ≤ 0; 0 for a ReLU.</summary>
    public float Slope { get; }

    /// <summary>Every ReLU becomes a leaky ReLU; 0.01 is what the paper uses.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slope is not finite.</exception>
    public static ReluPolicy Leaky(float slope) => float.IsFinite(slope)
        ? new ReluPolicy(slope)
        : throw new ArgumentOutOfRangeException(nameof(slope), slope, "The slope is a finite number.");
}
