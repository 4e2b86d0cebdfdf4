using GracefulKernels.Cli.Charts;

namespace GracefulKernels.Cli.Demo;

/// <summary>The demo's two pictures.</summary>
internal static class DemoPictures
{
    private const int Height = 460, HalfWidth = 560;

    /// <summary>Negative and positive flips of each update, each on its own scale: there are ten times as many of the latter.</summary>
    public static void DrawFlips(string path, DemoResult result)
    {
        MethodFigures[] updates = [.. result.Methods.Skip(1)];
        string[] names = [.. updates.Select(m => m.Name)];
        string yLabel = "% of test samples";
        ScottPlot.Plot negative = Bars.Grouped(
            "Negative flips: right in v1, wrong after the update", "update", yLabel, names,
            [new BarSeries("negative flips", [.. updates.Select(m => 100 * m.Counts.NegativeFlipRate)], Palette.NegativeFlips)]);
        ScottPlot.Plot positive = Bars.Grouped(
            "Positive flips: wrong in v1, right after the update", "update", yLabel, names,
            [new BarSeries("positive flips", [.. updates.Select(m => 100 * m.Counts.PositiveFlipRate)], Palette.PositiveFlips)]);
        Chart.SavePng(path, Height, (negative, HalfWidth), (positive, HalfWidth));
    }

    public static void DrawConvergence(string path, DemoResult result)
    {
        const string Gradient = "‖∇L(d)‖ / ‖∇L(0)‖";
        ScottPlot.Plot pcg = Lines.Create("PCG", "iterations", Gradient, [.. Curves(result, "pcg")], logY: true);
        ScottPlot.Plot psgd = Lines.Create("P-SGD", "epochs (each costs about one iteration)", Gradient, [.. Curves(result, "psgd")], logY: true);
        Chart.SavePng(path, Height, (pcg, HalfWidth), (psgd, HalfWidth));
    }

    private static IEnumerable<LineSeries> Curves(DemoResult result, string solver)
        => result.Convergence.Curves.Where(c => c.Solver == solver).Select(c => new LineSeries(
            c.Preconditioned ? "with K-FAC" : "without preconditioner",
            [.. c.Points.Select(p => (double)p.Iteration)],
            [.. c.Points.Select(p => p.RelativeGradient)]));
}
