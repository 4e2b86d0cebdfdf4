using System.CommandLine;
using System.Globalization;
using GracefulKernels.Cli.FineTuning;
using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.Commands;

/// <summary><c>graceful explain</c>: what a fine-tuned model learned from which sample, and what it would be without some.</summary>
internal static class ExplainCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<string> model = new("--model") { HelpName = "DIR", Description = "The folder that 'graceful finetune --out' wrote.", Required = true };
        Option<string?> train = new("--train") { HelpName = "FILE", Description = "The training images, where they are no longer where they were." };
        Option<string?> labels = new("--labels") { HelpName = "FILE", Description = "Their labels, likewise." };
        Option<string?> test = new("--test") { HelpName = "FILE", Description = "Test images to explain." };
        Option<string?> testLabels = new("--test-labels") { HelpName = "FILE", Description = "Their labels." };
        Option<string?> samples = Indices("--samples", "Which test samples, counted from 0; the first that the model has wrong where nothing is said.");
        Option<int> top = new("--top") { DefaultValueFactory = _ => 8, HelpName = "K", Description = "Training samples shown for and against each prediction." };
        Option<string?> remove = Indices("--remove", "Training samples to remove: the model without them goes to DIR/removed.");
        Option<double> tolerance = new("--tolerance") { DefaultValueFactory = _ => 1e-5, HelpName = "X", Description = "Relative residual of each solve with the Hessian." };
        top.Expect(k => k is >= 1 and <= 100, "1 to 100");
        tolerance.Expect(x => x is > 0 and < 1, "a number between 0 and 1");
        Command command = new("explain", "Ask a fine-tuned model: the influence of each training sample on a prediction, and the model without some samples.")
        {
            model, train, labels, test, testLabels, samples, top, remove, tolerance,
        };
        DeviceOptions devices = new(command);
        ReportOptions reporting = new(command, draws: true);
        command.Validators.Add(result =>
        {
            if ((result.GetResult(test) is null) != (result.GetResult(testLabels) is null)) result.AddError("--test and --test-labels go together.");
            if ((result.GetResult(train) is null) != (result.GetResult(labels) is null)) result.AddError("--train and --labels go together.");
            if (result.GetResult(test) is null && result.GetResult(remove) is null) result.AddError("There is nothing to do: say --test and --test-labels, or --remove.");
            if (result.GetResult(samples) is not null && result.GetResult(test) is null) result.AddError("--samples are of --test.");
        });
        command.SetAction((parsed, cancellation) =>
        {
            string folder = parsed.GetRequiredValue(model);
            SavedRun saved = SavedRun.Load(folder);
            if (saved.Views > 1) throw new InvalidDataException($"{folder}: the model was trained on {saved.Views} views of each sample; expected one that was trained without --views.");
            using ComputeDevice device = devices.Open(parsed);
            Report report = reporting.Open(parsed, terminal);
            LinearizedModel linearized = LinearizedModel.LoadFolder(folder, device);
            LayerShape input = (linearized.Trunk ?? linearized.Network).InputShape;
            LabelledSet training = LabelledSet.Read(
                parsed.GetValue(train) ?? saved.Images, parsed.GetValue(labels) ?? saved.Labels, input, saved.FileLayout, saved.Preprocessing);
            if (training.Count != saved.Samples) throw new InvalidDataException($"{training.Source} has {training.Count} samples; the model was trained on {saved.Samples}.");
            LabelledSet? held = parsed.GetValue(test) is { } t ? LabelledSet.Read(t, parsed.GetValue(testLabels)!, input, saved.FileLayout, saved.Preprocessing) : null;
            ExplainRun.Run(
                report, linearized, training, held, Parse(parsed.GetValue(samples)), parsed.GetValue(top), Parse(parsed.GetValue(remove)), parsed.GetValue(tolerance), cancellation);
            return Task.FromResult(CommandLine.Success);
        });
        return command;
    }

    private static Option<string?> Indices(string name, string description) => new Option<string?>(name) { HelpName = "I[,I…]", Description = description }.Expect(
        text => text!.Split(',').All(t => int.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out _)), "indices with commas between them");

    private static int[] Parse(string? text) => text is null ? [] : [.. text.Split(',').Select(t => int.Parse(t, CultureInfo.InvariantCulture))];
}
