using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using GracefulKernels.Benchmarks.Native;
using GracefulKernels.Benchmarks.Peers;
using GracefulKernels.Cli.Bench;

namespace GracefulKernels.Benchmarks;

/// <summary><c>peers</c> compares with other libraries, <c>table</c> prints its results, <c>native DIR</c> compares with the C library; anything else goes to BenchmarkDotNet.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["peers", .. string[] rest]:
                return await PeersCommand.RunAsync(rest);
            case ["native", string folder]:
                return NativeCommand.Run(folder);
            case ["table", string run, .. { Length: <= 1 } peers]:
                return Table(run, peers is [string path] ? path : null);
            default:
                IConfig config = DefaultConfig.Instance.WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(60));
                BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
                return 0;
        }
    }

    private static int Table(string run, string? peers)
    {
        try
        {
            MarkdownTable.Print(Console.Out, BenchReport<BenchRow>.Read(run), peers is null ? null : BenchReport<PeerRow>.Read(peers));
            return 0;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
