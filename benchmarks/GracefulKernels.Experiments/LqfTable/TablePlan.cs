using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.LqfTable;

/// <summary>One cell of the table, for all methods.</summary>
internal readonly record struct TableCell(int Depth, string Data, int Shots, int Seed);

/// <summary>Which cells are run, the cheap ones first. Seeds are others than those that the recipe was tried out with.</summary>
internal static class TablePlan
{
    private const int FirstSeed = 100;

    /// <summary>ResNet-20 everywhere, with more draws where samples are few; ResNet-56, three times as dear, up to 20 a class. A run that is stopped has the most telling cells.</summary>
    public static readonly IReadOnlyList<TableCell> Cells =
    [
        .. Of(20, 1, 2, Transfer.Names),
        .. Of(20, 5, 1, Transfer.Names),
        .. Of(20, 20, 1, Transfer.Names),
        .. Of(56, 1, 1, Transfer.Names),
        .. Of(56, 5, 1, Transfer.Names),
        .. Of(20, 100, 1, Transfer.Names),
        .. Of(20, 5, 2, Transfer.Names),
        .. Of(56, 20, 1, Transfer.Names),
        .. Of(20, 500, 1, Transfer.Fashion, Transfer.Noise),
        .. Of(20, 1, 3, Transfer.Names),
        .. Of(20, 5, 3, Transfer.Names),
        .. Of(20, 20, 2, Transfer.Names),
        .. Of(56, 1, 2, Transfer.Names),
        .. Of(56, 5, 2, Transfer.Names),
    ];

    public static readonly IReadOnlyList<TableCell> Quick = [.. Of(20, 1, 1, Transfer.Digits), .. Of(20, 5, 1, Transfer.Digits)];

    private static IEnumerable<TableCell> Of(int depth, int shots, int seeds, params string[] data)
        => data.SelectMany(name => Enumerable.Range(FirstSeed, seeds).Select(seed => new TableCell(depth, name, shots, seed)));
}
