namespace GracefulKernels;

public abstract partial class TrainingObjective
{
    /// <summary>
    /// Backward-compatible training (Shen et al. 2020, eq. 4) of a network with a frozen old head (<see cref="Network.WithFrozenHead"/>):
    /// <c>CE(Wφ(x) + b, y) + λ·CE(κ_old φ(x) + b_old, y')</c>, y' the old class of y; the second term is left out where there is none. In nats; a step takes the mean over all samples
    /// of its batch, those without an old class too.
    /// </summary>
    /// <param name="labels">y [n], each in [0, C).</param>
    /// <param name="map">Old classes and new ones: the network has <see cref="ClassMap.NewClasses"/> own outputs, then <see cref="ClassMap.OldClasses"/> frozen ones.</param>
    /// <param name="lambda">λ ≥ 0.</param>
    /// <param name="labelSmoothing">ε in [0, 1), of both terms.</param>
    /// <exception cref="ArgumentException">No sample has a class that the old model knew.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label, λ or ε is out of range.</exception>
    public static TrainingObjective Influence(ReadOnlySpan<int> labels, ClassMap map, double lambda = 1, double labelSmoothing = 0)
    {
        ArgumentNullException.ThrowIfNull(map);
        Check.Labels(labels, map.NewClasses, nameof(labels));
        _ = Check.NonNegative(lambda, nameof(lambda));
        if (!(labelSmoothing >= 0 && labelSmoothing < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, $"labelSmoothing is {labelSmoothing}; expected a number in [0, 1).");
        }
        int[] old = map.OldLabels(labels, InfluenceObjective.Ignored);
        if (labels.Length > 0 && Array.TrueForAll(old, y => y == InfluenceObjective.Ignored))
        {
            throw new ArgumentException("No sample has a class that the old model knew: its head says nothing about these labels.", nameof(labels));
        }
        return new InfluenceObjective(labels.ToArray(), old, map, lambda, labelSmoothing);
    }
}
