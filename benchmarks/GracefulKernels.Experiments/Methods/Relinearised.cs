using System.Globalization;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.Methods;

/// <summary>
/// LQF linearised again and again (<see cref="Relinearization"/>), from the network, targets and λ of <see cref="LinearQuadratic"/>. The targets stay: what the first network's
/// outputs put into them is taken off the last model's.
/// </summary>
internal static class Relinearised
{
    public static Outcome Run(FewShotTask task, int steps)
    {
        LeaveOneOutChoice choice = LeaveOneOutChoice.Make(task, LinearizationScope.All);
        Network network = choice.Recipe.Network;
        Targets targets = choice.Recipe.Targets(network.Predict(task.Train.Images, task.Train.Count), task.Train.Labels);
        using RelinearizationResult result = Relinearization.Run(network, task.Train.Images, targets, choice.Lambda, task.Train.Labels, new RelinearizationOptions
        {
            Steps = steps,
            Solver = new PcgOptions { Tolerance = 1e-3, MaxIterations = LinearQuadratic.Iterations(task.Shots) },
            Factors = LinearQuadratic.Factors(task.Seed),
        });
        using ParameterVector d = result.Model.Update;
        float[] outputs = result.Model.Predict(task.Test.Images, task.Test.Count);
        if (choice.Recipe.FromZero)
        {
            float[] first = network.Predict(task.Test.Images, task.Test.Count);
            for (int i = 0; i < outputs.Length; i++) outputs[i] -= first[i];
        }
        int raised = result.Steps.Sum(s => Math.Max(0, s.Tries.Count - 1));
        return new Outcome(
            Errors.Percent(outputs, task.Test.Labels),
            string.Create(CultureInfo.InvariantCulture, $"slope {choice.Slope} lambda {choice.Lambda:G3} steps {result.Steps.Count} raised {raised}"));
    }
}
