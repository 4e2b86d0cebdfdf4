namespace GracefulKernels;

/// <summary>What a search for query networks rewards (Duggal et al. 2021, §3.3).</summary>
public enum QueryReward
{
    /// <summary><c>R1 = M(φ_q, φ_q)</c>: the query network by itself.</summary>
    Homogeneous,

    /// <summary><c>R2 = M(φ_q, φ_g)</c>: the query network against the gallery's.</summary>
    Heterogeneous,

    /// <summary><c>R3 = R1·R2</c>.</summary>
    Product,
}

/// <summary>How well a query network finds, by a metric M of retrieval in which more is better.</summary>
/// <param name="QueryQuery"><c>M(φ_q, φ_q)</c>: queries and gallery both embedded by the query network.</param>
/// <param name="QueryGallery"><c>M(φ_q, φ_g)</c>: the gallery embedded by the gallery's own, larger network.</param>
public readonly record struct QueryScores(double QueryQuery, double QueryGallery)
{
    /// <summary>The compatibility rule <c>M(φ_q, φ_g) &gt; M(φ_q, φ_q)</c>: the larger network's gallery is worth having.</summary>
    public bool MeetsRule => QueryGallery > QueryQuery;

    /// <summary>R1, R2 or R3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a reward.</exception>
    public double Of(QueryReward reward) => reward switch
    {
        QueryReward.Homogeneous => QueryQuery,
        QueryReward.Heterogeneous => QueryGallery,
        QueryReward.Product => QueryQuery * QueryGallery,
        _ => throw new ArgumentOutOfRangeException(nameof(reward), reward, "Not a reward."),
    };
}
