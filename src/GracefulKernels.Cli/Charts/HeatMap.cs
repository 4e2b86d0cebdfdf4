using ScottPlot;
using ScottPlot.TickGenerators;

namespace GracefulKernels.Cli.Charts;

/// <summary>A matrix as colours with its numbers written in, row 0 on top.</summary>
internal static class HeatMap
{
    private const int WrittenUpTo = 16;

    /// <param name="title">Title.</param>
    /// <param name="xLabel">What the columns are.</param>
    /// <param name="yLabel">What the rows are.</param>
    /// <param name="columns">Names of the columns.</param>
    /// <param name="rows">Names of the rows.</param>
    /// <param name="values">[rows, columns]; NaN stays grey.</param>
    /// <param name="write">The text of a cell.</param>
    /// <param name="unit">What a colour bar says; null leaves the bar out.</param>
    public static Plot Create(
        string title,
        string xLabel,
        string yLabel,
        IReadOnlyList<string> columns,
        IReadOnlyList<string> rows,
        double[,] values,
        Func<int, int, string> write,
        string? unit = null)
    {
        Plot plot = Chart.New(title, xLabel, yLabel);
        double[] finite = [.. values.Cast<double>().Where(double.IsFinite)];
        double top = finite.Length == 0 ? 1 : Math.Max(finite.Max(), double.Epsilon), bottom = Math.Min(0, finite.Length == 0 ? 0 : finite.Min());
        // ScottPlot cannot draw a matrix of nothing but NaN.
        ScottPlot.Plottables.Heatmap map = plot.Add.Heatmap(finite.Length == 0 ? new double[rows.Count, columns.Count] : values);
        map.Colormap = new PaleToDark();
        map.ManualRange = new ScottPlot.Range(bottom, top);
        map.NaNCellColor = Palette.Faint;
        if (rows.Count <= WrittenUpTo && columns.Count <= WrittenUpTo) WriteCells(plot, values, write, bottom, top);
        plot.Axes.Bottom.TickGenerator = Names(columns, i => i);
        plot.Axes.Left.TickGenerator = Names(rows, i => rows.Count - 1 - i);
        // Ticks without width keep the names off the axis.
        plot.Axes.Bottom.MajorTickStyle.Width = plot.Axes.Left.MajorTickStyle.Width = 0;
        if (columns.Sum(c => c.Length) > 60)
        {
            plot.Axes.Bottom.TickLabelStyle.Rotation = -45;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleRight;
            plot.Axes.Bottom.TickLabelStyle.OffsetY = 5;
            plot.Axes.Bottom.MinimumSize = 40 + (5 * columns.Max(c => c.Length));
        }
        plot.HideGrid();
        plot.Axes.Margins(0, 0);
        if (unit is not null)
        {
            ScottPlot.Panels.ColorBar bar = plot.Add.ColorBar(map);
            bar.Label = unit;
            bar.LabelStyle.FontName = EmbeddedFonts.Family;
            bar.LabelStyle.FontSize = Chart.LabelSize;
            bar.Axis.TickLabelStyle.FontName = EmbeddedFonts.Family;
        }
        return plot;
    }

    private static void WriteCells(Plot plot, double[,] values, Func<int, int, string> write, double bottom, double top)
    {
        int rows = values.GetLength(0), columns = values.GetLength(1);
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                ScottPlot.Plottables.Text text = plot.Add.Text(write(r, c), c, rows - 1 - r);
                text.LabelFontName = EmbeddedFonts.Family;
                text.LabelFontSize = rows > 8 ? 11 : 14;
                text.LabelAlignment = Alignment.MiddleCenter;
                text.LabelFontColor = values[r, c] - bottom > 0.5 * (top - bottom) ? Colors.White : Palette.Ink;
            }
        }
    }

    private static NumericManual Names(IReadOnlyList<string> names, Func<int, double> position)
        => new([.. Enumerable.Range(0, names.Count).Select(position)], [.. names]);

    /// <summary>One hue from near white to dark blue: read by lightness alone.</summary>
    private sealed class PaleToDark : IColormap
    {
        private static readonly Color Pale = new("#F3F7FB"), Dark = new("#08427A");

        public string Name => "pale to dark";

        public Color GetColor(double position) => Pale.InterpolateRgb(Dark, Math.Clamp(position, 0, 1));
    }
}
