using System.CommandLine;
using System.Globalization;

namespace GracefulKernels.Cli.Samples;

/// <summary>How images become what a network takes: <c>--mean</c>, <c>--std</c>, <c>--layout</c>, <c>--resize</c>.</summary>
internal sealed class SampleOptions
{
    private readonly Option<string?> _mean = Numbers("--mean", "Subtracted from each channel, in units of the images (bytes count from 0 to 1): one number, or one a channel.");
    private readonly Option<string?> _std = Numbers("--std", "Each channel is divided by this: one number, or one a channel.");
    private readonly Option<string> _layout = new("--layout")
    {
        DefaultValueFactory = _ => "auto",
        HelpName = "auto|nchw|nhwc",
        Description = "Order of the dimensions of .npy images; auto takes the one that fits the network's input.",
    };
    private readonly Option<bool> _resize = new("--resize") { Description = "Resize images to the network's input (bilinear), and repeat grey ones over its channels." };

    public SampleOptions(Command command)
    {
        _layout.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "auto", "nchw", "nhwc");
        _mean.Validators.Add(result => Validate(result, "--mean", positive: false));
        _std.Validators.Add(result => Validate(result, "--std", positive: true));
        foreach (Option option in (Option[])[_mean, _std, _layout, _resize]) command.Options.Add(option);
    }

    public (Preprocessing Preprocessing, FileLayout Layout) Read(ParseResult parsed) => (
        new Preprocessing(Parse(parsed.GetValue(_mean)), Parse(parsed.GetValue(_std)), parsed.GetValue(_resize)),
        Enum.Parse<FileLayout>(parsed.GetValue(_layout)!, ignoreCase: true));

    /// <summary>Whether anything was said.</summary>
    public bool AnyGiven(ParseResult parsed) => new Option[] { _mean, _std, _layout, _resize }.Any(o => parsed.GetResult(o) is { Implicit: false });

    private static Option<string?> Numbers(string name, string description) => new(name) { HelpName = "X[,X…]", Description = description };

    private static void Validate(System.CommandLine.Parsing.OptionResult result, string name, bool positive)
    {
        string? text = result.GetValueOrDefault<string?>();
        if (result.Errors.Any() || text is null) return;
        bool ok = text.Split(',').All(t => float.TryParse(t, NumberStyles.Float, CultureInfo.InvariantCulture, out float v) && float.IsFinite(v) && (!positive || v > 0));
        if (!ok) result.AddError($"{name} is '{text}'; expected {(positive ? "positive " : "")}numbers with commas between them.");
    }

    private static float[] Parse(string? text) => text is null ? [] : [.. text.Split(',').Select(t => float.Parse(t, CultureInfo.InvariantCulture))];
}
