using Spectre.Console;

namespace GracefulKernels.Cli;

/// <summary>Where a command writes: reports to the output, one line for each error to the error stream, progress only where somebody watches.</summary>
internal sealed class Terminal
{
    /// <summary>Wide enough for every table; a file has no edge to wrap at.</summary>
    private const int RedirectedWidth = 120;

    public Terminal(TextWriter output, TextWriter error, bool interactive = false)
    {
        Output = output;
        Error = error;
        Interactive = interactive;
        Console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = interactive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = interactive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!interactive) Console.Profile.Width = RedirectedWidth;
    }

    public TextWriter Output { get; }

    public TextWriter Error { get; }

    /// <summary>Somebody watches the output.</summary>
    public bool Interactive { get; }

    /// <summary>Tables and text.</summary>
    public IAnsiConsole Console { get; }

    public static Terminal OfProcess()
    {
        // UTF-8 without a byte order mark, whatever the locale says: tables hold ×, ± and λ.
        System.Console.OutputEncoding = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal(System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected);
    }

    /// <summary>One line, whatever the message holds.</summary>
    public void WriteError(string message)
    {
        string[] lines = message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Error.WriteLine($"graceful: {string.Join(' ', lines)}");
    }
}
