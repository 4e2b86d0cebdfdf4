namespace GracefulKernels;

/// <summary>Which cotangents the output factors are made of.</summary>
public enum FactorSeeds
{
    /// <summary>One VJP for each output: exact.</summary>
    OneHot,

    /// <summary>Random signs on all outputs at once: unbiased, one VJP a probe.</summary>
    Rademacher,
}

/// <summary>How Kronecker factors, and second moments of gradients, are computed.</summary>
public sealed record FactorOptions
{
    /// <summary>Exact by default.</summary>
    public FactorSeeds Seeds { get; init; } = FactorSeeds.OneHot;

    /// <summary>Probes of <see cref="FactorSeeds.Rademacher"/>; one is often enough.</summary>
    public int Probes { get; init; } = 1;

    /// <summary>Of the random signs.</summary>
    public int Seed { get; init; }

    /// <summary>What shared weights are factored by; second moments need none.</summary>
    public FactorConvention Convention { get; init; } = FactorConvention.Expand;

    /// <summary>
    /// Only the first so many samples; all where none is given. Statistics of a few thousand samples precondition a larger set almost as well; where the samples are
    /// sorted, shuffle them first.
    /// </summary>
    public int? Samples { get; init; }

    internal void Validate(string name)
    {
        if (!Enum.IsDefined(Seeds)) throw new ArgumentOutOfRangeException(name, Seeds, "Not a kind of seeds.");
        if (!Enum.IsDefined(Convention)) throw new ArgumentOutOfRangeException(name, Convention, "Not a convention of factors.");
        if (Samples <= 0) throw new ArgumentOutOfRangeException(name, Samples, $"Samples is {Samples}; expected at least 1, or none for all.");
        if (Probes <= 0) throw new ArgumentOutOfRangeException(name, Probes, $"Probes is {Probes}; expected at least 1.");
    }
}
