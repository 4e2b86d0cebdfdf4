using System.Globalization;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.Methods;

/// <summary>
/// Ridge regression on the frozen features of the network, λ by leave-one-out. Where the classes stay, the penalty is on the distance from the network's own head: LQF of
/// the head alone.
/// </summary>
internal static class LinearHead
{
    public static Outcome Run(FewShotTask task, float slope)
    {
        if (task.KeepsHead) return LinearQuadratic.Run(task, LinearizationScope.Head);
        RidgeHead head = task.WithNewHead(slope, alpha: 1);
        return new Outcome(task.ErrorOf(head.Network), string.Create(CultureInfo.InvariantCulture, $"slope {slope} lambda {head.Lambda:G3}"));
    }
}
