using System.Globalization;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.Methods;

/// <summary>
/// LQF with re-linearisations: <c>w ← w + d</c> through the non-linear network, new Jacobian, the same targets, λ in the same relation to JJᵀ; each step convex. Where the
/// squared loss of the non-linear network does not fall, λ is raised tenfold. The outputs of the first network are taken off in the end as they were put into the targets.
/// </summary>
internal static class Relinearised
{
    private const int MostRaises = 2;

    public static Outcome Run(FewShotTask task, int times)
    {
        LambdaChoice choice = LambdaChoice.Make(task, LinearizationScope.All);
        Network network = choice.Recipe.Network;
        float[] offset = choice.Recipe.FromZero ? network.Predict(task.Test.Images, task.Test.Count) : new float[task.Test.Count * network.Outputs];
        Targets? targets = null;
        double firstUnit = double.NaN;
        List<string> errors = [];
        int raises = 0;
        for (int step = 0; step <= times; step++)
        {
            using var linearized = new LinearizedNetwork(network, task.Train.Images, task.Train.Count);
            targets ??= choice.Recipe.Targets(linearized, task.Train.Labels);
            double unit = LambdaChoice.Unit(linearized), before = Loss(linearized.F0.Span, targets);
            if (step == 0) firstUnit = unit;
            double lambda = choice.Lambda * unit / firstUnit;
            for (int raise = 0; ; raise++)
            {
                using ParameterVector d = LinearQuadratic.Solve(linearized, targets, lambda, task.Shots, task.Seed);
                if (raise == 0) errors.Add(Error(new LinearizedModel(network, d).Predict(task.Test.Images, task.Test.Count), offset, task).ToString("F1", CultureInfo.InvariantCulture));
                if (step == times) break;
                Network next = network.WithUpdate(d);
                bool falls = Loss(next.Predict(task.Train.Images, task.Train.Count), targets) < before;
                if (falls || raise == MostRaises)
                {
                    // Where no step lowers the loss, this linearisation is the last.
                    if (falls) network = next;
                    else step = times;
                    break;
                }
                lambda *= 10;
                raises++;
            }
        }
        return new Outcome(
            double.Parse(errors[^1], CultureInfo.InvariantCulture),
            string.Create(CultureInfo.InvariantCulture, $"slope {choice.Slope} lambda {choice.Lambda:G3} raised {raises} errors {string.Join(" > ", errors)}"));
    }

    private static double Loss(ReadOnlySpan<float> outputs, Targets targets)
    {
        double sum = 0;
        for (int i = 0; i < outputs.Length; i++) sum += Math.Pow(outputs[i] - targets.Values.Span[i], 2);
        return sum;
    }

    private static double Error(float[] outputs, float[] offset, FewShotTask task)
    {
        for (int i = 0; i < outputs.Length; i++) outputs[i] -= offset[i];
        return Errors.Percent(outputs, task.Test.Labels);
    }
}
