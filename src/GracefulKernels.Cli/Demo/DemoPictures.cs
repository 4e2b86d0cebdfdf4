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

    /// <summary>
    /// The smallest gradient so far, which is what a tolerance is compared with: the gradient itself is not what conjugate gradients make smaller in each step. And
    /// for P-SGD the loss: its gradient is mostly the noise of the last batches until the learning rate has gone.
    /// </summary>
    public static void DrawConvergence(string path, DemoResult result)
    {
        const string Gradient = "smallest ‖∇L(d)‖ / ‖∇L(0)‖ so far", Epochs = "epochs, each the work of one iteration";
        ScottPlot.Plot pcg = Lines.Create("PCG: gradient", "iterations", Gradient, Curves(result, "pcg", SmallestGradient), logY: true);
        ScottPlot.Plot psgd = Lines.Create("P-SGD: gradient", Epochs, Gradient, Curves(result, "psgd", SmallestGradient), logY: true);
        ScottPlot.Plot loss = Lines.Create("P-SGD: loss", Epochs, "L(d)", Curves(result, "psgd", c => [.. c.Points.Select(p => p.Loss)]), logY: true);
        Chart.SavePng(path, Height, (pcg, 480), (psgd, 420), (loss, 420));
    }

    private static List<LineSeries> Curves(DemoResult result, string solver, Func<Convergence.Curve, IReadOnlyList<double>> values)
        => [.. result.Convergence.Curves.Where(c => c.Solver == solver).Select(c => new LineSeries(
            c.Preconditioned ? "with K-FAC" : "without", [.. c.Points.Select(p => (double)p.Iteration)], values(c)))];

    private static double[] SmallestGradient(Convergence.Curve curve)
    {
        double smallest = double.PositiveInfinity;
        return [.. curve.Points.Select(p => smallest = Math.Min(smallest, p.RelativeGradient))];
    }
}
