using ScottPlot;
using ScottPlot.TickGenerators;

namespace GracefulKernels.Cli.Charts;

/// <summary>Lines over a number, on a linear or a logarithmic vertical axis.</summary>
internal static class Lines
{
    private const string Digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";

    public static Plot Create(string title, string xLabel, string yLabel, IReadOnlyList<LineSeries> series, bool logY = false)
    {
        Plot plot = Chart.New(title, xLabel, yLabel);
        for (int s = 0; s < series.Count; s++)
        {
            List<double> xs = [], ys = [];
            for (int i = 0; i < series[s].X.Count; i++)
            {
                double y = logY ? Math.Log10(series[s].Y[i]) : series[s].Y[i];
                if (!double.IsFinite(y) || !double.IsFinite(series[s].X[i])) continue;
                xs.Add(series[s].X[i]);
                ys.Add(y);
            }
            if (xs.Count == 0) continue;
            ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(xs.ToArray(), ys.ToArray(), Palette.Of(s));
            line.LineWidth = 2.2f;
            line.LinePattern = Palette.PatternOf(s);
            // A lone line is what the title says.
            if (series.Count > 1) line.LegendText = series[s].Name;
            // A single point has no line to see.
            if (xs.Count == 1) (line.MarkerShape, line.MarkerSize) = (MarkerShape.FilledCircle, 8);
        }
        if (logY) plot.Axes.Left.TickGenerator = Decades();
        plot.Axes.Margins(left: 0.02, right: 0.03, bottom: 0.05, top: 0.06);
        if (series.Count > 1) Chart.AddLegend(plot);
        return plot;
    }

    private static NumericAutomatic Decades() => new()
    {
        IntegerTicksOnly = true,
        LabelFormatter = exponent => "10" + Superscript((int)Math.Round(exponent)),
        MinorTickGenerator = new LogDecadeMinorTickGenerator { TicksPerDecade = 10 },
    };

    private static string Superscript(int number)
        => (number < 0 ? "⁻" : "") + string.Concat($"{Math.Abs(number)}".Select(d => Digits[d - '0']));
}
