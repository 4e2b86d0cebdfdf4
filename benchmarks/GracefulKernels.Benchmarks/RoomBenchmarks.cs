using BenchmarkDotNet.Attributes;
using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;

namespace GracefulKernels.Benchmarks;

/// <summary>The cases of one room, the same as in <c>graceful bench</c>, for BenchmarkDotNet: <c>--filter *Gemm*</c>.</summary>
[MemoryDiagnoser]
public abstract class RoomBenchmarks
{
    private readonly string _room;
    private IKernels _kernels = null!;
    private Operands _operands = null!;
    private Action _run = null!;

    private protected RoomBenchmarks(string room) => _room = room;

    public IEnumerable<string> Cases => CaseList.All.Where(c => c.Room == _room).Select(c => c.Title);

    public IEnumerable<int> ThreadCounts => new[] { 1, Environment.ProcessorCount }.Distinct();

    [ParamsSource(nameof(Cases))]
    public string Case { get; set; } = "";

    [ParamsSource(nameof(ThreadCounts))]
    public int Threads { get; set; }

    private protected Operands Operands => _operands;

    [GlobalSetup]
    public void Prepare()
    {
        _kernels = KernelSets.CreateCpu(KernelSets.Best, Threads);
        _operands = new Operands(_kernels);
        CaseList.All.Single(c => c.Title == Case).Prepare(_kernels, _operands);
        _run = _operands.Run;
    }

    [GlobalCleanup]
    public void Free()
    {
        _operands.Dispose();
        _kernels.Dispose();
    }

    [Benchmark]
    public void Run() => _run();
}
