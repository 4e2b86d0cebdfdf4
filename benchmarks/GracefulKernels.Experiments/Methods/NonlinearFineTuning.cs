using System.Globalization;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.Methods;

/// <summary>
/// NLFT: ordinary fine-tuning of all weights by cross-entropy, SGD with momentum 0.9, half a cosine, no augmentation, from a head fitted by ridge regression like all other
/// methods' (to e_y: logits of size 1) or, where the classes stay, from the network's own. The best of a grid of learning rates and of the two activations that LQF chooses among, judged by the test error itself: a
/// choice that no other method is given, and that favours this one.
/// </summary>
internal static class NonlinearFineTuning
{
    /// <summary>The head of a network trained by cross-entropy has logits of size 10 and wants smaller rates than a new one.</summary>
    private static readonly (float Slope, double LearningRate)[]
        NewHead = [(0f, 0.003), (0f, 0.006), (0f, 0.012), (0.2f, 0.001), (0.2f, 0.004)],
        KeptHead = [(0f, 0.0003), (0f, 0.001), (0f, 0.003), (0f, 0.01)];

    public static Outcome Run(FewShotTask task, bool quick = false)
    {
        double best = double.PositiveInfinity;
        string detail = "none converged";
        foreach ((float slope, double rate) in (task.KeepsHead ? KeptHead : NewHead).Take(quick ? 1 : int.MaxValue))
        {
            try
            {
                double error = task.ErrorOf(Train(task, slope, rate, quick ? 5 : Steps(task.Shots)));
                if (error < best) (best, detail) = (error, string.Create(CultureInfo.InvariantCulture, $"slope {slope} rate {rate}"));
            }
            catch (DivergenceException)
            {
                // Too large a rate for this base; the grid has others.
            }
        }
        return new Outcome(best, detail);
    }

    private static Network Train(FewShotTask task, float slope, double rate, int steps)
    {
        int batch = Math.Min(task.Shots >= 100 ? 32 : 16, task.Train.Count);
        return SgdTrainer.Train(task.Start(slope), task.Train.Images, task.Train.Labels, new SgdOptions
        {
            LearningRate = LearningRate.Cosine(rate),
            BatchSize = batch,
            Epochs = Math.Max(1, steps * batch / task.Train.Count),
            WeightDecay = 1e-4,
            Seed = task.Seed,
        });
    }

    private static int Steps(int shots) => shots switch { <= 1 => 100, <= 5 => 150, <= 20 => 250, <= 100 => 500, _ => 1250 };
}
