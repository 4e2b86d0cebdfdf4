using System.Globalization;
using GracefulKernels.Cli.Charts;
using ScottPlot;
using ScottPlot.TickGenerators;
using Palette = GracefulKernels.Cli.Charts.Palette;

namespace GracefulKernels.Cli.Bench;

/// <summary>
/// The roofline picture (Williams, Waterman and Patterson 2009): operations a second over operations a byte, both logarithmic; slanted
/// lines are what memory allows, level ones what arithmetic allows. One marker a row, one panel for each number of threads.
/// </summary>
internal static class Roofline
{
    private const int PanelWidth = 760, Height = 620;
    private const int MostPanels = 2;

    private static readonly MarkerShape[] Shapes =
    [
        MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond, MarkerShape.FilledTriangleDown,
        MarkerShape.OpenCircle, MarkerShape.OpenSquare, MarkerShape.OpenTriangleUp, MarkerShape.OpenDiamond,
    ];

    public static void Draw(string path, BenchReport<BenchRow> report)
    {
        IEnumerable<MachineCeilings> panels = report.Machine.Ceilings.Count <= MostPanels
            ? report.Machine.Ceilings
            : [report.Machine.Ceilings[0], report.Machine.Ceilings[^1]];
        Chart.SavePng(path, Height, [.. panels.Select(c => (Panel(c, [.. report.Rows.Where(r => r.Threads == c.Threads)]), PanelWidth))]);
    }

    private static Plot Panel(MachineCeilings ceilings, IReadOnlyList<BenchRow> rows)
    {
        string threads = $"{ceilings.Threads} {(ceilings.Threads == 1 ? "thread" : "threads")}";
        Plot plot = Chart.New($"Roofline: {ceilings.Simd}, {threads}", "operations a byte", "GFLOP/s");
        double left = Math.Log10(Math.Min(0.08, rows.Select(Intensity).DefaultIfEmpty(1).Min() / 2));
        double right = Math.Log10(Math.Max(2000, rows.Select(Intensity).DefaultIfEmpty(1).Max() * 2));
        double top = Math.Log10(ceilings.Fma32Gflops * 2);
        double bottom = Math.Log10(Math.Min(1, rows.Select(r => r.Gflops).DefaultIfEmpty(1).Min() / 2));

        Level(plot, "fp32 FMA", ceilings.Fma32Gflops, ceilings.L2Gbps, right);
        Level(plot, "fp64 FMA", ceilings.Fma64Gflops, ceilings.L2Gbps, right);
        Slope(plot, "L2 read", ceilings.L2Gbps, ceilings.Fma32Gflops, left, LinePattern.Dotted);
        Slope(plot, "copy", ceilings.CopyGbps, ceilings.Fma32Gflops, left, LinePattern.Dashed);
        Slope(plot, "read", ceilings.ReadGbps, ceilings.Fma32Gflops, left, LinePattern.Solid);

        foreach (IGrouping<string, BenchRow> room in rows.GroupBy(r => r.Kernel.Split('-')[0]))
        {
            int index = Math.Max(0, CaseList.Rooms.ToList().IndexOf(room.Key));
            ScottPlot.Plottables.Scatter markers = plot.Add.ScatterPoints(
                room.Select(r => Math.Log10(Intensity(r))).ToArray(), room.Select(r => Math.Log10(r.Gflops)).ToArray(), Palette.Of(index));
            markers.MarkerShape = Shapes[index % Shapes.Length];
            markers.MarkerSize = 8;
            markers.MarkerLineWidth = 1.6f;
            markers.LegendText = room.Key;
        }
        plot.Axes.Bottom.TickGenerator = Decades();
        plot.Axes.Left.TickGenerator = Decades();
        plot.Axes.SetLimits(left, right, bottom, top);
        Chart.AddLegend(plot);
        return plot;
    }

    private static double Intensity(BenchRow row) => row.Gflops / row.Gbps;

    private static void Level(Plot plot, string name, double gflops, double steepest, double right)
    {
        double y = Math.Log10(gflops);
        Line(plot, Math.Log10(gflops / steepest), y, right, y, LinePattern.Solid);
        ScottPlot.Plottables.Text label = plot.Add.Text(Text(name, gflops), right, y);
        label.LabelFontSize = Chart.TickSize;
        label.LabelFontColor = Palette.Ink;
        label.LabelAlignment = Alignment.LowerRight;
    }

    private static void Slope(Plot plot, string name, double gbps, double peak, double left, LinePattern pattern)
    {
        ScottPlot.Plottables.LinePlot line = Line(plot, left, left + Math.Log10(gbps), Math.Log10(peak / gbps), Math.Log10(peak), pattern);
        // The slopes lie too close together to be written on.
        line.LegendText = $"{Text(name, gbps)} GB/s";
    }

    private static ScottPlot.Plottables.LinePlot Line(Plot plot, double x1, double y1, double x2, double y2, LinePattern pattern)
    {
        ScottPlot.Plottables.LinePlot line = plot.Add.Line(x1, y1, x2, y2);
        line.Color = Palette.Ink;
        line.LineWidth = 1.3f;
        line.LinePattern = pattern;
        return line;
    }

    private static string Text(string name, double rate) => $"{name} {rate.ToString("0", CultureInfo.InvariantCulture)}";

    private static NumericAutomatic Decades() => new()
    {
        IntegerTicksOnly = true,
        LabelFormatter = exponent => Math.Pow(10, Math.Round(exponent)).ToString("0.##", CultureInfo.InvariantCulture),
        MinorTickGenerator = new LogDecadeMinorTickGenerator { TicksPerDecade = 10 },
    };
}
