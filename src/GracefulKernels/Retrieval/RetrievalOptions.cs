namespace GracefulKernels;

/// <summary>What a retrieval evaluation measures beside rankings.</summary>
public sealed record RetrievalOptions
{
    /// <summary>False accept rates of 1:1 verification, each in [0, 1].</summary>
    public IReadOnlyList<double> FalseAcceptRates { get; init; } = [];

    /// <summary>False positive identification rates of open-set search, each in [0, 1].</summary>
    public IReadOnlyList<double> FalsePositiveRates { get; init; } = [];

    internal void Check()
    {
        foreach (double rate in FalseAcceptRates.Concat(FalsePositiveRates))
        {
            if (!(rate is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(RetrievalOptions), rate, $"A rate is {rate}; expected 0 to 1.");
        }
    }
}
