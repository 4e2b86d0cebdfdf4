using System.Text.Json;

namespace GracefulKernels.Tests;

public sealed class CommandLineTests
{
    public static TheoryData<string, string> BadUsages => new()
    {
        { "", "command was not provided" },
        { "nonsense", "'nonsense'" },
        { "compare", "--old and --new, or --pairs" },
        { "compare --labels y.npy", "Give --old and --new, or --pairs." },
        { "compare --labels y.npy --old a.npy", "--new is missing." },
        { "compare --labels y.npy --new a.npy", "--old is missing." },
        { "compare --old a.npy --new b.npy", "'--labels' is required" },
        { "compare --labels y.npy --old a.npy --new b.npy --pairs c.npy d.npy", "Give either" },
        { "compare --labels y.npy --pairs c.npy", "--pairs has 1 files; expected 2 to 64." },
        { "compare --labels y.npy --old a.npy --new b.npy --ignore-index x", "'x'" },
        { "compare --labels y.npy --old a.npy --new b.npy --simd neon", "'neon'" },
        { "compare --labels y.npy --old a.npy --new b.npy --threads -1", "expected 0 to 1024" },
        { "compare --labels y.npy --old a.npy --new b.npy --device gpu0", "'gpu0'" },
        { "compare --labels y.npy --old a.npy --new b.npy --gate nfr", "--gate is 'nfr'; expected FIGURE<=NUMBER" },
        { "compare --labels y.npy --old a.npy --new b.npy --gate nfr=1", "--gate is 'nfr=1'" },
        { "compare --labels y.npy --old a.npy --new b.npy --gate nfr<=1.2.3%", "--gate is 'nfr<=1.2.3%'" },
        { "compare --labels y.npy --old a.npy --new b.npy --gate nfr<=1 nfrr<=1", "expected one of the figures accuracy-gain, accuracy-new" },
        { "compare --labels y.npy --old a.npy --new b.npy --layout hwc", "'hwc'" },
        { "compare --labels y.npy --pairs c.npy d.npy --gate nfr<=1", "--gate needs --old and --new." },
        { "compare --labels y.npy --pairs c.npy d.npy --images i.png", "--images needs --old and --new." },
        { "compare --labels y.npy --old a.npy --new b.npy --images i.png", "--images needs --out" },
        { "devices --out x", "'--out'" },
        { "devices --json", "'--json'" },
    };

    [Theory]
    [MemberData(nameof(BadUsages))]
    public void BadUsageIsCode2AndOneLine(string args, string reason)
    {
        (int code, string output, string error) = Tool.Run(args.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, code);
        Assert.Empty(output);
        Tool.AssertOneLine(error, reason);
        Assert.Contains("--help'.", error);
    }

    [Theory]
    [InlineData("--help", "compare")]
    [InlineData("compare --help", "--ignore-index")]
    [InlineData("--version", ".")]
    public void HelpIsNoError(string args, string holds)
    {
        (int code, string output, string error) = Tool.Run(args.Split(' '));
        Assert.Equal(0, code);
        Assert.Contains(holds, output);
        Assert.Empty(error);
    }

    [Fact]
    public void FailuresAreCode1AndOneLineAndVerboseShowsWhere()
    {
        string[] args = ["compare", "--old", "no-such-old.npy", "--new", "no-such-new.npy", "--labels", "no-such-labels.npy"];
        (int code, _, string error) = Tool.Run(args);
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "no-such-labels.npy: there is no such file");
        (code, _, error) = Tool.Run([.. args, "--verbose"]);
        Assert.Equal(1, code);
        Assert.Contains("   at GracefulKernels.", error);
    }

    [Fact]
    public void TheProcessEndsWithTheSameCodes()
    {
        Assert.Equal(0, Tool.RunProcess("devices").Code);
        (int failed, string output, string error) = Tool.RunProcess("compare", "--old", "x", "--new", "x", "--labels", "nowhere.npy");
        Assert.Equal(1, failed);
        Assert.Empty(output);
        Tool.AssertOneLine(error, "nowhere.npy");
        (int bad, _, error) = Tool.RunProcess("compare");
        Assert.Equal(2, bad);
        Tool.AssertOneLine(error, "--help");
    }

    [Fact]
    public void DevicesNamesWhatAutoTakes()
    {
        using TemporaryFolder folder = new();
        (int code, string output, _) = Tool.Run("devices", "--json", folder.File("d.json"));
        Assert.Equal(0, code);
        string best = ComputeDevice.SupportedSimd[0].ToString().ToLowerInvariant();
        Assert.Contains($"auto chooses cpu with {best}", output);
        JsonElement device = JsonDocument.Parse(File.ReadAllText(folder.File("d.json"))).RootElement.GetProperty("devices")[0];
        Assert.Equal("cpu", device.GetProperty("name").GetString());
        Assert.Equal(best, device.GetProperty("autoSimd").GetString());
        Assert.Equal(Environment.ProcessorCount, device.GetProperty("cores").GetInt32());
        Assert.Equal(ComputeDevice.SupportedSimd.Select(s => s.ToString().ToLowerInvariant()), device.GetProperty("simd").EnumerateArray().Select(s => s.GetString()!));
        Assert.NotEmpty(device.GetProperty("model").GetString()!);
    }

    [Fact]
    public void JsonOnTheOutputStandsAlone()
    {
        (int code, string output, string error) = Tool.Run("devices", "--json", "-");
        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.Equal("cpu", JsonDocument.Parse(output).RootElement.GetProperty("auto").GetString());
    }
}
