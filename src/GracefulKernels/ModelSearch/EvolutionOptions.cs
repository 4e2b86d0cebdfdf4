namespace GracefulKernels;

/// <summary>How an evolutionary search runs.</summary>
public sealed record EvolutionOptions
{
    /// <summary>What is rewarded.</summary>
    public QueryReward Reward { get; init; } = QueryReward.Product;

    /// <summary>Candidates of a generation.</summary>
    public int Population { get; init; } = 24;

    /// <summary>Generations, the first, drawn one included.</summary>
    public int Generations { get; init; } = 8;

    /// <summary>The best so far, of all generations: from these the next one comes.</summary>
    public int Parents { get; init; } = 8;

    /// <summary>The share of a generation that comes from two parents, each choice from either; the others come from one, by mutation.</summary>
    public double CrossoverShare { get; init; } = 0.5;

    /// <summary>The probability that a mutation draws a choice anew.</summary>
    public double MutationProbability { get; init; } = 0.25;

    /// <summary>The most multiplications with an addition that a candidate may take; none by default.</summary>
    public long? MaxMultiplyAccumulates { get; init; }

    /// <summary>Of all draws.</summary>
    public int Seed { get; init; }

    internal void Validate(string name)
    {
        if (!Enum.IsDefined(Reward)) throw new ArgumentOutOfRangeException(name, Reward, "Not a reward.");
        if (Population < 1) throw new ArgumentOutOfRangeException(name, Population, $"Population is {Population}; expected at least 1.");
        if (Generations < 1) throw new ArgumentOutOfRangeException(name, Generations, $"Generations is {Generations}; expected at least 1.");
        if (Parents < 1) throw new ArgumentOutOfRangeException(name, Parents, $"Parents is {Parents}; expected at least 1.");
        if (!(CrossoverShare >= 0 && CrossoverShare <= 1)) throw new ArgumentOutOfRangeException(name, CrossoverShare, $"CrossoverShare is {CrossoverShare}; expected a number in [0, 1].");
        if (!(MutationProbability > 0 && MutationProbability <= 1))
        {
            throw new ArgumentOutOfRangeException(name, MutationProbability, $"MutationProbability is {MutationProbability}; expected a number in (0, 1].");
        }
    }
}
