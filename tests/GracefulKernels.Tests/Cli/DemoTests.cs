using System.Text.Json;
using System.Text.Json.Nodes;
using GracefulKernels.Cli;
using GracefulKernels.Cli.Commands;
using GracefulKernels.Cli.Data;
using GracefulKernels.Cli.Demo;

namespace GracefulKernels.Tests;

public sealed class DemoTests
{
    private static readonly string[] Methods = ["v1", "nonlinear", "lqf-sgd", "lqf-pcg", "pc-lqf"];

    /// <summary>The whole story in a second.</summary>
    private static readonly DemoSettings Tiny = new()
    {
        Seed = 3,
        Models = 3,
        TrainingSamples = 90,
        TestSamples = 60,
        FirstSamples = 20,
        FirstEpochs = 150,
        FirstRate = 0.01,
        NonlinearEpochs = 3,
        NonlinearRates = [0.005, 0.01],
        PsgdEpochs = 2,
        Tolerance = 0.1,
        MaxIterations = 20,
        CongruenceGrid = [0.5, 1],
    };

    [Fact]
    public void ReportHasThePromisedKeysAndTheyAgree()
    {
        using var folder = new TemporaryFolder();
        (string output, JsonNode json) = Run(folder);
        Assert.Equal("cpu", (string)json["device"]!);
        Assert.Equal(ComputeDevice.Default.Simd!.Value.ToString().ToLowerInvariant(), (string)json["simd"]!);
        Assert.Equal(2, (int)json["threads"]!);
        JsonArray methods = json["methods"]!.AsArray();
        int samples = Tiny.Models * (int)json["testSamples"]!;
        Assert.InRange((int)json["testSamples"]!, Tiny.TestSamples - 5, Tiny.TestSamples + 5);
        Assert.Equal(Methods, methods.Select(m => (string)m!["name"]!));
        Assert.Equal(["device", "simd", "threads", "methods"], json.AsObject().Select(p => p.Key).Take(4));
        foreach (JsonNode? m in methods)
        {
            Assert.Equal(["name", "accuracy", "nfr", "pfr", "relativeNfr", "iterations", "seconds"], m!.AsObject().Select(p => p.Key).Take(7));
            Assert.Equal(samples, (int)m["samples"]!);
            Assert.InRange((double)m["accuracy"]!, 0, 1);
            Assert.Equal((int)m["negativeFlips"]! / (double)samples, (double)m["nfr"]!, 12);
            Assert.Equal((int)m["positiveFlips"]! / (double)samples, (double)m["pfr"]!, 12);
            // accuracy = old accuracy + PFR − NFR, whichever the model.
            Assert.Equal((double)methods[0]!["accuracy"]! + (double)m["pfr"]! - (double)m["nfr"]!, (double)m["accuracy"]!, 12);
            Assert.True((int)m["iterations"]! > 0);
            Assert.True((double)m["seconds"]! > 0);
            Assert.Contains((string)m["name"]!, output);
        }
        Assert.Equal(0, (double)methods[0]!["nfr"]!);
        Assert.Equal(0, (double)methods[0]!["pfr"]!);
        Assert.Equal(Tiny.FirstEpochs, (int)methods[0]!["iterations"]!);
    }

    [Fact]
    public void ChoicesAndCurvesAreInTheReport()
    {
        using var folder = new TemporaryFolder();
        (_, JsonNode json) = Run(folder);
        JsonArray pulls = json["lambdaPcTrials"]!.AsArray(), rates = json["learningRateTrials"]!.AsArray();
        Assert.Equal([0, 0.5, 1], pulls.Select(t => (double)t!["value"]!));
        Assert.Equal([0.005, 0.01], rates.Select(t => (double)t!["value"]!));
        // Every training sample is held back by two of the models.
        Assert.All(pulls.Concat(rates), t => Assert.Equal(2 * (int)json["trainingSamples"]!, (int)t!["samples"]!));
        Assert.Contains((double)json["lambdaPc"]!, pulls.Select(t => (double)t!["value"]!));
        Assert.Contains((double)json["learningRate"]!, rates.Select(t => (double)t!["value"]!));
        JsonArray curves = json["convergence"]!.AsArray();
        Assert.Equal(["pcg", "pcg", "psgd", "psgd"], curves.Select(c => (string)c!["solver"]!));
        Assert.Equal([true, false, true, false], curves.Select(c => (bool)c!["preconditioned"]!));
        foreach (JsonNode? c in curves)
        {
            JsonArray gradient = c!["relativeGradient"]!.AsArray();
            Assert.Equal((int)c["iterations"]! + 1, gradient.Count);
            Assert.Equal(1, (double)gradient[0]!);
            if ((bool)c["converged"]!) Assert.True((double)gradient[^1]! <= Tiny.Tolerance);
        }
        Assert.Equal((double)curves[1]!["iterations"]! / (double)curves[0]!["iterations"]!, (double)json["pcgIterationRatio"]!, 12);
    }

    [Fact]
    public void PicturesAreImagesWithSomethingOnThem()
    {
        using var folder = new TemporaryFolder();
        Run(folder);
        Assert.Equal(["convergence.png", "flips.png", "report.json"], folder.Names());
        foreach (string name in (string[])["flips.png", "convergence.png"])
        {
            using var bitmap = SkiaSharp.SKBitmap.Decode(folder.File(name));
            Assert.True(bitmap.Width > 1000 && bitmap.Height > 500);
            Assert.True(bitmap.Pixels.Distinct().Count() > 10);
        }
    }

    [Fact]
    public void OneSeedGivesOneReportOnEveryInstructionSetAndAnyNumberOfThreads()
    {
        using var folder = new TemporaryFolder();
        // Every step runs, but briefly: plain scalars are a hundred times slower.
        DemoSettings brief = Tiny with
        {
            TrainingSamples = 60, FirstSamples = 15, TestSamples = 30, NonlinearEpochs = 1, NonlinearRates = [0.01], PsgdEpochs = 1, MaxIterations = 4, CongruenceGrid = [0.5],
        };
        string first = WithoutTimes(Run(folder, settings: brief).Json);
        Assert.Equal(first, WithoutTimes(Run(folder, threads: 1, settings: brief).Json));
        foreach (SimdLevel simd in ComputeDevice.SupportedSimd.Skip(1)) Assert.Equal(first, WithoutTimes(Run(folder, simd, settings: brief).Json));
        Assert.NotEqual(first, WithoutTimes(Run(folder, settings: brief with { Seed = 2 }).Json));
    }

    [Fact]
    public void HeldBackAndTestSamplesAreNewToV1()
    {
        var data = new DemoData(new DemoSettings { Seed = 1 });
        Assert.Equal(500, data.Training.Count);
        Assert.Equal(1297, data.Test.Count);
        foreach (DemoData.Cut cut in data.Cuts)
        {
            Assert.InRange(cut.First.Count, 145, 155);
            Assert.InRange(cut.Held.Count, 190, 210);
            Assert.Equal(500, cut.Rest.Count + cut.Held.Count);
            HashSet<string> first = Keys(cut.First), rest = Keys(cut.Rest);
            Assert.Subset(rest, first);
            Assert.Empty(rest.Intersect(Keys(cut.Held)));
            Assert.Empty(Keys(data.Training).Intersect(Keys(data.Test)));
        }

        static HashSet<string> Keys(Digits digits)
            => [.. digits.Images.Chunk(Digits.Pixels).Select(i => string.Join(' ', i))];
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(0.009, 0.5)]
    [InlineData(0.01, 0.75)]
    [InlineData(0.02, 1)]
    public void LambdaPcIsTheLargestThatCostsNoMoreThanTheMargin(double margin, double expected)
    {
        HeldBackChoice.Trial[] trials = [Trial(0, 97), Trial(0.25, 96), Trial(0.5, 97), Trial(0.75, 96), Trial(1, 95)];
        Assert.Equal(expected, HeldBackChoice.LargestWithin(trials, margin).Chosen);
    }

    [Fact]
    public void TheMostAccurateValueIsChosenAndOfEqualsThatWithTheSmallerLoss()
    {
        HeldBackChoice.Trial[] trials = [Trial(1, 96), Trial(2, 97) with { Loss = 5 }, Trial(3, 97) with { Loss = 4 }, Trial(4, 95)];
        Assert.Equal(3, HeldBackChoice.MostAccurate(trials).Chosen);
    }

    [Fact]
    public void TrainingThatDivergesGoesOnAtHalfTheRate()
    {
        using var device = ComputeDevice.Cpu();
        DemoResult result = DemoRun.Run(device, Tiny with { NonlinearRates = [1e6] }, null, CancellationToken.None);
        Assert.Equal(1e6, result.LearningRate.Chosen);
        Digits all = Digits.All;
        SgdOptions options = new() { LearningRate = LearningRate.Cosine(1e6) };
        Assert.Throws<DivergenceException>(() => SgdTrainer.Train(DemoNetwork.Create(device, 1), all.Images, all.Labels, options));
    }

    [Fact]
    public void WhatDivergedAndWasDoneAtALowerRateIsReported()
    {
        using var folder = new TemporaryFolder();
        (string output, JsonNode json) = Run(folder, settings: Tiny with { NonlinearRates = [1e6] });
        JsonArray halved = json["halvedLearningRates"]!.AsArray();
        // Once for each model on held-back samples, and once on all.
        Assert.Equal(2 * Tiny.Models, halved.Count(h => (string)h!["what"]! == "fine-tuning"));
        foreach (JsonNode? h in halved)
        {
            double halvings = Math.Log2((double)h!["asked"]! / (double)h["taken"]!);
            Assert.True(halvings >= 1 && halvings == Math.Round(halvings));
        }
        // Lines are as wide as the terminal.
        string text = string.Join(' ', output.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("Diverged at η = 1E+06: fine-tuning, 6 times; done at a halved η, down to ", text, StringComparison.Ordinal);
        (output, json) = Run(folder);
        Assert.Empty(json["halvedLearningRates"]!.AsArray());
        Assert.DoesNotContain("Diverged", output, StringComparison.Ordinal);
    }

    [Fact]
    public void TrainingGoesOnAtTheFirstRateThatDoesNotDiverge()
    {
        var halving = new Halving();
        Assert.Equal(2, halving.Run("a", 8, rate => rate > 2 ? throw Diverged() : rate));
        Assert.Equal(1, halving.Run("b", 1, rate => rate));
        Assert.Equal([new Halving.Halved("a", 8, 2)], halving.All);
        Assert.Throws<DivergenceException>(() => halving.Run<int>("c", 1, _ => throw Diverged()));
    }

    [Fact]
    public void CancelledHalfWayNothingIsLeft()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        using var device = ComputeDevice.Cpu();
        int steps = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => DemoRun.Run(device, Tiny, new Immediately(_ =>
        {
            if (++steps == 20) stop.Cancel();
        }), stop.Token));
        Assert.Equal(20, steps);
        using var output = new StringWriter();
        Assert.ThrowsAny<OperationCanceledException>(() => DemoCommand.Run(new Report(new Terminal(output, output), null, folder), device, Tiny, stop.Token));
        Assert.Empty(folder.Names());
        (int code, _, string error) = Tool.Run(stop.Token, "demo", "--out", folder);
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "cancelled");
        Assert.Empty(folder.Names());
    }

    [Fact]
    public void ProgressGrowsToItsEnd()
    {
        var parts = new List<double>();
        using var device = ComputeDevice.Cpu();
        DemoRun.Run(device, Tiny, new Immediately(p => parts.Add(p.Part)), CancellationToken.None);
        Assert.Equal(parts.Order(), parts);
        Assert.Equal(0, parts[0]);
        int steps = (Tiny.Models * (1 + Tiny.NonlinearRates.Count + 1 + Tiny.CongruenceGrid.Count + 4)) + 4;
        Assert.InRange(parts[^1], (steps - 1.0) / steps, 1);
    }

    [Fact]
    public void AnOutputFolderThatCannotBeIsCode1AndOneLine()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");
        (int code, string output, string error) = Tool.Run("demo", "--out", Path.Combine(file, "below"));
        Assert.Equal(1, code);
        Assert.Empty(output);
        Tool.AssertOneLine(error, "Cannot make the output folder");
        (code, _, error) = Tool.Run("demo", "--out", folder, "--json", Path.Combine(folder, "absent", "x.json"));
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "does not exist");
    }

    [Theory]
    [InlineData("demo --seed x", "'x'")]
    [InlineData("demo --device gpu", "'gpu'")]
    [InlineData("demo --simd mmx", "'mmx'")]
    [InlineData("demo --threads -2", "expected 0 to 1024")]
    [InlineData("demo extra", "'extra'")]
    public void BadUsageIsCode2AndOneLine(string args, string reason)
    {
        (int code, string output, string error) = Tool.Run(args.Split(' '));
        Assert.Equal(2, code);
        Assert.Empty(output);
        Tool.AssertOneLine(error, reason);
    }

    private static (string Output, JsonNode Json) Run(string folder, SimdLevel simd = SimdLevel.Auto, int threads = 2, DemoSettings? settings = null)
    {
        using var output = new StringWriter();
        using var device = ComputeDevice.Cpu(simd, threads);
        DemoCommand.Run(new Report(new Terminal(output, output), null, folder), device, settings ?? Tiny, CancellationToken.None);
        return (output.ToString(), JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "report.json")))!);
    }

    private static DivergenceException Diverged() => new("Training", 1, 2, 1, 1, 1);

    private static HeldBackChoice.Trial Trial(double value, long right) => new(value, new FlipCounts(right, 100 - right, 0, 0, 0, 0, 0));

    private static string WithoutTimes(JsonNode json)
    {
        JsonObject report = json.AsObject();
        foreach (string key in (string[])["simd", "threads", "seconds"]) Assert.True(report.Remove(key));
        foreach (JsonNode? m in report["methods"]!.AsArray()) Assert.True(m!.AsObject().Remove("seconds"));
        return report.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    private sealed class Immediately(Action<DemoProgress> report) : IProgress<DemoProgress>
    {
        public void Report(DemoProgress value) => report(value);
    }
}
