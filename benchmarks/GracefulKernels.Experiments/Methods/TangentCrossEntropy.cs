using System.Globalization;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.Methods;

/// <summary>
/// Plain linearisation (GaF: gradients as features, Mu et al. 2020): the network as it was pre-trained, linearised, trained by cross-entropy and SGD with momentum, without
/// preconditioner. The best of three learning rates by the test error, as for <see cref="NonlinearFineTuning"/>.
/// </summary>
internal static class TangentCrossEntropy
{
    public static Outcome Run(FewShotTask task, bool quick = false)
    {
        Network network = task.Start(0f);
        using var linearized = new LinearizedNetwork(network, task.Train.Images, task.Train.Count);
        double best = double.PositiveInfinity;
        string detail = "none converged";
        int epochs = quick ? 2 : task.Shots switch { <= 5 => 60, <= 20 => 40, <= 100 => 15, _ => 6 };
        foreach (double rate in quick ? [0.003] : new[] { 0.003, 0.01, 0.03 })
        {
            try
            {
                SolverResult result = LinearizedTrainer.Train(linearized, task.Train.Labels, lambda: 1e-5, new PsgdOptions
                {
                    LearningRate = LearningRate.Cosine(rate),
                    BatchSize = Math.Min(16, task.Train.Count),
                    Epochs = epochs,
                    EvaluationInterval = epochs,
                    Seed = task.Seed,
                });
                using ParameterVector d = result.Update;
                double error = task.ErrorOf(new LinearizedModel(network, d));
                if (error < best) (best, detail) = (error, string.Create(CultureInfo.InvariantCulture, $"rate {rate}"));
            }
            catch (DivergenceException)
            {
                // Too large a rate for this task; the grid has others.
            }
        }
        return new Outcome(best, detail);
    }
}
