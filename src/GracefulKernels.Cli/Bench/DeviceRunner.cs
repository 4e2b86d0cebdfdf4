using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Measures a device's ceilings, then the cases on it; matrix products in turns with cuBLAS where that is installed.</summary>
internal sealed class DeviceRunner(BenchOptions options)
{
    private readonly List<string> _notes = [];

    public IReadOnlyList<string> Notes => _notes;

    public bool Failed { get; private set; }

    public BenchReport<BenchRow> Run(IProgress<(double Part, string Text)> progress, CancellationToken cancellation)
    {
        using ComputeDevice device = ComputeDevice.Open(options.Device!, gpu: options.Gpu);
        var kernels = (GpuKernels)device.Kernels;
        using ComputeDevice? rival = Rival(device);
        string code = (device.Info.Kind == DeviceKind.Cuda ? "ptx" : "opencl") + (options.Gpu is { Precision: not Precision.Float32 } gpu ? $" {gpu.Precision}" : "");
        if (!device.Info.IsGpu)
        {
            _notes.Add($"{device.Name} is a processor: its ceilings are those of code that is written for GPUs, and fractions of them say nothing about the processor.");
        }
        IReadOnlyList<BenchCase> cases = CaseList.Select(options.Filter, options.Quick, onDevice: true);
        progress.Report((0, "ceilings"));
        MachineCeilings limit = DeviceProbe.Measure(kernels, code, options.Quick);
        List<BenchRow> rows = [];
        for (int i = 0; i < cases.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            progress.Report(((i + 1.0) / (cases.Count + 1), cases[i].Title));
            if (Measure(cases[i], device, rival, limit) is { } row) rows.Add(row);
        }
        return new BenchReport<BenchRow>(MachineInfo.Here([limit], device.Info.Model), rows);
    }

    private BenchRow? Measure(BenchCase bench, ComputeDevice device, ComputeDevice? rival, MachineCeilings limit)
    {
        var kernels = (GpuKernels)device.Kernels;
        try
        {
            using Operands operands = new(kernels);
            bench.Prepare(kernels, operands);
            operands.Reset?.Invoke();
            operands.Run();
            if (operands.Fault() is string fault)
            {
                Failed = true;
                _notes.Add($"{bench.Title}: wrong result, {fault}.");
                return null;
            }
            MeasureTime time = MeasureTime.Device(options.Quick);
            Measurement first = Measurement.Of(operands.Run, operands.Reset, time, operands.Await);
            if (rival is null || bench.Room != "gemm") return Row(first);
            using Operands theirs = new(rival.Kernels);
            bench.Prepare(rival.Kernels, theirs);
            theirs.Run();
            if (theirs.Fault() is string wrong)
            {
                Failed = true;
                _notes.Add($"{bench.Title}: wrong result of cuBLAS, {wrong}.");
                return Row(first);
            }
            // In turns, as often one as the other: of each the better turn counts.
            Measurement other = Measurement.Of(theirs.Run, theirs.Reset, time, theirs.Await);
            Measurement ours = Better(first, Measurement.Of(operands.Run, operands.Reset, time, operands.Await));
            other = Better(other, Measurement.Of(theirs.Run, theirs.Reset, time, theirs.Await));
            return Row(ours) with { Rival = "cublas", RivalSecondsMin = other.Min, RivalRatio = other.Min / ours.Min };
        }
        catch (OutOfMemoryException e)
        {
            _notes.Add($"{bench.Title}: left out. {e.Message}");
            return null;
        }

        BenchRow Row(Measurement measured) => BenchRow.Create(bench, limit.Simd, 1, measured, limit, device.Name);
    }

    private static Measurement Better(Measurement a, Measurement b) => new(Math.Min(a.Min, b.Min), Math.Min(a.Median, b.Median));

    private ComputeDevice? Rival(ComputeDevice device)
    {
        if (device.Info.Kind != DeviceKind.Cuda) return null;
        try
        {
            return ComputeDevice.Open(device.Name, gpu: new GpuOptions { UseCuBlas = true });
        }
        catch (PlatformNotSupportedException e)
        {
            _notes.Add($"cuBLAS is left out: {e.Message}");
            return null;
        }
    }
}
