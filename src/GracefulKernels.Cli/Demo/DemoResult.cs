namespace GracefulKernels.Cli.Demo;

/// <summary>What the demo found; the same for one seed on every machine, seconds apart.</summary>
/// <param name="Device">Where it ran.</param>
/// <param name="Settings">What ran.</param>
/// <param name="Data">What on.</param>
/// <param name="Methods">v1 and its updates, in the order of the story.</param>
/// <param name="LearningRate">How the learning rate of non-linear fine-tuning was chosen.</param>
/// <param name="LambdaPc">How λ_pc was chosen.</param>
/// <param name="Convergence">The solvers with and without preconditioner.</param>
/// <param name="Halved">Trainings that diverged and were done at a halved learning rate.</param>
/// <param name="Seconds">Everything together.</param>
internal sealed record DemoResult(
    ComputeDevice Device,
    DemoSettings Settings,
    DemoData Data,
    IReadOnlyList<MethodFigures> Methods,
    HeldBackChoice LearningRate,
    HeldBackChoice LambdaPc,
    Convergence Convergence,
    IReadOnlyList<Halving.Halved> Halved,
    double Seconds);
