using System.Text.Json.Nodes;
using GracefulKernels.Cli;
using GracefulKernels.Cli.Commands;
using GracefulKernels.Cli.Demo;

namespace GracefulKernels.Tests;

/// <summary>The demo by naming a device: networks, factors, solvers, losses and flips together reach what they reach on the processor.</summary>
public sealed class DemoOnDeviceTests
{
    private static readonly DemoSettings Brief = new()
    {
        Seed = 3,
        Models = 3,
        TrainingSamples = 60,
        TestSamples = 120,
        FirstSamples = 15,
        FirstEpochs = 60,
        FirstRate = 0.01,
        NonlinearEpochs = 3,
        NonlinearRates = [0.01],
        PsgdEpochs = 3,
        Tolerance = 0.05,
        MaxIterations = 25,
        CongruenceGrid = [0.5],
    };

    [Fact]
    public void ReachesTheResultsOfTheProcessor()
    {
        JsonNode expected = Run(KernelFamily.Cpu.Device), actual = Run(KernelFamily.Gpu.Device);
        Assert.Equal(KernelFamily.Gpu.Device.Name, (string)actual["device"]!);
        Assert.Null(actual["simd"]);
        JsonArray right = expected["methods"]!.AsArray(), methods = actual["methods"]!.AsArray();
        Assert.Equal(right.Select(m => (string)m!["name"]!), methods.Select(m => (string)m!["name"]!));
        for (int i = 0; i < methods.Count; i++)
        {
            string name = (string)methods[i]!["name"]!;
            Assert.Equal((int)right[i]!["samples"]!, (int)methods[i]!["samples"]!);
            // Sums in another order move logits by their last bits, and with them the few samples that lie on a boundary: one in fifty, at most.
            foreach (string rate in (string[])["accuracy", "nfr", "pfr"])
            {
                double difference = Math.Abs((double)right[i]![rate]! - (double)methods[i]![rate]!);
                Assert.True(difference <= 0.02, $"{rate} of {name}: {(double)methods[i]![rate]!}, on the processor {(double)right[i]![rate]!}");
            }
        }
    }

    private static JsonNode Run(ComputeDevice device)
    {
        using var folder = new TemporaryFolder();
        using var output = new StringWriter();
        DemoCommand.Run(new Report(new Terminal(output, output), null, folder), device, Brief, CancellationToken.None);
        return JsonNode.Parse(File.ReadAllText(folder.File("report.json")))!;
    }
}
