using GracefulKernels.Experiments.Methods;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.LqfTable;

/// <summary>A row of the table.</summary>
/// <param name="Name">In files.</param>
/// <param name="Title">In pictures.</param>
/// <param name="MostShots">Dearer cells are left out.</param>
/// <param name="Run">From a task to its error; true for a quick run.</param>
internal sealed record TableMethod(string Name, string Title, int MostShots, Func<FewShotTask, bool, Outcome> Run)
{
    public const string Baseline = "nlft";

    /// <summary>Head and last residual block.</summary>
    private const int LastBlocks = 2;

    public static readonly IReadOnlyList<TableMethod> All =
    [
        new(Baseline, "fine-tuning (NLFT)", 500, NonlinearFineTuning.Run),
        new("lqf", "LQF", 500, (task, _) => LinearQuadratic.Run(task, LinearizationScope.All)),
        new("lqf-3", "LQF, linearised 3 times", 100, (task, _) => Relinearised.Run(task, steps: 3)),
        new("lqf-last", "LQF, last block", 500, (task, _) => LinearQuadratic.Run(task, LinearizationScope.LastBlocks(LastBlocks))),
        new("gaf", "linearised, CE (GaF)", 5, TangentCrossEntropy.Run),
        new("head", "linear head", 500, (task, _) => LinearHead.Run(task, Recipe.FarSlope)),
        new("head-relu", "linear head, ReLU", 500, (task, _) => LinearHead.Run(task, 0f)),
    ];
}
