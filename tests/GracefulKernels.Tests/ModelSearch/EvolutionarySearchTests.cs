namespace GracefulKernels.Tests;

/// <summary>The search finds what scores say is best, within its budget, and the same at every run.</summary>
public class EvolutionarySearchTests
{
    private static readonly ResidualFamily _networks = new(
        new LayerShape(16, 16, 3, false), 8, [[1, 2, 3], [1, 2, 3], [1, 2, 3]], [[4, 6, 8], [8, 12, 16], [16, 24, 32]]);

    /// <summary>A smooth landscape whose best candidates for the three rewards differ.</summary>
    private static QueryScores Score(ResidualCandidate c)
    {
        double size = c.Widths[0] + (0.5 * c.Widths[1]) + (0.25 * c.Widths[2]), depth = c.Depths[0] + (2.0 * c.Depths[1]) + c.Depths[2];
        return new QueryScores(1 / (1 + Math.Abs(size - 15) + Math.Abs(depth - 8)), 1 / (1 + Math.Abs(size - 21) + Math.Abs(depth - 9)));
    }

    [Theory]
    [InlineData(QueryReward.Homogeneous)]
    [InlineData(QueryReward.Heterogeneous)]
    [InlineData(QueryReward.Product)]
    public void ItFindsTheBestOfTheFamily(QueryReward reward)
    {
        ResidualCandidate[] all = [.. All()];
        Assert.Equal(_networks.Count, all.Length);
        double best = all.Max(c => Score(c).Of(reward));
        var options = new EvolutionOptions { Reward = reward, Population = 20, Generations = 10, Seed = 1 };
        EvolutionResult result = EvolutionarySearch.Run(_networks, Score, options);
        Assert.Equal(best, result.Best.Scores.Of(reward));
        // 200 of 729 candidates, each once.
        Assert.Equal(200, result.Visited.Count);
        Assert.Equal(200, result.Visited.Select(v => v.Candidate).Distinct().Count());
        Assert.All(result.Visited, v => Assert.Equal(Score(v.Candidate), v.Scores));
        // The next generations are better than the first, which is drawn: the search does something. Later ones are left with what the best have around them.
        Assert.True(Mean(g => g is 2 or 3) > 1.1 * Mean(g => g == 1), $"{Mean(g => g == 1)}, then {Mean(g => g is 2 or 3)}");
        EvolutionResult again = EvolutionarySearch.Run(_networks, Score, options);
        Assert.Equal(result.Visited.Select(v => v.Candidate), again.Visited.Select(v => v.Candidate));
        Assert.NotEqual(result.Visited.Select(v => v.Candidate), EvolutionarySearch.Run(_networks, Score, options with { Seed = 2 }).Visited.Select(v => v.Candidate));

        double Mean(Func<int, bool> generation) => result.Visited.Where(v => generation(v.Generation)).Average(v => v.Scores.Of(reward));
    }

    [Fact]
    public void NoCandidateIsAboveTheBudget()
    {
        long budget = All().Select(_networks.MultiplyAccumulates).Order().ElementAt(200);
        EvolutionResult result = EvolutionarySearch.Run(_networks, Score, new EvolutionOptions { Generations = 6, MaxMultiplyAccumulates = budget });
        Assert.All(result.Visited, v => Assert.InRange(v.MultiplyAccumulates, 1, budget));
        Assert.All(result.Visited, v => Assert.Equal(_networks.MultiplyAccumulates(v.Candidate), v.MultiplyAccumulates));
        double best = All().Where(c => _networks.MultiplyAccumulates(c) <= budget).Max(c => Score(c).Of(QueryReward.Product));
        Assert.Equal(best, result.Best.Scores.Of(QueryReward.Product));
        ArgumentException e = Assert.Throws<ArgumentException>(() => EvolutionarySearch.Run(_networks, Score, new EvolutionOptions { MaxMultiplyAccumulates = 10 }));
        Assert.Contains("the smallest candidate, 1×4 1×8 1×16", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASmallFamilyIsExhausted()
    {
        ResidualFamily small = ResidualFamilyTests.Small;
        EvolutionResult result = EvolutionarySearch.Run(small, Score2, new EvolutionOptions { Population = 20, Generations = 20 });
        Assert.Equal(small.Count, result.Visited.Count);
        // Of equal rewards the cheapest.
        Assert.Equal(small.Smallest, result.Best.Candidate);

        static QueryScores Score2(ResidualCandidate c) => new(1, 2);
    }

    [Fact]
    public void RewardsAndTheRule()
    {
        var scores = new QueryScores(0.5, 0.75);
        Assert.Equal((0.5, 0.75, 0.375), (scores.Of(QueryReward.Homogeneous), scores.Of(QueryReward.Heterogeneous), scores.Of(QueryReward.Product)));
        Assert.True(scores.MeetsRule);
        Assert.False(new QueryScores(0.5, 0.5).MeetsRule);
        Assert.False(new QueryScores(double.NaN, 0.5).MeetsRule);
        Assert.Throws<ArgumentOutOfRangeException>(() => scores.Of((QueryReward)9));
        // What is no number is never the best.
        EvolutionResult result = EvolutionarySearch.Run(_networks, c => c.Widths[0] == 4 ? new(double.NaN, 1) : Score(c), new EvolutionOptions { Generations = 2 });
        Assert.False(double.IsNaN(result.Best.Scores.QueryQuery));
    }

    [Fact]
    public void OptionsAreChecked()
    {
        foreach (EvolutionOptions bad in (EvolutionOptions[])
            [new() { Population = 0 }, new() { Generations = 0 }, new() { Parents = 0 }, new() { CrossoverShare = 1.1 }, new() { MutationProbability = 0 }, new() { Reward = (QueryReward)7 }])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => EvolutionarySearch.Run(_networks, Score, bad));
        }
    }

    private static IEnumerable<ResidualCandidate> All()
    {
        int[] depths = [1, 2, 3];
        return from a in depths from b in depths from c in depths
               from x in (int[])[4, 6, 8] from y in (int[])[8, 12, 16] from z in (int[])[16, 24, 32]
               select new ResidualCandidate([a, b, c], [x, y, z]);
    }
}
