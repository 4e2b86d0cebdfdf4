using System.Diagnostics;

namespace GracefulKernels.Tests;

/// <summary>A process that is killed without a warning, and another one that goes on.</summary>
public class CheckpointKillTests
{
    private const string Variable = "GRACEFUL_TEST_CHECKPOINT";

    [Fact]
    public async Task AKilledProcessIsGoneOnFromToTheSameBits()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "SIGKILL");
        using TemporaryFolder folder = new();
        string path = folder.File("run");
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(CheckpointKillTests).Assembly.Location);
        foreach (string a in new[] { "-explicit", "only", "-method", $"{typeof(CheckpointKillTests).FullName}.{nameof(TheProcessThatIsKilled)}" }) start.ArgumentList.Add(a);
        start.Environment[Variable] = path;
        using (Process process = Process.Start(start)!)
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
            while (Written(path) < 5)
            {
                Assert.False(process.HasExited, process.HasExited ? await output + await errors : "");
                await Task.Delay(20);
            }
            process.Kill();
            await process.WaitForExitAsync();
            Assert.NotEqual(0, process.ExitCode);
        }
        var progress = new Reports<SolverProgress>();
        SolverResult resumed = Solve(path, iterations: 60, progress), whole = Solve(null, iterations: 60, new Reports<SolverProgress>());
        Assert.True(progress.All[0].Iteration > 5, $"began in iteration {progress.All[0].Iteration}");
        CheckpointTests.AssertSame(whole, resumed);
    }

    [Fact(Explicit = true)]
    public void TheProcessThatIsKilled()
    {
        // Slow enough that it is killed in the midst, wherever that is.
        Solve(Environment.GetEnvironmentVariable(Variable), iterations: 1_000_000, new Reports<SolverProgress>(_ => Thread.Sleep(50)));
        Assert.Fail("was not killed");
    }

    private static SolverResult Solve(string? path, int iterations, IProgress<SolverProgress> progress)
    {
        using SolverTests.Small s = new();
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: true), 0.1);
        return Pcg.Solve(problem, new PcgOptions
        {
            Tolerance = 0, MaxIterations = iterations, LeaveOneOut = new() { Patience = 1_000_000 }, Checkpoint = path is null ? null : new() { Path = path, Every = 1 },
        }, progress: progress);
    }

    private static int Written(string path)
    {
        if (!File.Exists(path)) return -1;
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        return (int)reader.Find("run.elapsed").Count - 1;
    }
}
