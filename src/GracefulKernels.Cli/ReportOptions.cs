using System.CommandLine;

namespace GracefulKernels.Cli;

/// <summary>Where a report goes besides the screen: <c>--json FILE</c> and, for commands that draw, <c>--out DIR</c>.</summary>
internal sealed class ReportOptions
{
    private readonly Option<string?> _json = new("--json")
    {
        HelpName = "FILE",
        Description = "Write the report as JSON; '-' writes it to the output, and nothing else.",
    };
    private readonly Option<string?> _out = new("--out") { HelpName = "DIR", Description = "Write the pictures into this folder." };
    private readonly bool _draws;

    /// <param name="command">Gets the options.</param>
    /// <param name="draws">Whether it has pictures, and with them <c>--out</c>.</param>
    /// <param name="folder">Where they go when nothing is said; null for nowhere.</param>
    /// <param name="contents">What goes there, where it is more than pictures.</param>
    public ReportOptions(Command command, bool draws, string? folder = null, string? contents = null)
    {
        _draws = draws;
        if (contents is not null) _out.Description = $"Write {contents} into this folder.";
        if (folder is not null)
        {
            _out.DefaultValueFactory = _ => folder;
            _out.Description = "Write the pictures and report.json into this folder.";
        }
        command.Options.Add(_json.ExpectPath());
        if (draws) command.Options.Add(_out.ExpectPath());
    }

    /// <summary>Reads the options and makes sure, before any work is done, that what they name can be written.</summary>
    public Report Open(ParseResult parsed, Terminal terminal)
        => new(terminal, parsed.GetValue(_json), _draws ? parsed.GetValue(_out) : null);
}
