using System.Text.Json;
using GracefulKernels.Cli;

namespace GracefulKernels.Tests;

public class BenchCommandTests
{
    private static readonly string[] Ceilings = ["fma", "read", "copy", "exp", "l2"];

    [Theory]
    [InlineData("--threads is '0'; expected numbers from 1 to 1024", "--threads", "0")]
    [InlineData("--threads is '1,x'; expected numbers from 1 to 1024", "--threads", "1,x")]
    [InlineData("--threads is '1025'; expected numbers from 1 to 1024", "--threads", "1025")]
    [InlineData("No row matches --filter 'gmem*'; rows begin with gemm, syrk, conv,", "--filter", "gmem*")]
    [InlineData("No row matches --filter 'kronecker* 512x4608' with --quick;", "--filter", "kronecker* 512x4608", "--quick")]
    [InlineData("'sse9'", "--simd", "sse9")]
    [InlineData("--compare", "--compare", "only-one.json")]
    [InlineData("--compare measures nothing", "--compare", "a.json", "b.json", "--quick")]
    [InlineData("--compare measures nothing", "--compare", "a.json", "b.json", "--filter", "gemm*")]
    [InlineData("--compare measures nothing", "--compare", "a.json", "b.json", "--threads", "1")]
    [InlineData("--compare measures nothing", "--compare", "a.json", "b.json", "--simd", "avx2")]
    [InlineData("--filter is empty", "--filter", "")]
    public async Task BadUsageIsOneLineAndExitCode2(string message, params string[] arguments)
    {
        (int code, string output, string error) = await Run(["bench", .. arguments]);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public async Task AnInstructionSetThatIsNotHereIsAnError()
    {
        SimdLevel? missing = Enum.GetValues<SimdLevel>().Where(l => l != SimdLevel.Auto && !ComputeDevice.SupportedSimd.Contains(l)).Cast<SimdLevel?>().FirstOrDefault();
        Assert.SkipWhen(missing is null, "Every instruction set is here.");
        (int code, _, string error) = await Run("bench", "--simd", missing.ToString()!.ToLowerInvariant());
        Assert.Equal(1, code);
        Assert.Contains("This processor has no", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATinyRunWritesEveryFieldOfItsJsonAndAPicture()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("run.json");
        (int code, string output, string error) = await Run(
            "bench", "--quick", "--filter", "gemm-small*", "--threads", "1,2", "--simd", "scalar", "--json", path, "--out", folder);
        Assert.Equal("", error);
        Assert.Equal(0, code);
        Assert.Contains("gemm-small", output, StringComparison.Ordinal);
        byte[] png = File.ReadAllBytes(folder.File("roofline.png"));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);

        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(path));
        JsonElement machine = json.RootElement.GetProperty("machine");
        Assert.NotEqual("", machine.GetProperty("cpu").GetString());
        Assert.Equal(Environment.ProcessorCount, machine.GetProperty("cores").GetInt32());
        Assert.NotEqual("", machine.GetProperty("os").GetString());
        Assert.StartsWith(".NET", machine.GetProperty("runtime").GetString(), StringComparison.Ordinal);
        Assert.Equal(DateTimeKind.Utc, machine.GetProperty("date").GetDateTime().Kind);
        Assert.True(machine.TryGetProperty("commit", out _));
        Assert.Equal([1, 2], machine.GetProperty("ceilings").EnumerateArray().Select(c => c.GetProperty("threads").GetInt32()));
        foreach (JsonElement ceiling in machine.GetProperty("ceilings").EnumerateArray())
        {
            Assert.Equal("scalar", ceiling.GetProperty("simd").GetString());
            foreach (string rate in new[] { "fma32Gflops", "fma64Gflops", "readGbps", "copyOrdinaryGbps", "copyGbps", "l2Gbps", "expGps" })
            {
                Assert.True(ceiling.GetProperty(rate).GetDouble() > 0, rate);
            }
        }

        JsonElement[] rows = [.. json.RootElement.GetProperty("rows").EnumerateArray()];
        Assert.Equal(["8x8x8", "1x64x64", "8x8x8", "1x64x64"], rows.Select(r => r.GetProperty("shape").GetString()));
        foreach (JsonElement row in rows)
        {
            Assert.Equal("gemm-small", row.GetProperty("kernel").GetString());
            Assert.Equal("cpu", row.GetProperty("device").GetString());
            Assert.Equal("scalar", row.GetProperty("simd").GetString());
            Assert.InRange(row.GetProperty("threads").GetInt32(), 1, 2);
            double min = row.GetProperty("secondsMin").GetDouble();
            Assert.True(min > 0);
            Assert.True(row.GetProperty("secondsMedian").GetDouble() >= min);
            Assert.True(row.GetProperty("gflops").GetDouble() > 0);
            Assert.True(row.GetProperty("gbps").GetDouble() > 0);
            Assert.Contains(row.GetProperty("ceiling").GetString(), Ceilings);
            Assert.True(row.GetProperty("fraction").GetDouble() > 0);
        }
        // 2·8·8·8 operations.
        Assert.Equal(1024e-9 / rows[0].GetProperty("secondsMin").GetDouble(), rows[0].GetProperty("gflops").GetDouble(), 1e-9);
    }

    [Fact]
    public async Task CompareMarksWhatLiesBeyondTheNoise()
    {
        using TemporaryFolder folder = new();
        string old = folder.File("old.json"), @new = folder.File("new.json"), changes = folder.File("changes.json");
        // Medians 2 % above the fastest run: a noise of 4 % for the two runs together.
        File.WriteAllText(old, RunOf(("gemm-nn", "a", 1.00), ("gemm-nn", "b", 1.00), ("gemm-nn", "c", 1.00), ("syrk", "gone", 1.00)));
        File.WriteAllText(@new, RunOf(("gemm-nn", "a", 0.90), ("gemm-nn", "b", 1.03), ("gemm-nn", "c", 1.10), ("conv-jvp", "fresh", 1.00)));
        (int code, string output, string error) = await Run("bench", "--compare", old, @new, "--json", changes);
        Assert.Equal("", error);
        Assert.Equal(0, code);
        Assert.Contains("3 rows in both runs: 1 faster, 1 slower, 1 within the noise.", output, StringComparison.Ordinal);
        Assert.Contains("only in the new run: conv-jvp fresh, cpu, avx2, 1 thread", output, StringComparison.Ordinal);
        Assert.Contains("only in the old run: syrk gone, cpu, avx2, 1 thread", output, StringComparison.Ordinal);

        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(changes));
        JsonElement[] rows = [.. json.RootElement.GetProperty("changes").EnumerateArray()];
        Assert.Equal(["faster", "none", "slower"], rows.Select(r => r.GetProperty("change").GetString()));
        Assert.Equal(0.9, rows[0].GetProperty("ratio").GetDouble(), 1e-12);
    }

    [Theory]
    [InlineData(null, "Could not find file")]
    [InlineData("{", "is not the JSON of a benchmark run (line 1)")]
    [InlineData("{\"rows\": []}", "is not the JSON of a benchmark run")]
    [InlineData("null", "holds no benchmark run")]
    public async Task CompareOfAFileThatIsNoRunIsOneLineAndExitCode1(string? content, string message)
    {
        using TemporaryFolder folder = new();
        string old = folder.File("old.json"), @new = folder.File("new.json");
        File.WriteAllText(@new, RunOf(("gemm-nn", "a", 1)));
        if (content is not null) File.WriteAllText(old, content);
        (int code, string output, string error) = await Run("bench", "--compare", old, @new);
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains("old.json", error, StringComparison.Ordinal);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    private static string RunOf(params (string Kernel, string Shape, double Median)[] rows)
    {
        var machine = new { cpu = "x", cores = 2, os = "o", runtime = "r", date = "2026-01-01T00:00:00Z", commit = (string?)null, ceilings = Array.Empty<object>() };
        var lines = rows.Select(r => new
        {
            kernel = r.Kernel,
            shape = r.Shape,
            device = "cpu",
            simd = "avx2",
            threads = 1,
            secondsMin = r.Median / 1.02,
            secondsMedian = r.Median,
            gflops = 1.0,
            gbps = 1.0,
            ceiling = "fma",
            fraction = 0.5,
        });
        return JsonSerializer.Serialize(new { machine, rows = lines });
    }

    private static async Task<(int Code, string Output, string Error)> Run(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int code = await CommandLine.RunAsync(arguments, new Terminal(output, error));
        return (code, output.ToString(), error.ToString());
    }
}
