using GracefulKernels.Cli.Charts;
using GracefulKernels.Experiments.Protocol;
using ScottPlot;
using ScottPlot.TickGenerators;
using BarSeries = GracefulKernels.Cli.Charts.BarSeries;

namespace GracefulKernels.Experiments.LqfTable;

/// <summary>Errors over samples a class, a panel a data set and a row a network; and the median increases as bars.</summary>
internal static class TablePictures
{
    private const int Width = 470, Height = 480;

    public static void Draw(ExperimentSettings settings, TableSummary summary)
    {
        foreach (int depth in summary.Cells.Select(c => c.Depth).Distinct())
        {
            (Plot, int)[] panels = [.. Transfer.Names.Where(d => summary.Cells.Any(c => c.Depth == depth && c.Data == d)).Select(d => (Panel(summary, depth, d), Width))];
            Chart.SavePng(settings.File($"lqf-table-resnet{depth}.png"), Height, panels);
        }
        Chart.SavePng(settings.File("lqf-table-increase.png"), 460, (Increases(summary), 1100));
    }

    private static Plot Panel(TableSummary summary, int depth, string data)
    {
        int[] shots = [.. summary.Cells.Where(c => c.Depth == depth && c.Data == data).Select(c => c.Shots)];
        double[] x = [.. shots.Select(s => Math.Log10(s))];
        Plot plot = Lines.Create(
            $"ResNet-{depth} → {data}", "samples a class", "test error, %",
            [.. TableMethod.All.Select(m => new LineSeries(m.Title, x, [.. shots.Select(s => summary.Error(depth, data, s, m.Name))]))]);
        plot.Axes.Bottom.TickGenerator = new NumericManual(x, [.. shots.Select(s => $"{s}")]);
        plot.Axes.SetLimitsY(0, 5 + TableMethod.All.SelectMany(m => shots.Select(s => summary.Error(depth, data, s, m.Name))).Where(double.IsFinite).Max());
        return plot;
    }

    private static Plot Increases(TableSummary summary)
    {
        int[] shots = [.. summary.Cells.Select(c => c.Shots).Distinct().Order()];
        return Bars.Grouped(
            "Relative error increase over fine-tuning, median over networks and data", "samples a class", "increase, %",
            ["all", .. shots.Select(s => $"{s}")],
            [.. TableMethod.All.Skip(1).Select(m => new BarSeries(m.Title, [summary.MedianIncrease(m.Name), .. shots.Select(s => summary.MedianIncrease(m.Name, s))]))],
            "0");
    }
}
