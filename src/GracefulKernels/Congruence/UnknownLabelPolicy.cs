namespace GracefulKernels;

/// <summary>What becomes of a sample whose label the old model did not know: it cannot have it right, but its other outputs may still be followed.</summary>
public enum UnknownLabelPolicy
{
    /// <summary>The weight α of any sample that the old model has wrong.</summary>
    Alpha,

    /// <summary>No distance: weight 0.</summary>
    Exclude,
}
