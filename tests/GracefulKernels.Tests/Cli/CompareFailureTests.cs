using System.Diagnostics;

namespace GracefulKernels.Tests;

public sealed class CompareFailureTests
{
    [Fact]
    public void FilesThatDoNotBelongTogetherAreNamedWithBothShapes()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("z.npy"), new float[12], 4, 3);
        NpyFile.Write(folder.File("z5.npy"), new float[15], 5, 3);
        NpyFile.Write(folder.File("z2.npy"), new float[8], 4, 2);
        NpyFile.Write(folder.File("z3d.npy"), new float[12], 4, 3, 1);
        NpyFile.Write(folder.File("i2d.npy"), new int[12], 4, 3);
        NpyFile.Write(folder.File("none.npy"), Array.Empty<float>(), 4, 0);
        NpyFile.Write(folder.File("p.npy"), new[] { 0, 1, 2, 0 }, 4);
        NpyFile.Write(folder.File("y.npy"), new[] { 0, 1, 2, 0 }, 4);
        NpyFile.Write(folder.File("bad.npy"), new[] { 0, 1, 12, 0 }, 4);
        NpyFile.Write(folder.File("negative.npy"), new[] { 0, -7, 1, 0 }, 4);
        NpyFile.Write(folder.File("huge.npy"), new[] { 0, 1, int.MaxValue, 0 }, 4);
        NpyFile.Write(folder.File("f.npy"), new float[4], 4);
        NpyFile.Write(folder.File("d.npy"), [0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 4, 3);
        Fails("z.npy", "z5.npy", "y.npy", "z5.npy: found [5 × 3]; expected 4 rows, as");
        Fails("z.npy", "z2.npy", "y.npy", "z2.npy: found logits of 2 classes; expected logits of 3 classes as in");
        Fails("z.npy", "p.npy", "y.npy", "p.npy: found predictions; expected logits of 3 classes as in");
        Fails("z3d.npy", "z.npy", "y.npy", "z3d.npy: found float32 [4 × 3 × 1]; expected logits [n × C] of float32 or predictions [n] of integers");
        Fails("i2d.npy", "z.npy", "y.npy", "i2d.npy: found int32 [4 × 3]; expected logits");
        Fails("none.npy", "none.npy", "y.npy", "none.npy: found float32 [4 × 0]; expected logits");
        Fails("z.npy", "z.npy", "f.npy", "f.npy: found float32 [4]; expected labels [n] of integers");
        Fails("z.npy", "z.npy", "bad.npy", "bad.npy: found label 12 in row 2; expected 0 to 2, or -100 (ignored)");
        Fails("p.npy", "p.npy", "negative.npy", "found label -7 in row 1");
        Fails("p.npy", "p.npy", "huge.npy", "found label 2147483647 in row 2; expected 0 to 16777215");
        Fails("huge.npy", "p.npy", "y.npy", "huge.npy: found prediction 2147483647 in row 2");
        Fails("d.npy", "z.npy", "y.npy", "d.npy: found 0.1 as element 0; expected a value that float32 has exactly");

        void Fails(string old, string now, string labels, string reason)
        {
            (int code, string output, string error) = Tool.Run(
                "compare", "--old", folder.File(old), "--new", folder.File(now), "--labels", folder.File(labels), "--json", folder.File("r.json"));
            Assert.Equal(1, code);
            Assert.Empty(output);
            Tool.AssertOneLine(error, reason);
            Assert.False(File.Exists(folder.File("r.json")));
        }
    }

    [Fact]
    public void ABadLabelBlocksAwayIsFoundAndLeavesNothingBehind()
    {
        using TemporaryFolder folder = new();
        // Two models of 1000 classes: 524 rows a block.
        const int Rows = 2000;
        NpyFile.Write(folder.File("z.npy"), new float[Rows * 1000], Rows, 1000);
        int[] labels = new int[Rows];
        labels[1700] = 1000;
        NpyFile.Write(folder.File("y.npy"), labels, Rows);
        (int code, string output, string error) = Tool.Run(
            "compare", "--old", folder.File("z.npy"), "--new", folder.File("z.npy"), "--labels", folder.File("y.npy"), "--out", folder.File("out"));
        Assert.Equal((1, ""), (code, output));
        Tool.AssertOneLine(error, "y.npy: found label 1000 in row 1700; expected 0 to 999");
        Assert.Empty(Directory.GetFileSystemEntries(folder.File("out")));
    }

    [Theory]
    [InlineData("--out", "file/out")]
    [InlineData("--json", "file/r.json")]
    [InlineData("--json", "nowhere/r.json")]
    [InlineData("--json", "sub")]
    public void APlaceThatCannotBeWrittenIsFoundBeforeTheWork(string option, string place)
    {
        using TemporaryFolder folder = new();
        Inputs(folder);
        File.WriteAllText(folder.File("file"), "");
        Directory.CreateDirectory(folder.File("sub"));
        (int code, string output, string error) = Tool.Run([.. Args(folder), option, folder.File(place)]);
        Assert.Equal(1, code);
        Assert.Empty(output);
        Tool.AssertOneLine(error, place.Split('/')[0]);
        Assert.Equal(["file", "p.npy", "sub"], folder.Names());
    }

    [Fact]
    public void AFolderWithoutWritePermissionIsNamed()
    {
        const string System = "/sys/kernel";
        Assert.SkipUnless(OperatingSystem.IsLinux() && Directory.Exists(System), "a folder that even root cannot write, /sys, is needed");
        using TemporaryFolder folder = new();
        Inputs(folder);
        (int code, _, string error) = Tool.Run([.. Args(folder), "--out", System]);
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, $"'{System}'");
    }

    [Theory]
    [InlineData("--layout", "chw", "--layout: Argument 'chw'")]
    [InlineData("--new", "", "--new is ''; expected a path")]
    [InlineData("--class-map", "", "--class-map is ''; expected a path")]
    [InlineData("--out", "", "--out is ''; expected a path")]
    public void OptionsAreNamed(string option, string value, string reason)
    {
        using TemporaryFolder folder = new();
        Inputs(folder);
        string[] args = [.. Args(folder).Where((_, i) => option != "--new" || i is not (3 or 4)), option, value];
        (int code, string output, string error) = Tool.Run(args);
        Assert.Equal((2, ""), (code, output));
        Tool.AssertOneLine(error, reason);
    }

    /// <summary>A limit on the size of a file stands for a full disk: what was buffered does not fit, neither when it is written nor when the file is closed.</summary>
    [Fact]
    public async Task ADiskWithoutRoomIsNamedAndKeepsNothingHalf()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits as Linux has them");
        using TemporaryFolder folder = new();
        int[] classes = [.. Enumerable.Range(0, 200)];
        NpyFile.Write(folder.File("p.npy"), classes, classes.Length);
        File.WriteAllText(folder.File("r.json"), "as it was");
        ProcessStartInfo start = new("sh") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        // 8 blocks are 4 or 8 KB, by the shell; the report has three times as much.
        string[] command = ["-c", "trap '' XFSZ; ulimit -f 8; exec dotnet \"$@\"", "sh", Path.Combine(AppContext.BaseDirectory, "graceful.dll"), .. Args(folder), "--json", folder.File("r.json")];
        foreach (string word in command) start.ArgumentList.Add(word);
        // The runtime's own code pages would be in a file past the limit.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("negative flips", await output);
        Tool.AssertOneLine(await error, $"Cannot write '{folder.File("r.json")}'");
        Assert.Equal("as it was", File.ReadAllText(folder.File("r.json")));
        Assert.Equal(["p.npy", "r.json"], folder.Names());
    }

    [Fact]
    public void AnUnsupportedInstructionSetIsRefusedByName()
    {
        SimdLevel[] missing = [.. Enum.GetValues<SimdLevel>().Where(l => l != SimdLevel.Auto && !ComputeDevice.SupportedSimd.Contains(l))];
        Assert.SkipWhen(missing.Length == 0, "this processor has every instruction set");
        using TemporaryFolder folder = new();
        Inputs(folder);
        (int code, _, string error) = Tool.Run([.. Args(folder), "--simd", missing[0].ToString().ToLowerInvariant()]);
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "Instruction sets here");
    }

    [Fact]
    public void CancelledWorkLeavesNoFiles()
    {
        using TemporaryFolder folder = new();
        Inputs(folder);
        using CancellationTokenSource source = new();
        source.Cancel();
        (int code, string output, string error) = Tool.Run(source.Token, [.. Args(folder), "--out", folder.File("out"), "--json", folder.File("r.json")]);
        Assert.Equal(1, code);
        Assert.Empty(output);
        Tool.AssertOneLine(error, "cancelled.");
        Assert.False(File.Exists(folder.File("r.json")));
        Assert.True(!Directory.Exists(folder.File("out")) || Directory.GetFileSystemEntries(folder.File("out")).Length == 0);
    }

    [Fact]
    public async Task ControlCEndsALongComparisonCleanly()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "signals as Unix has them");
        using TemporaryFolder folder = new();
        // A terabyte that takes no room on the disk, and far more time than the test waits.
        const long Rows = 1L << 40;
        byte[] header = NpyBytes.Make(NpyBytes.Header("|u1", $"({Rows},)"), []);
        using (FileStream file = new(folder.File("p.npy"), FileMode.CreateNew))
        {
            file.Write(header);
            file.SetLength(header.Length + Rows);
        }
        using Process process = Tool.Start([.. Args(folder), "--out", folder.File("out"), "--json", folder.File("r.json")]);
        Task<string> error = process.StandardError.ReadToEndAsync();
        // The folder is made right before the work begins, and after the signal is caught.
        Assert.True(SpinWait.SpinUntil(() => Directory.Exists(folder.File("out")) || process.HasExited, TimeSpan.FromSeconds(30)));
        Assert.False(process.HasExited, "it ended before it could be interrupted");
        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"])) kill.WaitForExit();
        bool ended = process.WaitForExit(TimeSpan.FromSeconds(30));
        if (!ended) process.Kill();
        Assert.True(ended, "it did not end");
        Assert.Equal(1, process.ExitCode);
        Tool.AssertOneLine(await error, "cancelled.");
        Assert.Empty(Directory.GetFileSystemEntries(folder.File("out")));
        Assert.Equal(["out", "p.npy"], folder.Names());
    }

    private static void Inputs(TemporaryFolder folder) => NpyFile.Write(folder.File("p.npy"), new[] { 0, 1, 2, 0 }, 4);

    private static string[] Args(TemporaryFolder folder)
        => ["compare", "--old", folder.File("p.npy"), "--new", folder.File("p.npy"), "--labels", folder.File("p.npy")];
}
