using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GracefulKernels.Cli;

/// <summary>One command's report: tables on the screen, JSON and pictures in files. With <c>--json -</c> the JSON is all that is printed.</summary>
internal sealed class Report
{
    private readonly Terminal _terminal;
    private readonly string? _json;

    public Report(Terminal terminal, string? json, string? folder)
    {
        _terminal = terminal;
        _json = json;
        Folder = folder;
        if (folder is not null) MakeFolder(folder);
        if (json is null or "-") return;
        if (Directory.Exists(json)) throw new IOException($"Cannot write '{json}': it is a folder.");
        CheckWritable(Path.GetDirectoryName(Path.GetFullPath(json))!, json);
    }

    /// <summary>Where pages and pictures go, or null.</summary>
    public string? Folder { get; }

    /// <summary>Nothing but JSON is printed.</summary>
    public bool Quiet => _json == "-";

    /// <summary>Progress bars, shown only where somebody watches and nothing else is printed.</summary>
    public ProgressBars Progress => new(_terminal.Interactive && !Quiet ? _terminal.Console : null);

    public void Write(IRenderable table)
    {
        if (!Quiet) _terminal.Console.Write(table);
    }

    public void WriteLine(string text = "")
    {
        if (!Quiet) _terminal.Console.WriteLine(text);
    }

    /// <summary>Writes the JSON where it was asked for.</summary>
    public void WriteJson(Action<Utf8JsonWriter> content, CancellationToken cancellation = default)
    {
        if (_json is null) return;
        if (Quiet) _terminal.Output.WriteLine(JsonReport.ToText(content));
        else JsonReport.Save(_json, content, cancellation);
    }

    /// <summary>Draws a picture into <see cref="Folder"/>, where there is one, and says so.</summary>
    public void WritePicture(string name, Action<string> draw, CancellationToken cancellation = default)
    {
        if (Folder is null) return;
        cancellation.ThrowIfCancellationRequested();
        string path = Path.Combine(Folder, name);
        draw(path);
        WriteLine($"Picture: {path}");
    }

    /// <summary>Writes a page of HTML into <see cref="Folder"/>, where there is one, and says so.</summary>
    public void WritePage(string name, Func<string> create, CancellationToken cancellation = default)
    {
        if (Folder is null) return;
        cancellation.ThrowIfCancellationRequested();
        string path = Path.Combine(Folder, name);
        AtomicFile.WriteAllText(path, create(), cancellation);
        WriteLine($"Page: {path}");
    }

    private static void MakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Cannot make the output folder '{folder}': {e.Message}", e);
        }
        CheckWritable(folder, folder);
    }

    // An hour of work must not end at a folder that could not be written from the start.
    private static void CheckWritable(string folder, string named)
    {
        if (folder.StartsWith("/dev", StringComparison.Ordinal)) return;
        string probe = Path.Combine(folder, $".graceful-{Guid.NewGuid():N}.tmp");
        try
        {
            using FileStream file = new(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (DirectoryNotFoundException e)
        {
            throw new IOException($"Cannot write '{named}': the folder '{folder}' does not exist.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Cannot write '{named}': the folder '{folder}' is not writable.", e);
        }
    }
}
