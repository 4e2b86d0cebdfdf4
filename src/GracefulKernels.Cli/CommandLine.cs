using System.CommandLine;
using System.CommandLine.Parsing;
using GracefulKernels.Cli.Commands;

namespace GracefulKernels.Cli;

/// <summary>The tool from arguments to exit code; what a command prints and how it fails is the same for all of them.</summary>
internal static class CommandLine
{
    public const int Success = 0, Failed = 1, BadUsage = 2;

    private static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "Show stack traces of errors.",
        Recursive = true,
    };

    /// <summary>Runs one command line; never throws.</summary>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellation = default)
    {
        bool verbose = false;
        try
        {
            RootCommand root = new("Graceful model updates: fine-tuning as a convex problem, and what an update breaks.")
            {
                Verbose,
                DemoCommand.Create(terminal),
                BenchCommand.Create(terminal),
                CompareCommand.Create(terminal),
                CompatCommand.Create(terminal),
                DevicesCommand.Create(terminal),
                ExplainCommand.Create(terminal),
                FinetuneCommand.Create(terminal),
            };
            ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parsed.Errors.Count > 0)
            {
                string command = parsed.CommandResult.Command == root ? "graceful" : $"graceful {parsed.CommandResult.Command.Name}";
                terminal.WriteError($"{string.Join(' ', parsed.Errors.Select(Describe).Distinct())} See '{command} --help'.");
                return BadUsage;
            }
            verbose = parsed.GetValue(Verbose);
            // Exceptions and signals are handled here, in one place, for tests and for the process alike.
            InvocationConfiguration configuration = new()
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = terminal.Output,
                Error = terminal.Error,
            };
            return await parsed.InvokeAsync(configuration, cancellation);
        }
        catch (OperationCanceledException e) when (cancellation.IsCancellationRequested)
        {
            terminal.WriteError("cancelled.");
            if (verbose) terminal.Error.WriteLine(e);
            return Failed;
        }
        catch (Exception e)
        {
            terminal.WriteError(Describe(e));
            if (verbose) terminal.Error.WriteLine(e);
            return Failed;
        }
    }

    /// <summary>The parser's message, which names the value alone where it is none of those allowed, with the option's name.</summary>
    private static string Describe(ParseError error)
    {
        string? option = ((error.SymbolResult as OptionResult) ?? (error.SymbolResult?.Parent as OptionResult))?.Option.Name;
        return option is null || error.Message.Contains(option, StringComparison.Ordinal) ? error.Message : $"{option}: {error.Message}";
    }

    private static string Describe(Exception e) => e switch
    {
        InvalidDataException or IOException or UnauthorizedAccessException or PlatformNotSupportedException or ArgumentException => e.Message,
        OutOfMemoryException => "there is not enough memory.",
        _ => $"{e.GetType().Name}: {e.Message} (--verbose shows where)",
    };
}
