namespace GracefulKernels;

/// <summary>One training sample's part in an output.</summary>
/// <param name="Sample">Its index.</param>
/// <param name="Influence">What the output has from it: the output now, less the output of the model without the sample.</param>
/// <param name="Label">Its label, or the place of its largest target.</param>
/// <param name="IsExact">
/// Whether the leverage <c>(I − J_i M J_iᵀ)⁻¹</c> is in it: then it is the difference that removing the sample makes. Otherwise it is the first-order estimate without it, which is
/// too small for samples that the model fits because of themselves.
/// </param>
public readonly record struct SampleInfluence(int Sample, double Influence, int Label, bool IsExact);

/// <summary>
/// The influence of every training sample on one output of a test sample, <c>J_test M J_iᵀ (I − J_i M J_iᵀ)⁻¹ e_i</c> with <c>M = H⁻¹/n</c>, rows scaled by √s, from the most
/// positive (they raise the output) to the most negative.
/// </summary>
public sealed class InfluenceRanking
{
    internal InfluenceRanking(int output, double[] influence, bool[]? exact, Targets targets, ReadOnlySpan<int> labels)
    {
        Output = output;
        if (!labels.IsEmpty)
        {
            Check.Length(labels.Length, targets.Samples, nameof(labels), "samples");
            Check.Labels(labels, targets.Classes, nameof(labels));
        }
        var all = new SampleInfluence[influence.Length];
        for (int i = 0; i < all.Length; i++)
        {
            int label = labels.IsEmpty ? LeaveOneOut.LargestTarget(targets, i) : labels[i];
            all[i] = new SampleInfluence(i, influence[i], label, exact is null || exact[i]);
        }
        BySample = all;
        // A stable order: ties by index.
        Ranked = [.. all.OrderByDescending(s => s.Influence).ThenBy(s => s.Sample)];
    }

    /// <summary>The test sample's output that is explained.</summary>
    public int Output { get; }

    /// <summary>In the order of the samples.</summary>
    public IReadOnlyList<SampleInfluence> BySample { get; }

    /// <summary>From the most positive to the most negative.</summary>
    public IReadOnlyList<SampleInfluence> Ranked { get; }

    /// <summary>The samples that raise the output most, the strongest first.</summary>
    public IEnumerable<SampleInfluence> Supporting(int count) => Ranked.Where(s => s.Influence > 0).Take(count);

    /// <summary>The samples that lower the output most, the strongest first.</summary>
    public IEnumerable<SampleInfluence> Opposing(int count) => Ranked.Reverse().Where(s => s.Influence < 0).Take(count);
}
