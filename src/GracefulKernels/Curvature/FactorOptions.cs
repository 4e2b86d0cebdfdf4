namespace GracefulKernels;

/// <summary>Which cotangents the output factors are made of.</summary>
public enum FactorSeeds
{
    /// <summary>One VJP for each output: exact.</summary>
    OneHot,

    /// <summary>Random signs on all outputs at once: unbiased, one VJP a probe.</summary>
    Rademacher,
}

/// <summary>How Kronecker factors are computed.</summary>
public sealed record FactorOptions
{
    /// <summary>Exact by default.</summary>
    public FactorSeeds Seeds { get; init; } = FactorSeeds.OneHot;

    /// <summary>Probes of <see cref="FactorSeeds.Rademacher"/>; one is often enough.</summary>
    public int Probes { get; init; } = 1;

    /// <summary>Of the random signs.</summary>
    public int Seed { get; init; }

    internal void Validate(string name)
    {
        if (!Enum.IsDefined(Seeds)) throw new ArgumentOutOfRangeException(name, Seeds, "Not a kind of seeds.");
        if (Probes <= 0) throw new ArgumentOutOfRangeException(name, Probes, $"Probes is {Probes}; expected at least 1.");
    }
}
