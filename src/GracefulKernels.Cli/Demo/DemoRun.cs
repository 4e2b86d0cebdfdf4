using System.Diagnostics;
using GracefulKernels.Cli.Data;

namespace GracefulKernels.Cli.Demo;

/// <summary>
/// The story: v1 is trained on a part of the training data and updated on all of it in four ways. Negative flips of one small model can be counted on one hand, so
/// there are as many models v1 as folds, each trained on another part, and their counts on the one test set are summed.
/// </summary>
internal sealed class DemoRun
{
    private readonly ComputeDevice _device;
    private readonly DemoSettings _settings;
    private readonly DemoData _data;
    private readonly DemoSteps _steps;
    private readonly CancellationToken _cancellation;
    private readonly MethodFigures _first = new("v1", "trained on a part of the training data", "epochs");
    private readonly MethodFigures _nonlinear = new("nonlinear", "ordinary fine-tuning by SGD", "epochs");
    private readonly MethodFigures _psgd = new("lqf-sgd", "LQF by P-SGD with K-FAC", "epochs");
    private readonly MethodFigures _pcg = new("lqf-pcg", "LQF by PCG with K-FAC", "iterations");
    private readonly MethodFigures _congruent = new("pc-lqf", "positive-congruent LQF by PCG with K-FAC", "iterations");

    private DemoRun(ComputeDevice device, DemoSettings settings, IProgress<DemoProgress>? progress, CancellationToken cancellation)
    {
        (_device, _settings, _cancellation) = (device, settings, cancellation);
        _data = new DemoData(settings);
        int steps = (settings.Folds * (1 + settings.NonlinearRates.Count + 1 + settings.CongruenceGrid.Count + 4)) + 4;
        _steps = new DemoSteps(progress, steps, settings.Tolerance);
    }

    public static DemoResult Run(ComputeDevice device, DemoSettings settings, IProgress<DemoProgress>? progress, CancellationToken cancellation)
        => new DemoRun(device, settings, progress, cancellation).Run();

    private DemoResult Run()
    {
        long start = Stopwatch.GetTimestamp();
        Network[] old = [.. _data.Folds.Select(TrainFirst)];
        (HeldBackChoice rate, HeldBackChoice lambdaPc) = Choose(old);
        Convergence? convergence = null;
        for (int m = 0; m < old.Length; m++)
        {
            long preparing = Stopwatch.GetTimestamp();
            using LinearizedUpdate linearized = new(old[m], _data.Training, _settings, _cancellation);
            double preparation = Stopwatch.GetElapsedTime(preparing).TotalSeconds;
            Update(old[m], $"{m + 1} of {old.Length}", linearized, preparation, rate.Chosen, lambdaPc.Chosen);
            convergence ??= Convergence.Measure(linearized, _steps);
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new DemoResult(_device, _settings, [_first, _nonlinear, _psgd, _pcg, _congruent], rate, lambdaPc, convergence!, seconds);
    }

    private Network TrainFirst(DemoData.Fold fold, int index)
    {
        _steps.Next($"Training v1, {index + 1} of {_settings.Folds}");
        int seed = unchecked((_settings.Seed * 1009) + index);
        Network start = DemoNetwork.Create(_device, seed);
        SgdOptions options = new() { LearningRate = LearningRate.Cosine(_settings.FirstRate), Epochs = _settings.FirstEpochs, Seed = seed };
        return _first.Time(() => (Train(start, fold.First, options), options.Epochs));
    }

    /// <summary>The learning rate of fine-tuning and λ_pc, on the folds alone.</summary>
    private (HeldBackChoice Rate, HeldBackChoice LambdaPc) Choose(Network[] old)
    {
        double[] rates = [.. _settings.NonlinearRates], pulls = [0, .. _settings.CongruenceGrid];
        FlipCounts[] byRate = new FlipCounts[rates.Length], byPull = new FlipCounts[pulls.Length];
        for (int f = 0; f < old.Length; f++)
        {
            (_, Digits rest, Digits held) = _data.Folds[f];
            string fold = $"held-back fold {f + 1} of {old.Length}";
            float[] before = Predict(old[f], held);
            for (int r = 0; r < rates.Length; r++)
            {
                _steps.Next($"Choosing η of fine-tuning, {fold}");
                try
                {
                    byRate[r] += Flips(before, Predict(FineTune(old[f], rest, rates[r]), held), held);
                }
                catch (DivergenceException)
                {
                    // Counts as nothing right.
                }
            }
            using LinearizedUpdate linearized = new(old[f], rest, _settings, _cancellation);
            for (int p = 0; p < pulls.Length; p++)
            {
                _steps.Next($"Choosing λ_pc, {fold}");
                SolverResult solved = pulls[p] == 0
                    ? linearized.Pcg(progress: _steps.ToTolerance())
                    : linearized.PositiveCongruent(pulls[p], _steps.ToTolerance());
                using ParameterVector d = solved.Update;
                byPull[p] += Flips(before, linearized.Predict(d, held), held);
            }
        }
        return (
            HeldBackChoice.MostAccurate([.. rates.Zip(byRate, (value, counts) => new HeldBackChoice.Trial(value, counts))]),
            HeldBackChoice.LargestWithin([.. pulls.Zip(byPull, (value, counts) => new HeldBackChoice.Trial(value, counts))], _settings.AccuracyAllowance));
    }

    /// <summary>Everything that is done to one old model on all of the training data, and its counts on the test set.</summary>
    private void Update(Network v1, string which, LinearizedUpdate linearized, double preparation, double rate, double lambdaPc)
    {
        Digits test = _data.Test;
        float[] before = Predict(v1, test);
        _first.Count(Flips(before, before, test));
        _steps.Next($"Fine-tuning, {which}");
        Network tuned = _nonlinear.Time(() => (FineTune(v1, _data.Training, rate), _settings.NonlinearEpochs));
        _nonlinear.Count(Flips(before, Predict(tuned, test), test));
        _steps.Next($"LQF by P-SGD, {which}");
        Solve(_psgd, () => linearized.Psgd(pace: 1));
        _steps.Next($"LQF by PCG, {which}");
        Solve(_pcg, () => linearized.Pcg(progress: _steps.ToTolerance()));
        _steps.Next($"Positive-congruent LQF, {which}");
        Solve(_congruent, () => linearized.PositiveCongruent(lambdaPc, _steps.ToTolerance()));

        void Solve(MethodFigures method, Func<SolverResult> solve)
        {
            using ParameterVector d = method.Time(
                () =>
                {
                    SolverResult solved = solve();
                    return (solved.Update, solved.Iterations);
                },
                preparation);
            method.Count(Flips(before, linearized.Predict(d, test), test));
        }
    }

    private Network FineTune(Network v1, Digits data, double rate)
        => Train(v1, data, new SgdOptions { LearningRate = LearningRate.Cosine(rate), Epochs = _settings.NonlinearEpochs, Seed = _settings.Seed });

    private Network Train(Network from, Digits data, SgdOptions options)
        => SgdTrainer.Train(from, data.Images, data.Labels, options, cancellation: _cancellation);

    private float[] Predict(Network network, Digits on) => network.Predict(on.Images, on.Count, cancellation: _cancellation);

    private FlipCounts Flips(float[] before, float[] after, Digits on) => FlipCounts.FromLogits(before, after, on.Labels, Digits.Classes, device: _device);
}
