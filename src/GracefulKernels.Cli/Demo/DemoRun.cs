using System.Diagnostics;
using GracefulKernels.Cli.Data;

namespace GracefulKernels.Cli.Demo;

/// <summary>
/// The story: v1 is trained on a part of the training data and updated on all of it in four ways. Negative flips of one small model can be counted on one hand, so
/// there are several models v1, each trained on another part, and their counts on the one test set are summed.
/// </summary>
internal sealed class DemoRun
{
    private readonly ComputeDevice _device;
    private readonly DemoSettings _settings;
    private readonly DemoData _data;
    private readonly DemoSteps _steps;
    private readonly Halving _halving = new();
    private readonly CancellationToken _cancellation;
    private readonly MethodFigures _first = new("v1", "trained on a part", "epochs");
    private readonly MethodFigures _nonlinear = new("nonlinear", "ordinary fine-tuning", "epochs");
    private readonly MethodFigures _psgd = new("lqf-sgd", "LQF by P-SGD", "epochs");
    private readonly MethodFigures _pcg = new("lqf-pcg", "LQF by PCG", "iterations");
    private readonly MethodFigures _congruent = new("pc-lqf", "positive-congruent LQF", "iterations");

    private DemoRun(ComputeDevice device, DemoSettings settings, IProgress<DemoProgress>? progress, CancellationToken cancellation)
    {
        (_device, _settings, _cancellation) = (device, settings, cancellation);
        _data = new DemoData(settings);
        int steps = (settings.Models * (1 + settings.NonlinearRates.Count + 1 + settings.CongruenceGrid.Count + 4)) + 4;
        _steps = new DemoSteps(progress, steps, settings.Tolerance);
    }

    public static DemoResult Run(ComputeDevice device, DemoSettings settings, IProgress<DemoProgress>? progress, CancellationToken cancellation)
        => new DemoRun(device, settings, progress, cancellation).Run();

    private DemoResult Run()
    {
        long start = Stopwatch.GetTimestamp();
        Network[] old = [.. _data.Cuts.Select(TrainFirst)];
        (HeldBackChoice rate, HeldBackChoice lambdaPc) = Choose(old);
        Convergence? convergence = null;
        for (int m = 0; m < old.Length; m++)
        {
            long preparing = Stopwatch.GetTimestamp();
            using LinearizedUpdate linearized = new(old[m], _data.Training, _settings, _halving, _cancellation);
            double preparation = Stopwatch.GetElapsedTime(preparing).TotalSeconds;
            Update(old[m], $"{m + 1} of {old.Length}", linearized, preparation, rate.Chosen, lambdaPc.Chosen);
            convergence ??= Convergence.Measure(linearized, _steps);
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new DemoResult(_device, _settings, _data, [_first, _nonlinear, _psgd, _pcg, _congruent], rate, lambdaPc, convergence!, _halving.All, seconds);
    }

    private Network TrainFirst(DemoData.Cut cut, int index)
    {
        _steps.Next($"Training v1, {index + 1} of {_settings.Models}");
        int seed = unchecked((_settings.Seed * 1009) + index);
        Network start = DemoNetwork.Create(_device, seed);
        return _first.Time(() => (Train("v1", start, cut.First, _settings.FirstRate, _settings.FirstEpochs, seed), _settings.FirstEpochs));
    }

    /// <summary>The learning rate of fine-tuning and λ_pc, on held-back training samples alone.</summary>
    private (HeldBackChoice Rate, HeldBackChoice LambdaPc) Choose(Network[] old)
    {
        HeldBackChoice.Trial[] rates = [.. _settings.NonlinearRates.Select(value => new HeldBackChoice.Trial(value))];
        HeldBackChoice.Trial[] pulls = [new(0), .. _settings.CongruenceGrid.Select(value => new HeldBackChoice.Trial(value))];
        for (int m = 0; m < old.Length; m++)
        {
            (_, Digits rest, Digits held) = _data.Cuts[m];
            string which = $"on held-back samples, {m + 1} of {old.Length}";
            float[] before = Predict(old[m], held);
            foreach (ref HeldBackChoice.Trial t in rates.AsSpan())
            {
                _steps.Next($"Choosing η of fine-tuning {which}");
                t = Judge(t, LabelLoss.CrossEntropy, before, Predict(FineTune(old[m], rest, t.Value), held), held);
            }
            using LinearizedUpdate linearized = new(old[m], rest, _settings, _halving, _cancellation);
            foreach (ref HeldBackChoice.Trial t in pulls.AsSpan())
            {
                _steps.Next($"Choosing λ_pc {which}");
                IProgress<SolverProgress> progress = _steps.ToTolerance();
                using ParameterVector d = (t.Value == 0 ? linearized.Pcg(progress: progress) : linearized.PositiveCongruent(t.Value, progress)).Update;
                t = Judge(t, LabelLoss.Squared, before, linearized.Predict(d, held), held);
            }
        }
        return (HeldBackChoice.MostAccurate(rates), HeldBackChoice.LargestWithin(pulls, _settings.AccuracyMargin));
    }

    /// <summary>Adds the counts and the loss of one update on held-back samples.</summary>
    private HeldBackChoice.Trial Judge(HeldBackChoice.Trial trial, LabelLoss loss, float[] before, float[] after, Digits held)
    {
        CongruenceOptions options = new() { Base = loss, Distance = CongruenceDistance.None, Reduction = LossReduction.Sum };
        CongruenceResult result = CongruenceLoss.Evaluate(after, before, held.Labels, Digits.Classes, options, device: _device);
        return trial with { HeldBack = trial.HeldBack + result.Flips, Loss = trial.Loss + result.BaseLoss };
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
        => Train("fine-tuning", v1, data, rate, _settings.NonlinearEpochs, _settings.Seed);

    private Network Train(string what, Network from, Digits data, double rate, int epochs, int seed) => _halving.Run(what, rate, eta => SgdTrainer.Train(
        from,
        data.Images,
        data.Labels,
        new SgdOptions { LearningRate = LearningRate.Cosine(eta), Epochs = epochs, Seed = seed },
        cancellation: _cancellation));

    private float[] Predict(Network network, Digits on) => network.Predict(on.Images, on.Count, cancellation: _cancellation);

    private FlipCounts Flips(float[] before, float[] after, Digits on) => FlipCounts.FromLogits(before, after, on.Labels, Digits.Classes, device: _device);
}
