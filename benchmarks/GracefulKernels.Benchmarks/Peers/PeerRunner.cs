using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>Runs the cases that a peer can do too, ours and the peers in turns, in this process: OpenBLAS, or the others.</summary>
internal sealed class PeerRunner(BenchOptions options, IReadOnlyList<string>? only, bool openBlas)
{
    // fp32 sums over thousands of terms in another order.
    private const double LargestDifference = 1e-3;

    private readonly List<string> _notes = [];

    public IReadOnlyList<string> Notes => _notes;

    public bool Failed { get; private set; }

    public BenchReport<PeerRow> Run(IProgress<(double Part, string Text)> progress, CancellationToken cancellation)
    {
        IReadOnlyList<BenchCase> cases = CaseList.Select(options.Filter, options.Quick);
        List<MachineCeilings> ceilings = [];
        List<PeerRow> rows = [];
        double steps = options.Threads.Count * (cases.Count + 1);
        int done = 0;
        foreach (int threads in options.Threads)
        {
            progress.Report((done++ / steps, $"ceilings, {threads} threads"));
            MachineCeilings limit = CeilingProbe.Measure(options.Target, threads, options.Quick);
            ceilings.Add(limit);
            using IKernels kernels = KernelSets.CreateCpu(options.Target, threads);
            List<IPeer> peers = Here(openBlas ? [new OpenBlasPeer()] : [new OnnxRuntimePeer(), new TensorPrimitivesPeer(), new OwnPeer(kernels)]);
            foreach (BenchCase bench in cases)
            {
                cancellation.ThrowIfCancellationRequested();
                progress.Report((done++ / steps, $"{bench.Title}, {threads} threads"));
                rows.AddRange(Measure(bench, kernels, peers, limit));
            }
        }
        return new BenchReport<PeerRow>(MachineInfo.Here(ceilings), rows);
    }

    private List<IPeer> Here(IEnumerable<IPeer> peers)
    {
        List<IPeer> here = [];
        foreach (IPeer peer in peers)
        {
            if (!openBlas && only?.Contains(peer.Name) == false) continue;
            if (peer.Absence is string why) Note($"{peer.Name} is left out: {why}.");
            else here.Add(peer);
            if (peer is OpenBlasPeer { Absence: null }) Note($"{peer.Name} runs the kernels of {OpenBlas.CoreName}.");
        }
        return here;
    }

    private IEnumerable<PeerRow> Measure(BenchCase bench, IKernels kernels, IReadOnlyList<IPeer> peers, MachineCeilings limit)
    {
        using Operands ours = new(kernels);
        List<(IPeer Peer, PeerCall Call)> calls = [];
        try
        {
            bench.Prepare(kernels, ours);
            ours.Reset?.Invoke();
            ours.Run();
            foreach (IPeer peer in peers)
            {
                if (peer.Prepare(bench, ours, kernels.Threads) is PeerCall call) calls.Add((peer, call));
            }
            if (calls.Count == 0) return [];
            foreach ((IPeer peer, PeerCall call) in calls) Check(bench, peer, call);
            Measurement[] measured = Turns.Measure(
                [(ours.Run, ours.Reset), .. calls.Select(c => (c.Call.Run, c.Call.Reset))], kernels.Threads, options.Quick);
            if (bench.Parameters is LinearLossShape shape)
            {
                Note($"{bench.Title} takes {ExtraMemory.Of(bench, options.Target) / 1e6:0.0} MB beside its operands; its logits would take {4e-6 * shape.Rows * shape.Classes:0} MB.");
            }
            BenchRow row = BenchRow.Create(bench, kernels.Name, kernels.Threads, measured[0], limit);
            return [.. calls.Select((c, i) => PeerRow.Create(row, c.Peer.Name, bench.Work, measured[i + 1]))];
        }
        finally
        {
            foreach ((_, PeerCall call) in calls) call.Dispose();
        }
    }

    private void Check(BenchCase bench, IPeer peer, PeerCall call)
    {
        call.Reset?.Invoke();
        call.Run();
        if (call.Difference?.Invoke() is double difference && !(difference <= LargestDifference))
        {
            Failed = true;
            Note($"{bench.Title}: {peer.Name} differs from ours by {difference:0.0e+0} of the largest element.");
        }
    }

    private void Note(string note)
    {
        if (!_notes.Contains(note)) _notes.Add(note);
    }
}
