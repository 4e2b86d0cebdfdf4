namespace GracefulKernels;

/// <summary>New candidates of a family: drawn, crossed and mutated; none twice, none above the budget.</summary>
internal sealed class CandidateBreeder
{
    private readonly ResidualFamily _family;
    private readonly EvolutionOptions _options;
    private readonly CounterRandom _random;
    private readonly HashSet<ResidualCandidate> _known = [];
    private readonly long _budget;
    private ulong _drawn;

    public CandidateBreeder(ResidualFamily family, EvolutionOptions options)
    {
        (_family, _options, _random, _budget) = (family, options, new CounterRandom((ulong)options.Seed), options.MaxMultiplyAccumulates ?? long.MaxValue);
        long least = family.MultiplyAccumulates(family.Smallest);
        if (least > _budget)
        {
            throw new ArgumentException($"MaxMultiplyAccumulates is {_budget}; the smallest candidate, {family.Smallest}, takes {least}.", nameof(options));
        }
    }

    /// <summary>A candidate that is new: of the parents where there are any, of the whole family where those have no new child; null where that has none either.</summary>
    public ResidualCandidate? Next(IReadOnlyList<SearchedCandidate> parents, int patience)
    {
        for (int attempt = 0; attempt < 2 * patience; attempt++)
        {
            ResidualCandidate candidate = _family.Of(parents.Count == 0 || attempt >= patience ? Draw() : Child(parents));
            if (_family.MultiplyAccumulates(candidate) <= _budget && _known.Add(candidate)) return candidate;
        }
        return null;
    }

    /// <summary>A candidate within the budget, each choice alike; one that was drawn before may come again.</summary>
    public ResidualCandidate Any(int patience)
    {
        for (int attempt = 0; attempt < patience; attempt++)
        {
            ResidualCandidate candidate = _family.Of(Draw());
            if (_family.MultiplyAccumulates(candidate) <= _budget) return candidate;
        }
        return _family.Smallest;
    }

    private int[] Draw() => [.. Enumerable.Range(0, 2 * _family.Stages).Select(gene => Below(_family.Choices(gene)))];

    private int[] Child(IReadOnlyList<SearchedCandidate> parents)
    {
        int[] a = _family.Genes(parents[Below(parents.Count)].Candidate);
        if (_random.Uniform(_drawn++) < _options.CrossoverShare)
        {
            int[] b = _family.Genes(parents[Below(parents.Count)].Candidate);
            for (int gene = 0; gene < a.Length; gene++) a[gene] = Below(2) == 0 ? a[gene] : b[gene];
            return a;
        }
        for (int gene = 0; gene < a.Length; gene++)
        {
            if (_random.Uniform(_drawn++) < _options.MutationProbability) a[gene] = Below(_family.Choices(gene));
        }
        return a;
    }

    private int Below(int n) => (int)Math.BigMul(_random.Bits(_drawn++), (ulong)n, out _);
}
