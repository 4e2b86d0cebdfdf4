using ScottPlot;
using ScottPlot.TickGenerators;

namespace GracefulKernels.Cli.Charts;

/// <summary>Bars over named categories, side by side or one on the other.</summary>
internal static class Bars
{
    /// <summary>Above this many categories their names stand upright.</summary>
    private const int UprightFrom = 13;

    private const double GroupWidth = 0.8;

    /// <summary>The bars of a category stand side by side, each with its value on it where there is room.</summary>
    public static Plot Grouped(
        string title, string xLabel, string yLabel, IReadOnlyList<string> categories, IReadOnlyList<BarSeries> series, string format = "0.##")
    {
        Plot plot = Chart.New(title, xLabel, yLabel);
        double width = GroupWidth / series.Count;
        bool room = categories.Count * series.Count <= 40;
        for (int s = 0; s < series.Count; s++)
        {
            List<Bar> bars = [];
            for (int c = 0; c < categories.Count; c++)
            {
                double value = series[s].Values[c];
                if (!double.IsFinite(value)) continue;
                bars.Add(MakeBar(c - (GroupWidth / 2) + ((s + 0.5) * width), 0, value, width, series[s].Color ?? Palette.Of(s)));
                if (room) bars[^1].Label = value.ToString(format, System.Globalization.CultureInfo.InvariantCulture);
            }
            Add(plot, series[s], bars);
        }
        // Half a sample is no place for a tick.
        if (format == "0") plot.Axes.Left.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true };
        return Finish(plot, categories, series.Count);
    }

    /// <summary>The bars of a category stand on one another; values are not negative.</summary>
    public static Plot Stacked(string title, string xLabel, string yLabel, IReadOnlyList<string> categories, IReadOnlyList<BarSeries> series)
    {
        Plot plot = Chart.New(title, xLabel, yLabel);
        double[] top = new double[categories.Count];
        for (int s = 0; s < series.Count; s++)
        {
            List<Bar> bars = [];
            for (int c = 0; c < categories.Count; c++)
            {
                double value = series[s].Values[c];
                if (!double.IsFinite(value)) continue;
                bars.Add(MakeBar(c, top[c], top[c] += value, GroupWidth, series[s].Color ?? Palette.Of(s)));
            }
            Add(plot, series[s], bars);
        }
        return Finish(plot, categories, series.Count);
    }

    private static Bar MakeBar(double position, double from, double to, double width, Color color)
        => new() { Position = position, ValueBase = from, Value = to, Size = width * 0.94, FillColor = color, LineWidth = 0 };

    private static void Add(Plot plot, BarSeries series, List<Bar> bars)
    {
        if (bars.Count == 0) return;
        ScottPlot.Plottables.BarPlot drawn = plot.Add.Bars(bars);
        drawn.LegendText = series.Name;
        drawn.ValueLabelStyle.FontName = EmbeddedFonts.Family;
        drawn.ValueLabelStyle.FontSize = 11;
        drawn.ValueLabelStyle.ForeColor = Palette.Ink;
    }

    private static Plot Finish(Plot plot, IReadOnlyList<string> categories, int series)
    {
        plot.Axes.Bottom.TickGenerator = new NumericManual([.. Enumerable.Range(0, categories.Count).Select(i => (double)i)], [.. categories]);
        plot.Axes.Bottom.MajorTickStyle.Width = 0;
        if (categories.Count >= UprightFrom)
        {
            plot.Axes.Bottom.TickLabelStyle.Rotation = -90;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleRight;
            // The axis does not measure turned labels.
            plot.Axes.Bottom.MinimumSize = 40 + (7 * categories.Max(c => c.Length));
        }
        plot.Grid.XAxisStyle.IsVisible = false;
        plot.Axes.Margins(bottom: 0, top: 0.12);
        plot.Axes.SetLimitsX(-0.6, categories.Count - 0.4);
        if (series > 1) Chart.AddLegend(plot);
        else plot.HideLegend();
        return plot;
    }
}
