using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Losses over rows: every option, classes below and above whole lanes, rows of several chunks.</summary>
internal static class LossBitCases
{
    public static IEnumerable<BitCase> All =>
    [
        .. from options in RowLossRun.AllOptions()
           from s in new[] { (1, 1), (37, 10), (19, 145) }
           select RowLoss(options, s.Item1, s.Item2),
        .. from options in RowLossRun.TopDifferences()
           from s in new[] { (3, 5), (9, 41), (4, 300) }
           select RowLoss(options with { RankBy = RankSource.Reference }, s.Item1, s.Item2),
        .. from options in new RowLossOptions[] { new() { Distance = OldDistance.LogitDifference }, new() { Distance = OldDistance.LogitDifference, TopK = 40, RankBy = RankSource.New } }
           from s in new[] { (9000, 10), (150, 1003), (700, 100) }
           select RowLoss(options, s.Item1, s.Item2),
        .. from options in new RowLossOptions[] { new() { Distance = OldDistance.KlOldNew, DistanceWeight = 0.5f, Temperature = 2, GradientScale = 0.01f }, new() { Base = BaseLoss.Squared } }
           from s in new[] { (9000, 10), (150, 1003), (700, 100) }
           select RowLoss(options, s.Item1, s.Item2),
        .. from s in new[] { (1, 1), (7, 10), (2, 41), (700, 100) }
           from weighted in new[] { false, true }
           select WeightedSquared(s.Item1, s.Item2, weighted),
        .. from s in new[] { (1, 1, 1), (7, 10, 4), (300, 41, 41), (900, 300, 150) }
           from add in new[] { false, true }
           select Columns(s.Item1, s.Item2, s.Item3, add),
    ];

    private static BitCase RowLoss(RowLossOptions options, int rows, int classes) => new(nameof(IKernels.RowLoss), $"{rows}x{classes} {options}", (kernels, o) =>
    {
        int ld = classes + 3;
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(rows, classes, 1, ld);
        // The last row ends with its last class.
        int length = ((rows - 1) * ld) + classes;
        o.Returns(kernels.RowLoss(
            options,
            new RowLossOperands
            {
                Rows = rows,
                Classes = classes,
                New = o.Input(zNew[..length]),
                LdNew = ld,
                Old = o.Input(zOld[..length]),
                LdOld = ld,
                Reference = options.RankBy == RankSource.Reference ? o.Input(RowLossRun.Sample(rows, classes, 2, ld).New[..length]) : default,
                LdReference = ld,
                Labels = o.Input(labels),
                Gradient = o.Output((long)rows * classes),
                Values = o.Output(rows),
                PredictionsNew = o.Output(new int[rows]),
                PredictionsOld = o.Output(new int[rows]),
            }));
    });

    private static BitCase Columns(int rows, int ld, int count, bool add) => new(add ? nameof(IKernels.AddColumns) : nameof(IKernels.TakeColumns), $"{rows}x{ld} {count}", (kernels, o) =>
    {
        int[] columns = [.. Enumerable.Range(0, ld)];
        new Random(5).Shuffle(columns);
        Block<int> chosen = o.Input(columns[..count]);
        if (!add)
        {
            kernels.TakeColumns(rows, chosen, o.Input(1, (long)rows * ld), ld, o.Output((long)rows * count));
            return;
        }
        float[] factors = RandomFloats.Uniform(2, rows);
        if (rows > 2) factors[2] = 0;
        kernels.AddColumns(rows, chosen, o.Input(factors), o.Input(3, (long)rows * count), o.Updated(4, (long)rows * ld), ld);
    });

    private static BitCase WeightedSquared(int rows, int classes, bool weighted)
        => new(nameof(IKernels.WeightedSquaredLoss), $"{rows}x{classes} {weighted}", (kernels, o) =>
        {
            long n = (long)rows * classes;
            Block<float> weights = weighted ? o.Input([.. RandomFloats.Uniform(3, n).Select(MathF.Abs)]) : default;
            o.Returns(kernels.WeightedSquaredLoss(rows, classes, o.Input(1, n), o.Input(2, n), weights, 0.5f, o.Output(n)));
        });
}
