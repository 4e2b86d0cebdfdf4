using GracefulKernels.Experiments;
using GracefulKernels.Experiments.CongruenceTable;
using GracefulKernels.Experiments.Results;
using Spectre.Console;

namespace GracefulKernels.Tests.Experiments;

/// <summary>Every treatment of the table on ten colours, and what the summary chooses.</summary>
public sealed class CongruenceTableTests
{
    [Fact]
    public void EveryTreatmentGivesARowAndNoneTwice()
    {
        using var folder = new TemporaryFolder();
        using ComputeDevice device = ComputeDevice.Cpu(threads: 1);
        Network network = ResNets.Cifar(8, device: device).WithRandomWeights(1);
        var task = new CongruenceTask(network, network, 20, ExperimentMethodTests.Draw(40, 1), ExperimentMethodTests.Draw(20, 2), ExperimentMethodTests.Draw(20, 3), epochs: 8);
        using var written = new StringWriter();
        IAnsiConsole console = Console(written);
        var settings = new ExperimentSettings(folder, device, Quick: true, console, DateTime.MaxValue, CancellationToken.None);
        ResultsFile results = CongruenceTableExperiment.Open(settings);
        foreach (CongruenceMethod method in CongruenceMethod.All) CongruenceTableExperiment.Rows(settings, results, task, ["a", "b"], method, method.Values[..Math.Min(2, method.Values.Length)]);
        Assert.Equal(CongruenceMethod.All.Sum(m => Math.Min(2, m.Values.Length)), results.Rows.Count());
        CongruenceSummary summary = new(CongruenceTableExperiment.Open(settings).Rows);
        foreach (CongruenceMethod method in CongruenceMethod.All)
        {
            CongruenceRow row = summary.Chosen("a", "b", method.Name)!;
            // Guessing is wrong in 90 %, and no treatment has more negative flips than errors.
            Assert.InRange(row.Error, 0, 100);
            Assert.InRange(row.Nfr, 0, row.Error);
            if (method.Name == CongruenceMethod.OldModel) Assert.Equal(0, row.Nfr);
        }
        summary.Print(console);
        summary.Draw(settings);
        Assert.Contains("fd-kl", written.ToString(), StringComparison.Ordinal);
        Assert.True(File.Exists(settings.File("pc-table.png")));
    }

    /// <summary>The test data have no part in it: here they would choose otherwise.</summary>
    [Fact]
    public void TheChoiceIsByTheValidationData()
    {
        using var folder = new TemporaryFolder();
        using ComputeDevice device = ComputeDevice.Cpu(threads: 1);
        var settings = new ExperimentSettings(folder, device, Quick: false, Console(TextWriter.Null), DateTime.MaxValue, CancellationToken.None);
        ResultsFile results = CongruenceTableExperiment.Open(settings);
        Add("none", 0, 10.0, 5.0, 10.0, 5.0);
        Add("fd-kl", 1, 10.2, 3.0, 20.0, 9.0);
        Add("fd-kl", 2, 10.3, 2.0, 30.0, 9.0);
        Add("fd-kl", 3, 10.4, 1.0, 1.0, 0.0);
        Add("fd-lm", 1, 12.0, 1.0, 1.0, 0.0);
        Add("fd-lm", 2, 11.0, 2.0, 2.0, 0.0);
        CongruenceSummary summary = new(results.Rows);
        Assert.Equal(2, summary.Chosen("a", "b", "fd-kl")!.Value);
        Assert.Equal(2, summary.Chosen("a", "b", "fd-lm")!.Value);
        Assert.Null(summary.Chosen("a", "b", "naive"));

        void Add(string method, double value, double validationError, double validationNfr, double error, double nfr)
            => results.Add("a", "b", method, value, validationError, validationNfr, 1000, error, nfr, nfr, nfr, nfr, nfr, "", 1.0);
    }

    private static IAnsiConsole Console(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 200;
        return console;
    }
}
