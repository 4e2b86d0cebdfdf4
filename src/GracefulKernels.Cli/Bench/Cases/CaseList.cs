namespace GracefulKernels.Cli.Bench;

/// <summary>Every case, room by room.</summary>
internal static class CaseList
{
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        .. GemmCases.All,
        .. SyrkCases.All,
        .. ConvolutionCases.All,
        .. CovarianceCases.All,
        .. CholeskyCases.All,
        .. SymmetricEigenCases.All,
        .. KroneckerCases.All,
        .. RowLossCases.All,
        .. ColumnCases.All,
        .. LinearLossCases.All,
        .. FlipCases.All,
        .. SearchCases.All,
        .. VectorCases.All,
        .. IterationCases.All,
    ];

    /// <summary>The rooms, in the order of the table.</summary>
    public static IReadOnlyList<string> Rooms { get; } = [.. All.Select(c => c.Room).Distinct()];

    /// <summary>The cases that a glob asks for (null: all), of the quick selection or of all.</summary>
    /// <param name="filter">Of titles, or null.</param>
    /// <param name="quick">Only the quick ones.</param>
    /// <param name="onDevice">Also those that are for GPUs alone.</param>
    public static IReadOnlyList<BenchCase> Select(string? filter, bool quick, bool onDevice = false)
    {
        IEnumerable<BenchCase> cases = (onDevice ? All.Concat(DeviceCases.All) : All).Where(c => c.Quick || !quick);
        if (filter is not null)
        {
            Glob glob = new(filter);
            cases = cases.Where(c => glob.IsMatch(c.Title));
        }
        return [.. cases];
    }
}
