using System.Diagnostics;
using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.FineTuning;

/// <summary>One prediction with what it rests on.</summary>
/// <param name="Sample">Of the test set.</param>
/// <param name="Label">Its label.</param>
/// <param name="Prediction">What the model says.</param>
/// <param name="Output">The output of the predicted class.</param>
/// <param name="Influence">Of the training samples on that output.</param>
internal sealed record Explanation(int Sample, int Label, int Prediction, double Output, InfluenceRanking Influence);

/// <summary>A removal with its check.</summary>
/// <param name="Removal">The solution without the samples.</param>
/// <param name="Model">The model of it.</param>
/// <param name="Seconds">That the closed form took.</param>
/// <param name="TestAccuracyBefore">NaN without test samples.</param>
/// <param name="TestAccuracyAfter">NaN without test samples.</param>
internal sealed record RemovedSamples(Removal Removal, LinearizedModel Model, double Seconds, double TestAccuracyBefore, double TestAccuracyAfter);

/// <summary>States the problem of a saved model again, and asks it.</summary>
internal static class ExplainRun
{
    public static void Run(
        Report report,
        LinearizedModel model,
        LabelledSet training,
        LabelledSet? test,
        int[] samples,
        int top,
        int[] removed,
        double tolerance,
        CancellationToken cancellation)
    {
        CheckIndices(samples, test?.Count ?? 0, "--samples", "test");
        CheckIndices(removed, training.Count, "--remove", "training");
        if (!(model.Lambda > 0)) throw new InvalidDataException("The model was saved without its λ; it cannot be asked.");
        (List<Explanation> explained, RemovedSamples? removal) = report.Progress.Run<(string Text, double Part), (List<Explanation>, RemovedSamples?)>(
            "Explaining", step => (step.Part, step.Text), progress => Work(model, training, test, samples, removed, tolerance, progress, cancellation));
        cancellation.ThrowIfCancellationRequested();
        ExplainReport.Print(report, explained, removal, top);
        if (explained.Count > 0) report.WritePicture("influence.png", path => ExplainReport.Draw(path, explained, training, test!, top), cancellation);
        if (removal is not null && report.Folder is { } folder)
        {
            string without = Path.Combine(folder, "removed");
            removal.Model.SaveFolder(without);
            report.WriteLine($"Model without the samples: {without}");
        }
        report.WriteJson(json => ExplainReport.Write(json, explained, removal, top), cancellation);
    }

    private static (List<Explanation> Explained, RemovedSamples? Removal) Work(
        LinearizedModel model,
        LabelledSet training,
        LabelledSet? test,
        int[] samples,
        int[] removed,
        double tolerance,
        IProgress<(string Text, double Part)> progress,
        CancellationToken cancellation)
    {
        int classes = model.Network.Outputs;
        using FineTuned stated = FineTuner.Restate(
            model, training.Images, training.Labels, progress: new Forward(progress), cancellation: cancellation);
        using SolvedProblem solved = stated.Explain(new SolvedProblemOptions { Tolerance = tolerance });
        List<Explanation> explained = [];
        float[] outputs = test is null ? [] : model.Predict(test.Images, test.Count, cancellation: cancellation);
        double before = test is null ? double.NaN : Predicted.Accuracy(outputs, test.Labels);
        if (test is not null)
        {
            int size = test.Images.Length / test.Count;
            int[] asked = samples.Length > 0 ? samples : [FirstWrong(outputs, test.Labels)];
            for (int k = 0; k < asked.Length; k++)
            {
                progress.Report(($"Influence on test sample {asked[k]}", 0.2 + (0.6 * k / asked.Length)));
                ReadOnlySpan<float> row = outputs.AsSpan(asked[k] * classes, classes);
                int prediction = Predicted.Of(row);
                float[] image = model.Split.TailInputs(test.Images.AsSpan(asked[k] * size, size), 1, cancellation: cancellation);
                // By PCG a sample made exact takes C solves: there the ranking stays one of first order.
                InfluenceRanking ranking = stated.Dual?.Influence(image, prediction, training.Labels, cancellation: cancellation)
                    ?? solved.Influence(image, prediction, labels: training.Labels, cancellation: cancellation);
                explained.Add(new Explanation(asked[k], test.Labels[asked[k]], prediction, row[prediction], ranking));
            }
        }
        if (removed.Length == 0) return (explained, null);
        progress.Report(($"Removing {removed.Length} samples", 0.8));
        long begun = Stopwatch.GetTimestamp();
        Removal removal = stated.Dual?.Remove(removed, cancellation) ?? solved.Remove(removed, RemovalMethod.ReducedProblem, cancellation);
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds, after = double.NaN;
        if (test is not null)
        {
            after = Predicted.Accuracy(stated.ModelOf(removal.Update).Predict(test.Images, test.Count, cancellation: cancellation), test.Labels);
        }
        return (explained, new RemovedSamples(removal, stated.ModelOf(removal.Update), seconds, before, after));
    }

    private sealed class Forward(IProgress<(string Text, double Part)> progress) : IProgress<FineTuneProgress>
    {
        public void Report(FineTuneProgress value) => progress.Report((value.Stage, double.IsNaN(value.Part) ? 0 : 0.2 * value.Part));
    }

    private static int FirstWrong(float[] outputs, int[] labels)
    {
        int classes = outputs.Length / labels.Length;
        int wrong = Array.FindIndex(
            [.. Enumerable.Range(0, labels.Length)], i => Predicted.Of<float>(outputs.AsSpan(i * classes, classes)) != labels[i]);
        return Math.Max(wrong, 0);
    }

    private static void CheckIndices(int[] indices, int count, string option, string set)
    {
        int bad = Array.FindIndex(indices, i => i >= count);
        if (bad >= 0) throw new ArgumentException($"{option} has {indices[bad]}; the {set} set has the samples 0 to {count - 1}.");
        if (indices.Distinct().Count() != indices.Length) throw new ArgumentException($"{option} names a sample twice.");
    }
}
