using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.FineTuning;

/// <summary>One way of updating, with what it reached.</summary>
/// <param name="Name">In JSON.</param>
/// <param name="Description">For people.</param>
/// <param name="TrainAccuracy">On the training samples.</param>
/// <param name="TestAccuracy">On the test samples; NaN without.</param>
/// <param name="Seconds">Time taken.</param>
internal sealed record TunedFigures(string Name, string Description, double TrainAccuracy, double TestAccuracy, double Seconds);

/// <summary>A fine-tuning with its figures.</summary>
internal sealed record FinetuneResult(
    FinetuneSettings Settings,
    ComputeDevice Device,
    LabelledSet Training,
    LabelledSet? Test,
    FineTuned Tuned,
    IReadOnlyList<TunedFigures> Figures,
    BaselineTuning? Baseline,
    FlipCounts? Flips);
