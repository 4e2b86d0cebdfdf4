using System.Diagnostics;
using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.FineTuning;

/// <summary>Fine-tunes, measures, and writes what <c>finetune</c> writes.</summary>
internal static class FinetuneRun
{
    public static void Run(Report report, Network pretrained, LabelledSet training, LabelledSet? test, FinetuneSettings settings, CancellationToken cancellation)
    {
        using FinetuneWork work = report.Progress.Run<(string Text, double Part), FinetuneWork>(
            "Fine-tuning", step => (double.IsNaN(step.Part) ? 0 : step.Part, step.Text), progress => FinetuneWork.Do(pretrained, training, test, settings, progress, cancellation));
        cancellation.ThrowIfCancellationRequested();
        FinetuneResult result = work.Result;
        FinetuneReport.Print(report, result);
        if (report.Folder is { } folder)
        {
            result.Tuned.Model.SaveFolder(folder);
            SavedRun.Save(folder, result);
            report.WriteLine($"Model:   {folder} (network.onnx and update.safetensors: its predictions need both; no one set of weights gives them)");
            if (result.Tuned.Lambda.Path is { } path) report.WritePicture("lambda.png", file => FinetunePictures.DrawPath(file, path, result.Tuned.Lambda), cancellation);
            if (result.Tuned.Solver is { } solver) report.WritePicture("convergence.png", file => FinetunePictures.DrawConvergence(file, solver), cancellation);
            JsonReport.Save(Path.Combine(folder, "report.json"), json => FinetuneReport.Write(json, result), cancellation);
            report.WriteLine($"Report:  {Path.Combine(folder, "report.json")}");
        }
        report.WriteJson(json => FinetuneReport.Write(json, result), cancellation);
    }
}

/// <summary>The work of one fine-tuning; owns the solved problem.</summary>
internal sealed class FinetuneWork(FinetuneResult result) : IDisposable
{
    public FinetuneResult Result { get; } = result;

    public static FinetuneWork Do(
        Network pretrained, LabelledSet training, LabelledSet? test, FinetuneSettings settings, IProgress<(string Text, double Part)> progress, CancellationToken cancellation)
    {
        long begun = Stopwatch.GetTimestamp();
        FineTuned tuned = FineTuner.Fit(
            pretrained, training.Images, training.Labels, settings.Options, progress: new Forward(progress, settings), cancellation: cancellation);
        try
        {
            double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
            CheckClasses(test, tuned.Start.Outputs);
            List<TunedFigures> figures = [];
            float[] before = Judge("linearHead", "linear head alone", tuned.Start.Predict, 0, out _);
            float[] after = Judge("lqf", settings.Options.Relinearize > 1 ? $"LQF, linearised {settings.Options.Relinearize} times" : "LQF", tuned.Model.Predict, seconds, out _);
            BaselineTuning? baseline = null;
            if (settings.Baseline)
            {
                baseline = BaselineTuning.Run(
                    BaselineTuning.Start(pretrained, tuned, settings.Options, training, cancellation), training, settings.Epochs, settings.Options.Seed, (text, part) => progress.Report((text, part)), cancellation);
                _ = Judge("nonlinear", "ordinary fine-tuning (SGD, cross-entropy)", baseline.Network.Predict, baseline.Seconds, out _);
            }
            FlipCounts? flips = test is null ? null : FlipCounts.FromLogits(before, after, test.Labels, tuned.Start.Outputs);
            return new FinetuneWork(new FinetuneResult(settings, pretrained.Device, training, test, tuned, figures, baseline, flips));

            float[] Judge(string name, string description, Predictor predict, double time, out double accuracy)
            {
                progress.Report(($"Judging {description}", double.NaN));
                double train = Predicted.Accuracy(predict(training.Images, training.Count, ImageLayout.Nhwc, 128, cancellation), training.Labels);
                float[] outputs = test is null ? [] : predict(test.Images, test.Count, ImageLayout.Nhwc, 128, cancellation);
                accuracy = test is null ? double.NaN : Predicted.Accuracy(outputs, test.Labels);
                figures.Add(new TunedFigures(name, description, train, accuracy, time));
                return outputs;
            }
        }
        catch
        {
            tuned.Dispose();
            throw;
        }
    }

    public void Dispose() => Result.Tuned.Dispose();

    private static void CheckClasses(LabelledSet? test, int classes)
    {
        if (test is null) return;
        int bad = Array.FindIndex(test.Labels, y => y >= classes);
        if (bad >= 0) throw new InvalidDataException($"{test.LabelSource}: label {bad} is {test.Labels[bad]}; the training labels have the classes 0 to {classes - 1} (--classes says otherwise).");
    }

    private delegate float[] Predictor(ReadOnlySpan<float> images, int samples, ImageLayout layout, int batchSize, CancellationToken cancellation);

    /// <summary>Stages of the library as lines of a progress bar.</summary>
    private sealed class Forward(IProgress<(string Text, double Part)> progress, FinetuneSettings settings) : IProgress<FineTuneProgress>
    {
        public void Report(FineTuneProgress value)
        {
            if (value.Solver is not { } s)
            {
                progress.Report((value.Stage, value.Part));
                return;
            }
            double tolerance = settings.Options.Pcg.Tolerance;
            // The gradient falls by about the same factor in each iteration.
            double part = s.RelativeGradient < 1 && tolerance < 1 ? Math.Log(s.RelativeGradient) / Math.Log(tolerance) : 0;
            string left = s.TimeLeft is { } time ? $", {time.TotalSeconds:0} s left" : "";
            progress.Report(($"{value.Stage}: iteration {s.Iteration}, loss {s.Loss:G4}, gradient {s.RelativeGradient:G2}{left}", part));
        }
    }
}
