using System.Text.Json;
using GracefulKernels.Cli.Comparison;

namespace GracefulKernels.Tests;

public sealed class CompareGateTests
{
    [Theory]
    [InlineData("nfr<=25%", true)]
    [InlineData("nfr<25%", false)]
    [InlineData("nfr >= 0.25", true)]
    [InlineData("nfr>0.25", false)]
    [InlineData("nfr<=2.5e-1", true)]
    [InlineData("pfr<=12.5%", true)]
    [InlineData("er-new<=0.5", true)]
    [InlineData("er-old<=0.3", false)]
    [InlineData("accuracy-new>=50%", true)]
    [InlineData("accuracy-old>0.625", false)]
    [InlineData("accuracy-gain>=-0.125", true)]
    [InlineData("accuracy-gain>=0", false)]
    [InlineData("churn<=50%", true)]
    [InlineData("negative-flips<=2", true)]
    [InlineData("positive-flips<1", false)]
    [InlineData("nfi<=0.5", true)]
    [InlineData("btc>=0.6", true)]
    [InlineData("bec<=0.5", true)]
    [InlineData("relative-nfr<=80%", true)]
    [InlineData("nfr-high<=25%", false)]
    [InlineData("nfr-low<=25%", true)]
    [InlineData("mcnemar-p>=1", true)]
    public void EveryFigureAndOperatorDecidesTheExitCode(string gate, bool met)
    {
        // Of 8 samples: 3 both right, 2 negative flips, 1 positive flip, 2 both wrong, of which one prediction differs.
        using TemporaryFolder folder = new();
        string[] args = Write(folder, [0, 0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 0, 1, 2], [0, 0, 0, 0, 0, 0, 0, 0]);
        (int code, string output, string error) = Tool.Run([.. args, "--gate", gate, "--json", folder.File("r.json")]);
        Assert.Equal(met ? 0 : 1, code);
        Assert.Contains("Gate ", output);
        if (met) Assert.Empty(error);
        else Tool.AssertOneLine(error, "not met");
        JsonElement report = JsonDocument.Parse(File.ReadAllText(folder.File("r.json"))).RootElement;
        Assert.Equal(met, report.GetProperty("gatesMet").GetBoolean());
        Assert.Equal(met, report.GetProperty("gates")[0].GetProperty("met").GetBoolean());
    }

    [Fact]
    public void OneGateOfSeveralIsEnoughToFail()
    {
        using TemporaryFolder folder = new();
        string[] args = Write(folder, [0, 0], [0, 1], [0, 0]);
        (int code, _, string error) = Tool.Run([.. args, "--gate", "nfr<=0.5", "accuracy-old>=1", "--gate", "nfr<=0.5%"]);
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "gate nfr <= 0.5 %: not met, nfr is 50 %");
        Assert.Equal(0, Tool.Run([.. args, "--gate", "nfr<=0.5", "--gate", "accuracy-old>=1"]).Code);
    }

    [Fact]
    public void TheVerdictStandsInTheJSONAloneToo()
    {
        using TemporaryFolder folder = new();
        (int code, string output, string error) = Tool.Run([.. Write(folder, [0, 0], [0, 1], [0, 0]), "--gate", "nfr<0.1%", "--json", "-"]);
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, "not met");
        JsonElement gate = JsonDocument.Parse(output).RootElement.GetProperty("gates")[0];
        Assert.Equal(("nfr", "<", 0.001, 0.5, false), (
            gate.GetProperty("figure").GetString(), gate.GetProperty("operator").GetString(), gate.GetProperty("bound").GetDouble(),
            gate.GetProperty("value").GetDouble(), gate.GetProperty("met").GetBoolean()));
    }

    [Theory]
    [InlineData("nfr<=1", "nfr is no value")]
    [InlineData("nfr>=0", "nfr is no value")]
    [InlineData("ce-new<=9", "ce-new is no value")]
    public void AFigureWithoutAValueMeetsNoGate(string gate, string reason)
    {
        using TemporaryFolder folder = new();
        (int code, _, string error) = Tool.Run([.. Write(folder, [], [], []), "--gate", gate, "--json", folder.File("r.json")]);
        Assert.Equal(1, code);
        Tool.AssertOneLine(error, reason);
        Assert.Equal(JsonValueKind.Null, JsonDocument.Parse(File.ReadAllText(folder.File("r.json"))).RootElement.GetProperty("gates")[0].GetProperty("value").ValueKind);
    }

    [Fact]
    public void CrossEntropyOfLogitsCanBeAGate()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("z.npy"), new float[6], 3, 2);
        NpyFile.Write(folder.File("y.npy"), new int[3], 3);
        string[] args = ["compare", "--old", folder.File("z.npy"), "--new", folder.File("z.npy"), "--labels", folder.File("y.npy")];
        // ln 2 = 0.6931…
        Assert.Equal(0, Tool.Run([.. args, "--gate", "ce-new<=0.6932", "ce-old>=0.6931"]).Code);
        Assert.Equal(1, Tool.Run([.. args, "--gate", "ce-new<=0.6931"]).Code);
    }

    [Fact]
    public void ARateThatIsTheBoundInDecimalsMeetsIt()
    {
        // In binary 0.7/100 is below 70/10,000, and so with many others.
        for (int tenths = 1; tenths <= 100; tenths++)
        {
            Assert.True(Gate.TryParse($"nfr<={tenths / 10}.{tenths % 10}%", out Gate gate, out _));
            UpdateComparison update = new(10_000, 2, new FlipCounts(0, 10_000 - (10 * tenths), 0, 10 * tenths, 0, 0, 0), null, null, null, new FlippedSamples());
            Assert.True(gate.Judge(update).Met, gate.Text);
            Assert.False((gate with { Operator = "<" }).Judge(update).Met, gate.Text);
        }
    }

    private static string[] Write(TemporaryFolder folder, int[] old, int[] now, int[] labels)
    {
        NpyFile.Write(folder.File("old.npy"), old, old.Length);
        NpyFile.Write(folder.File("new.npy"), now, now.Length);
        NpyFile.Write(folder.File("y.npy"), labels, labels.Length);
        return ["compare", "--old", folder.File("old.npy"), "--new", folder.File("new.npy"), "--labels", folder.File("y.npy")];
    }
}
