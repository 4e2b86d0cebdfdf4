using System.Diagnostics;
using GracefulKernels.Cli.Compatibility;

namespace GracefulKernels.Tests;

/// <summary>What <c>graceful compat</c> refuses, how it is watched and how it is interrupted.</summary>
public sealed class CompatFailureTests
{
    [Fact]
    public void WrongFilesAndOptions()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("e"), [1f, 0, 0, 1], 2, 2);
        NpyFile.Write(folder.File("three"), [1f, 0, 0, 1, 1, 1], 3, 2);
        NpyFile.Write(folder.File("wide"), new float[6], 2, 3);
        NpyFile.Write(folder.File("inexact"), [0.1, 0, 0, 1], 2, 2);
        NpyFile.Write(folder.File("whole"), [1, 0, 0, 1], 2, 2);
        NpyFile.Write(folder.File("y"), [0, 1], 2);
        NpyFile.Write(folder.File("long"), [0, 1L << 40], 2);
        File.WriteAllBytes(folder.File("cut"), File.ReadAllBytes(folder.File("e"))[..^3]);
        File.WriteAllText(folder.File("text"), "no numbers");
        string e = folder.File("e"), three = folder.File("three"), y = folder.File("y");
        Fails(1, "found 2 labels; expected 3", "--old-gallery", three, "--new-queries", e, "--labels", y);
        Fails(1, "found 3 embeddings; expected 2", "--old-gallery", e, "--new-queries", three, "--labels", y);
        Fails(1, "expected embeddings [n × d]", "--old-gallery", y, "--new-queries", e, "--labels", y);
        Fails(1, "expected labels", "--old-gallery", e, "--new-queries", e, "--labels", e);
        Fails(1, $"{folder.File("none")}: there is no such file", "--old-gallery", folder.File("none"), "--new-queries", e, "--labels", y);
        Fails(1, $"{folder.File("cut")}: found 13 bytes", "--old-gallery", folder.File("cut"), "--new-queries", e, "--labels", y);
        Fails(1, $"{folder.File("text")}: found the first bytes", "--old-gallery", e, "--new-queries", folder.File("text"), "--labels", y);
        Fails(1, $"{folder.File("inexact")}: found 0.1 as element 0", "--old-gallery", e, "--new-queries", folder.File("inexact"), "--labels", y);
        Fails(1, $"{folder.File("whole")}: found int32 [2 × 2]; expected embeddings", "--old-gallery", e, "--new-queries", folder.File("whole"), "--labels", y);
        Fails(1, $"{folder.File("long")}: found 1099511627776 as element 1", "--old-gallery", e, "--new-queries", e, "--labels", folder.File("long"));
        Fails(
            1, $"{folder.File("wide")}: found embeddings [2 × 3]; expected 2 wide, as {e} [2 × 2] is.",
            "--old-gallery", e, "--new-queries", e, "--labels", y, "--best-queries", folder.File("wide"));
        Fails(2, "--gate is 'mean'; expected one of recall@1", "--old-gallery", e, "--new-queries", e, "--labels", y, "--gate", "mean");
        Fails(2, "--k is '0'", "--old-gallery", e, "--new-queries", e, "--labels", y, "--k", "0");
        Fails(2, "--k is 'x'", "--old-gallery", e, "--new-queries", e, "--labels", y, "--k", "x", "--gate", "recall@1");
        Fails(2, "--far is '2'", "--old-gallery", e, "--new-queries", e, "--labels", y, "--far", "2");
        Fails(2, "--metric: Argument 'near'", "--old-gallery", e, "--new-queries", e, "--labels", y, "--metric", "near");
        Fails(2, "--best-gallery needs --best-queries", "--old-gallery", e, "--new-queries", e, "--labels", y, "--best-gallery", e);
        Fails(2, "--labels", "--old-gallery", e, "--new-queries", e);
        Fails(2, "--old-queries is ''; expected a path", "--old-gallery", e, "--new-queries", e, "--labels", y, "--old-queries", "");

        void Fails(int expected, string reason, params string[] arguments)
        {
            (int code, string output, string error) = Tool.Run(["compat", .. arguments, "--out", folder.File("out"), "--json", folder.File("r.json")]);
            Assert.Equal((expected, ""), (code, output));
            Tool.AssertOneLine(error, reason);
            Assert.False(File.Exists(folder.File("r.json")));
            Assert.True(!Directory.Exists(folder.File("out")) || Directory.GetFileSystemEntries(folder.File("out")).Length == 0);
        }
    }

    /// <summary>A gate that nothing can be said of is not met, and says why.</summary>
    [Fact]
    public void AGateIsNotMetWithoutTheOldQueries()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("e"), [1f, 0, 0, 1], 2, 2);
        NpyFile.Write(folder.File("y"), [0, 1], 2);
        (int code, _, string error) = Tool.Run(
            "compat", "--old-gallery", folder.File("e"), "--new-queries", folder.File("e"), "--labels", folder.File("y"), "--query-labels", folder.File("y"), "--gate", "mAP");
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "gate mAP: not met, new/old or old/old is not known");
    }

    [Fact]
    public void ProgressNamesTheFilesAndRisesToOne()
    {
        using TemporaryFolder folder = new();
        CompatSettings settings = Settings(folder);
        Reports<(string Text, double Part)> reports = new();
        CompatRun.Run(settings, ComputeDevice.Cpu(), reports, CancellationToken.None);
        Assert.Equal(["Reading old.npy", "Reading new.npy", "Searching"], reports.All.Select(r => r.Text).Distinct());
        double[] parts = [.. reports.All.Where(r => r.Text == "Searching").Select(r => r.Part)];
        // Four pairs of models, two passes over each one's scores, which fit into one block.
        Assert.Equal([0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1], parts);
    }

    [Theory]
    [InlineData("Reading new.npy")]
    [InlineData("Searching")]
    public void CancellationIsSeenInsideARun(string at)
    {
        using TemporaryFolder folder = new();
        CompatSettings settings = Settings(folder);
        using CancellationTokenSource source = new();
        Reports<(string Text, double Part)> reports = new(r =>
        {
            if (r.Text == at) source.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => CompatRun.Run(settings, ComputeDevice.Cpu(), reports, source.Token));
        Assert.Single(reports.All, r => r.Text == at);
    }

    [Fact]
    public async Task ControlCEndsALongSearchCleanly()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "signals as Unix has them");
        using TemporaryFolder folder = new();
        // 10¹² scores: hours.
        const int Rows = 1_000_000;
        NpyFile.Write(folder.File("e.npy"), new float[Rows], Rows, 1);
        NpyFile.Write(folder.File("y.npy"), new int[Rows], Rows);
        using Process process = Tool.Start(
            "compat", "--old-gallery", folder.File("e.npy"), "--new-queries", folder.File("e.npy"), "--labels", folder.File("y.npy"),
            "--out", folder.File("out"), "--json", folder.File("r.json"));
        Task<string> error = process.StandardError.ReadToEndAsync();
        // The folder is made right before the work begins, and after the signal is caught.
        Assert.True(SpinWait.SpinUntil(() => Directory.Exists(folder.File("out")) || process.HasExited, TimeSpan.FromSeconds(30)));
        // Into the search, which a read of a few megabytes comes before.
        bool early = process.WaitForExit(TimeSpan.FromSeconds(1));
        Assert.False(early, "it ended before it could be interrupted");
        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"])) kill.WaitForExit();
        bool ended = process.WaitForExit(TimeSpan.FromSeconds(30));
        if (!ended) process.Kill();
        Assert.True(ended, "it did not end");
        Assert.Equal(1, process.ExitCode);
        Tool.AssertOneLine(await error, "cancelled.");
        Assert.Empty(Directory.GetFileSystemEntries(folder.File("out")));
        Assert.Equal(["e.npy", "out", "y.npy"], folder.Names());
    }

    private static CompatSettings Settings(TemporaryFolder folder)
    {
        NpyFile.Write(folder.File("old.npy"), [1f, 0, 0, 1, 1, 1], 3, 2);
        NpyFile.Write(folder.File("new.npy"), [1f, 0, 0, 1, 2, 1], 3, 2);
        NpyFile.Write(folder.File("y.npy"), [0, 1, 1], 3);
        return new(
            folder.File("old.npy"), null, folder.File("new.npy"), null, null, null, folder.File("y.npy"), null, Similarity.Cosine, [1], new() { FalseAcceptRates = [0.1] }, FitWidths: false);
    }
}
