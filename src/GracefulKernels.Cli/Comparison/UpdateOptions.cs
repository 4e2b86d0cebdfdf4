using System.CommandLine;
using System.CommandLine.Parsing;
using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.Comparison;

/// <summary>What can be said of an update beside its files: <c>--gate</c>, <c>--class-names</c>, <c>--class-map</c>, <c>--images</c>, <c>--layout</c>.</summary>
internal sealed class UpdateOptions
{
    private readonly Option<string[]> _gates = new("--gate")
    {
        HelpName = "FIGURE<=NUMBER",
        Description = $"A bound that the update must keep, such as 'nfr<=0.5%'; exit code 1 where it does not. May be given several times. Figures: {string.Join(", ", UpdateFigures.OfGates.Keys)}.",
        AllowMultipleArgumentsPerToken = true,
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<string?> _classNames = new("--class-names") { HelpName = "FILE", Description = "Names of the classes: a JSON array, or one name a line." };
    private readonly Option<string?> _classMap = new("--class-map")
    {
        HelpName = "FILE",
        Description = "The new class of each old one, -1 where it is gone (a JSON array), where the models have other classes. Labels are the new model's.",
    };
    private readonly Option<string?> _images = new("--images")
    {
        HelpName = "FILE",
        Description = "Images of the samples (.npy, IDX, or a PNG with one image a row; FILE[a:b] takes a part), shown on the page of --out where predictions flipped.",
    };
    private readonly Option<string> _layout = new("--layout")
    {
        DefaultValueFactory = _ => "auto",
        HelpName = "auto|nchw|nhwc",
        Description = "Order of the dimensions of .npy images.",
    };

    public UpdateOptions(Command command)
    {
        _layout.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "auto", "nchw", "nhwc");
        _classNames.ExpectPath();
        _classMap.ExpectPath();
        _images.ExpectPath();
        _gates.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                if (!Gate.TryParse(token.Value, out _, out string problem)) result.AddError(problem);
            }
        });
        foreach (Option option in (Option[])[_gates, _classNames, _classMap, _images, _layout]) command.Options.Add(option);
    }

    /// <summary>The first of these options that was given, by name; null where none was.</summary>
    public string? FirstGiven(CommandResult result)
        => new Option[] { _gates, _classNames, _classMap, _images, _layout }.FirstOrDefault(o => result.GetResult(o) is { Implicit: false })?.Name;

    /// <summary>What was given in vain; null where nothing was.</summary>
    public string? Problem(CommandResult result)
        => result.GetResult(_images) is not null && result.GetResult("--out") is null ? "--images needs --out, whose page shows them." : null;

    /// <summary>Reads the files that are small, and makes sure of the rest, before any work is done.</summary>
    /// <exception cref="InvalidDataException">A file holds something else than it should.</exception>
    public UpdateRun Read(ParseResult parsed, Predictions old, Predictions @new, NpyReader labels, int ignoreIndex)
    {
        string? mapFile = parsed.GetValue(_classMap);
        UpdateInputs inputs = new(old, @new, labels, ignoreIndex, mapFile is null ? null : ClassMapFile.Read(mapFile), mapFile);
        inputs.Check();
        string? namesFile = parsed.GetValue(_classNames);
        ClassNames names = namesFile is null ? ClassNames.None : ClassNames.Read(namesFile);
        // Of predictions the classes are known when all have been read.
        if (@new.AreLogits) names.Check(namesFile ?? "", @new.Classes);
        FileRange? images = parsed.GetValue(_images) is { } file ? FileRange.Parse(file) : null;
        FileLayout layout = Enum.Parse<FileLayout>(parsed.GetValue(_layout)!, ignoreCase: true);
        if (images is not null) ImageFiles.ReadRows(images, labels.Rows, [], layout);
        List<Gate> gates = [];
        foreach (string text in parsed.GetValue(_gates) ?? [])
        {
            if (Gate.TryParse(text, out Gate gate, out _)) gates.Add(gate);
        }
        return new UpdateRun(inputs, gates, names, namesFile, images, layout);
    }
}
