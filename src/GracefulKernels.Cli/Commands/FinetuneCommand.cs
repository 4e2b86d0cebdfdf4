using System.CommandLine;
using System.Globalization;
using GracefulKernels.Cli.FineTuning;
using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.Commands;

/// <summary><c>graceful finetune</c>: from an ONNX file and labelled images to a fine-tuned model.</summary>
internal static class FinetuneCommand
{
    /// <summary>The paper's slope serves classes that stay; far transfers want more of what ReLU shut off.</summary>
    private const float KeptHeadSlope = 0.01f, NewHeadSlope = 0.2f;

    public static Command Create(Terminal terminal)
    {
        Option<string> network = new("--network") { HelpName = "M.onnx", Description = "The pre-trained network.", Required = true };
        Option<string> train = Data("--train", "Training images: .npy, IDX (.gz or not), or a PNG with one image a row; FILE[FIRST:LAST] takes a part of the rows.", required: true)!;
        Option<string> labels = Data("--labels", "Their labels: .npy, IDX or a JSON array of integers.", required: true)!;
        Option<string> test = Data("--test", "Test images.", required: false), testLabels = Data("--test-labels", "Their labels.", required: false);
        Option<int?> classes = new("--classes") { HelpName = "C", Description = "Number of classes; the largest label plus one where nothing is said." };
        Option<string> head = Choice("--head", "ridge", "What the last layer begins as: fitted to the frozen features, random, or the network's own.", "ridge", "random", "keep");
        Option<string> scope = new("--scope")
        {
            DefaultValueFactory = _ => "all",
            HelpName = "all|head|K",
            Description = "What is linearised: all layers, the last one, or the last K blocks.",
        };
        Option<string> norm = Choice("--batch-norm", "keep", "Batch normalisation kept with γ and β trainable, or folded into the layers before it.", "keep", "fold");
        Option<float?> slope = new("--slope")
        {
            HelpName = "S",
            Description = $"ReLUs become leaky with this slope before the network is linearised; 0 keeps them. {NewHeadSlope} for new classes, {KeptHeadSlope} with --head keep, where nothing is said.",
        };
        Option<string> solver = Choice("--solver", "auto", "All find the same optimum.", "auto", "dual", "pcg", "psgd");
        Option<string> lambda = new("--lambda") { DefaultValueFactory = _ => "auto", HelpName = "X|auto", Description = "Ridge weight; auto chooses it by leave-one-out error." };
        Option<double> alpha = Number("--alpha", 15, "α of the targets α·(one-hot).", v => v > 0, "a positive number");
        Option<double> tolerance = Number("--tolerance", 1e-3, "PCG and P-SGD stop at this relative gradient.", v => v >= 0, "a number of at least 0");
        Option<int> iterations = Count("--max-iterations", 200, "PCG stops, not converged, after so many.");
        Option<double?> minutes = new("--time-limit") { HelpName = "MINUTES", Description = "PCG and P-SGD stop, not converged, after so much time." };
        Option<string?> checkpoint = new("--checkpoint") { HelpName = "FILE", Description = "Keep the state of PCG or P-SGD here; a run that was killed goes on from it." };
        Option<int> relinearize = Count("--relinearize", 1, "Solve, move to w0 + d where the non-linear loss falls, linearise there, and so on: 1 is LQF.");
        Option<int> views = Count("--views", 1, "Views of each training image, itself counted: mirrored and shifted.");
        Option<bool> noMirror = new("--no-mirror") { Description = "Views are shifted only: for digits and letters." };
        Option<double?> cache = new("--cache-gb") { HelpName = "GB", Description = "Memory for what each sample leaves for the next sweeps; a quarter of all where nothing is said." };
        Option<double?> spill = new("--spill-gb") { HelpName = "GB", Description = "A file in the system's temporary folder for what has no room there; no file where nothing is said." };
        Option<bool> baseline = new("--baseline") { Description = "Also fine-tune the ordinary way, by SGD with cross-entropy, for comparison." };
        Option<double> rate = Number("--learning-rate", 0.01, "Of P-SGD, at the start of half a cosine.", v => v > 0 && double.IsFinite(v), "a positive number");
        Option<bool> emptyClasses = new("--allow-empty-classes") { Description = "Classes may have no training sample; the model then holds them for unlikely." };
        Option<int> epochs = Count("--epochs", 30, "Epochs of P-SGD and of the baseline (which has 300 steps at least).");
        Option<int> seed = new("--seed") { HelpName = "S", Description = "Of whatever is random." };
        Command command = new("finetune", "Fine-tune a network by LQF: one convex problem, solved to its optimum.")
        {
            network, train, labels, test, testLabels, classes, head, scope, norm, slope, solver, lambda, alpha, tolerance, iterations, minutes, checkpoint, relinearize, views, noMirror, cache,
            spill, rate, emptyClasses, baseline, epochs, seed,
        };
        SampleOptions samples = new(command);
        DeviceOptions devices = new(command);
        ReportOptions reporting = new(command, draws: true);
        scope.Expect(t => t is "all" or "head" || Positive(t), "all, head or a number of blocks");
        lambda.Expect(t => t == "auto" || (Parses(t, out double v) && v >= 0), "auto or a number of at least 0");
        slope.Expect(s => float.IsFinite(s!.Value), "a finite number");
        minutes.Expect(m => m > 0 && double.IsFinite(m.Value), "a positive number");
        classes.Expect(c => c > 0, "at least 1");
        cache.Expect(g => g is >= 0 and < 1e6, "gigabytes");
        spill.Expect(g => g is >= 0 and < 1e6, "gigabytes");
        command.Validators.Add(result =>
        {
            if (result.GetResult(checkpoint) is not null && (result.GetResult(solver) is not null && result.GetValue(solver)!.Equals("dual", StringComparison.OrdinalIgnoreCase)))
            {
                result.AddError("--checkpoint is of PCG and P-SGD; the dual is solved directly.");
            }
            if (result.GetResult(checkpoint) is not null && result.GetResult(relinearize) is { Implicit: false } && result.GetValue(relinearize) > 1)
            {
                result.AddError("--checkpoint belongs to one problem; with --relinearize there are several.");
            }
            if ((result.GetResult(test) is null) != (result.GetResult(testLabels) is null)) result.AddError("--test and --test-labels go together.");
        });
        command.SetAction((parsed, cancellation) =>
        {
            (Preprocessing preprocessing, FileLayout layout) = samples.Read(parsed);
            string path = parsed.GetRequiredValue(network);
            HeadStart start = Enum.Parse<HeadStart>(parsed.GetValue(head)!, ignoreCase: true);
            float leak = parsed.GetValue(slope) ?? (start == HeadStart.Keep ? KeptHeadSlope : NewHeadSlope);
            using ComputeDevice device = devices.Open(parsed);
            Report report = reporting.Open(parsed, terminal);
            Network pretrained = Network.Load(path, new OnnxOptions { Relu = leak == 0 ? ReluPolicy.Keep : ReluPolicy.Leaky(leak) }, device);
            preprocessing.Check(pretrained.InputShape);
            LabelledSet training = LabelledSet.Read(parsed.GetRequiredValue(train), parsed.GetRequiredValue(labels), pretrained.InputShape, layout, preprocessing);
            LabelledSet? held = parsed.GetValue(test) is { } t
                ? LabelledSet.Read(t, parsed.GetValue(testLabels)!, pretrained.InputShape, layout, preprocessing)
                : null;
            string given = parsed.GetValue(lambda)!;
            int sweeps = parsed.GetValue(epochs);
            TimeSpan? limit = parsed.GetValue(minutes) is { } m ? TimeSpan.FromMinutes(m) : null;
            CheckpointOptions? kept = parsed.GetValue(checkpoint) is { } file ? new CheckpointOptions { Path = file } : null;
            var settings = new FinetuneSettings
            {
                NetworkPath = path,
                Slope = leak,
                Layout = layout,
                Preprocessing = preprocessing,
                Baseline = parsed.GetValue(baseline),
                Epochs = sweeps,
                Options = new FineTuneOptions
                {
                    Classes = parsed.GetValue(classes),
                    Head = start,
                    Scope = Scope(parsed.GetValue(scope)!),
                    BatchNorm = Enum.Parse<BatchNormMode>(parsed.GetValue(norm)!, ignoreCase: true),
                    Alpha = parsed.GetValue(alpha),
                    Lambda = given == "auto" ? null : double.Parse(given, CultureInfo.InvariantCulture),
                    Solver = parsed.GetValue(solver) == "auto" ? FineTuneSolver.Automatic : Enum.Parse<FineTuneSolver>(parsed.GetValue(solver)!, ignoreCase: true),
                    Pcg = new PcgOptions
                    {
                        Tolerance = parsed.GetValue(tolerance),
                        MaxIterations = parsed.GetValue(iterations),
                        TimeLimit = limit,
                        Checkpoint = kept,
                    },
                    Psgd = new PsgdOptions
                    {
                        LearningRate = LearningRate.Cosine(parsed.GetValue(rate)),
                        Epochs = sweeps,
                        Tolerance = parsed.GetValue(tolerance),
                        TimeLimit = limit,
                        Checkpoint = kept,
                        Seed = parsed.GetValue(seed),
                    },
                    Factors = new FactorOptions { Seeds = FactorSeeds.Rademacher, Seed = parsed.GetValue(seed) },
                    AllowEmptyClasses = parsed.GetValue(emptyClasses),
                    Relinearize = parsed.GetValue(relinearize),
                    Views = parsed.GetValue(views),
                    ViewOptions = new AugmentedViewsOptions { Mirror = !parsed.GetValue(noMirror), Seed = parsed.GetValue(seed), Shift = Math.Min(4, pretrained.InputShape.Width / 8) },
                    Linearized = new LinearizedOptions { CacheBytes = (long?)(parsed.GetValue(cache) * 1e9), SpillBytes = (long)((parsed.GetValue(spill) ?? 0) * 1e9) },
                    Seed = parsed.GetValue(seed),
                },
            };
            FinetuneRun.Run(report, pretrained, training, held, settings, cancellation);
            return Task.FromResult(CommandLine.Success);
        });
        return command;
    }

    private static LinearizationScope Scope(string text) => text switch
    {
        "all" => LinearizationScope.All,
        "head" => LinearizationScope.Head,
        _ => LinearizationScope.LastBlocks(int.Parse(text, CultureInfo.InvariantCulture)),
    };

    private static Option<string> Data(string name, string description, bool required) => new(name) { HelpName = "FILE", Description = description, Required = required };

    private static Option<string> Choice(string name, string @default, string description, params string[] words)
    {
        Option<string> option = new(name) { DefaultValueFactory = _ => @default, HelpName = string.Join('|', words), Description = description };
        option.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, words);
        return option;
    }

    private static Option<double> Number(string name, double @default, string description, Func<double, bool> accepted, string expected)
        => new Option<double>(name) { DefaultValueFactory = _ => @default, HelpName = "X", Description = description }.Expect(accepted, expected);

    private static Option<int> Count(string name, int @default, string description)
        => new Option<int>(name) { DefaultValueFactory = _ => @default, HelpName = "N", Description = description }.Expect(n => n >= 1, "at least 1");

    private static bool Positive(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int k) && k > 0;

    private static bool Parses(string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}
