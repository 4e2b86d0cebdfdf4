namespace GracefulKernels.Cli.Demo;

/// <summary>Where the demo stands.</summary>
internal readonly record struct DemoProgress(double Part, string Text);

/// <summary>Progress over a known number of steps, and within a solve by how far its gradient has come.</summary>
internal sealed class DemoSteps(IProgress<DemoProgress>? progress, int total, double tolerance)
{
    private int _begun;
    private string _text = "";

    /// <summary>Begins the next step.</summary>
    public void Next(string text)
    {
        _text = text;
        _begun++;
        Within(0);
    }

    /// <summary>Progress within a solve: the gradient falls about geometrically.</summary>
    public IProgress<SolverProgress> ToTolerance() => new Solve(this, Math.Log(Math.Min(tolerance, 0.5)));

    private void Within(double part) => progress?.Report(new DemoProgress((_begun - 1 + part) / total, _text));

    private sealed class Solve(DemoSteps steps, double end) : IProgress<SolverProgress>
    {
        private double _furthest;

        public void Report(SolverProgress value)
        {
            if (value.RelativeGradient > 0) _furthest = Math.Clamp(Math.Log(value.RelativeGradient) / end, _furthest, 1);
            steps.Within(_furthest);
        }
    }
}
