using System.Text.RegularExpressions;

namespace GracefulKernels.Tests;

/// <summary>The README's Python and C blocks are whole programs: each is run as it stands, and what it prints is what the README says. (The first C# block is run by the test that installs the packages.)</summary>
[Collection(NativeTests.Name)]
public partial class ReadmeProgramTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(NativeLibraryFolder.Repository, "README.md"));

    /// <summary>What the first example prints in each of the three languages.</summary>
    internal static string Printed => Assert.Single(Blocks("text"));

    [Fact]
    public void TheProgramInC()
    {
        string library = NativeLibraryFolder.Get();
        using var folder = new TemporaryFolder();
        string source = folder.File("example.c"), program = folder.File("example");
        File.WriteAllText(source, Assert.Single(Blocks("c")));
        string[] options =
        [
            "-std=c99", "-Wall", "-Wextra", "-Werror", source, "-I", Path.Combine(library, "include"), "-L", Path.Combine(library, "lib"), "-lgracefulkernels",
            $"-Wl,-rpath,{Path.Combine(library, "lib")}", "-o", program,
        ];
        (int compiled, string problems) = NativeProgram.Run(NativeLibraryFolder.Compiler, options);
        Assert.True(compiled == 0, problems);
        (int code, string output) = NativeProgram.Run(program, []);
        Assert.Equal((0, Printed), (code, output.Trim()));
    }

    [Fact]
    public void TheFirstProgramInPython() => Assert.Equal(Printed, RunPython(Blocks("python")[0]));

    /// <summary>The training loop begins at random: its figures are its own, their form is not.</summary>
    [Fact]
    public void TheTrainingLoopInPython() => Assert.Matches(@"^accuracy \d+\.\d% -> \d+\.\d%, NFR \d+\.\d%$", RunPython(Blocks("python")[1]));

    [Fact]
    public void NoBlockIsLeftOut()
    {
        Assert.Equal(2, Blocks("python").Count);
        // The first of them, and those of ReadmeExampleTests.
        Assert.Equal(3, Blocks("csharp").Count);
        string[] languages = [.. Block().Matches(Text).Select(m => m.Groups["language"].Value).Distinct().Order()];
        Assert.Equal(["", "c", "csharp", "python", "sh", "text"], languages);
    }

    private static string RunPython(string program)
    {
        string library = NativeLibraryFolder.Get(), python = PythonTests.Interpreter();
        if (NativeProgram.Run(python, ["-c", "import torch"]).Code != 0) NativeLibraryFolder.Missing("torch is not here (Debian: apt-get install python3-torch).");
        using var folder = new TemporaryFolder();
        string file = folder.File("example.py");
        File.WriteAllText(file, program);
        (int code, string output) = NativeProgram.Run("env", [$"PYTHONPATH={Path.Combine(library, "python")}", python, "-B", file]);
        Assert.True(code == 0, output);
        return output.Trim();
    }

    internal static List<string> Blocks(string language) => [.. Block().Matches(Text).Where(m => m.Groups["language"].Value == language).Select(m => m.Groups["code"].Value)];

    [GeneratedRegex("^```(?<language>[a-z]*)\n(?<code>.*?)\n```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();
}
