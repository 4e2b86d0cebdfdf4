using GracefulKernels.Cli.Charts;

namespace GracefulKernels.Cli.FineTuning;

/// <summary>The pictures of a fine-tuning.</summary>
internal static class FinetunePictures
{
    private const int Height = 460, Width = 560;

    /// <summary>What λ does to the loss on the training samples and on samples left out, and to the accuracy there.</summary>
    public static void DrawPath(string path, RegularizationPath points, LambdaChoice choice)
    {
        double[] x = [.. points.Points.Select(p => Math.Log10(p.Lambda))];
        string over = choice.Samples == 0 ? "" : $" ({choice.Samples} samples)";
        ScottPlot.Plot loss = Lines.Create(
            $"Loss along the path{over}", "log₁₀ λ", "1/(2n) Σ (f − t)²",
            [new LineSeries("fitted", x, [.. points.Points.Select(p => p.DataLoss)]), new LineSeries("left out, exact", x, [.. points.Points.Select(p => p.LeaveOneOutLoss)])],
            logY: true);
        ScottPlot.Plot accuracy = Lines.Create(
            "Right when left out", "log₁₀ λ", "% of samples", [new LineSeries("accuracy", x, [.. points.Points.Select(p => 100 * p.LeaveOneOutAccuracy)])]);
        double best = Math.Log10(points.Best.Lambda);
        foreach (ScottPlot.Plot plot in (ScottPlot.Plot[])[loss, accuracy]) plot.Add.VerticalLine(best, 1.5f, Palette.Ink, ScottPlot.LinePattern.Dotted);
        Chart.SavePng(path, Height, (loss, Width), (accuracy, Width));
    }

    public static void DrawConvergence(string path, SolverResult solver)
    {
        double[] x = [.. solver.History.Select(p => (double)p.Iteration)];
        ScottPlot.Plot gradient = Lines.Create(
            "Gradient", "iterations", "‖∇L(d)‖ / ‖∇L(0)‖", [new LineSeries("gradient", x, [.. solver.History.Select(p => p.RelativeGradient)])], logY: true);
        ScottPlot.Plot loss = Lines.Create("Loss", "iterations", "L(d)", [new LineSeries("loss", x, [.. solver.History.Select(p => p.Loss)])], logY: true);
        Chart.SavePng(path, Height, (gradient, Width), (loss, Width));
    }
}
