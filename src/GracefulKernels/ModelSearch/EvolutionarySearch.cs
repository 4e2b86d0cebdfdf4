namespace GracefulKernels;

/// <summary>A candidate that a search has looked at.</summary>
/// <param name="Candidate">Its numbers.</param>
/// <param name="Scores">What it reached.</param>
/// <param name="MultiplyAccumulates">What it costs.</param>
/// <param name="Generation">From 1.</param>
public sealed record SearchedCandidate(ResidualCandidate Candidate, QueryScores Scores, long MultiplyAccumulates, int Generation);

/// <summary>What a search found.</summary>
/// <param name="Best">The candidate of the largest reward; of equal ones the cheaper, then the one that came first.</param>
/// <param name="Visited">All candidates that were looked at, each once, in order.</param>
public sealed record EvolutionResult(SearchedCandidate Best, IReadOnlyList<SearchedCandidate> Visited);

/// <summary>
/// Evolutionary search over a <see cref="ResidualFamily"/> (Guo et al. 2020, algorithm 1; rewards of Duggal et al. 2021): a first generation is drawn, each next one comes from the best so far
/// by crossover and mutation. No candidate is looked at twice, none is above the budget. The same seed and scores give the same search everywhere.
/// </summary>
public static class EvolutionarySearch
{
    /// <summary>Draws in vain after which a child is drawn from the whole family, and after which the family counts as exhausted.</summary>
    private const int Patience = 200;

    /// <summary>Searches.</summary>
    /// <param name="family">What is searched.</param>
    /// <param name="evaluate">The scores of a candidate, with weights inherited from a <see cref="Supernet"/> or trained by itself. Called once a candidate.</param>
    /// <param name="options">Reward, budget and size.</param>
    /// <param name="progress">After each candidate.</param>
    /// <param name="cancellation">Looked at before each candidate.</param>
    /// <exception cref="ArgumentException">Not even the smallest candidate is within the budget.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static EvolutionResult Run(
        ResidualFamily family,
        Func<ResidualCandidate, QueryScores> evaluate,
        EvolutionOptions? options = null,
        IProgress<SearchedCandidate>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(evaluate);
        options ??= new EvolutionOptions();
        options.Validate(nameof(options));
        var breeder = new CandidateBreeder(family, options);
        var visited = new List<SearchedCandidate>();
        for (int generation = 1; generation <= options.Generations; generation++)
        {
            SearchedCandidate[] parents = [.. Ranked(visited, options.Reward).Take(options.Parents)];
            for (int child = 0; child < options.Population; child++)
            {
                cancellation.ThrowIfCancellationRequested();
                if (breeder.Next(parents, Patience) is not { } candidate) break;
                var found = new SearchedCandidate(candidate, evaluate(candidate), family.MultiplyAccumulates(candidate), generation);
                visited.Add(found);
                progress?.Report(found);
            }
        }
        return new EvolutionResult(Ranked(visited, options.Reward).First(), visited);
    }

    private static IEnumerable<SearchedCandidate> Ranked(IEnumerable<SearchedCandidate> visited, QueryReward reward)
        => visited.OrderByDescending(v => double.IsNaN(v.Scores.Of(reward)) ? double.NegativeInfinity : v.Scores.Of(reward)).ThenBy(v => v.MultiplyAccumulates);
}
