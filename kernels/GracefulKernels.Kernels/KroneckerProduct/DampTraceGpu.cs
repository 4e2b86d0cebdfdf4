using System.Diagnostics;
using ILGPU;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void Damp(int n, double scale, double shift, Block<double> sum, Block<double> damped)
    {
        Debug.Assert(sum.Length == (long)n * n && damped.Length == sum.Length);
        using GpuCall call = Begin();
        // On the host damped may be sum: one memory, of which the staged source is a copy.
        call.Launch(DampTraceGpuKernels.Damp, Math.Min(n, Wave), new() { Sum = call.Read(sum), Damped = call.Write(damped), N = n, Scale = scale, Shift = shift });
    }

    public double Trace(int n, Block<double> a)
    {
        Debug.Assert(a.Length == (long)n * n);
        using GpuCall call = Begin();
        ArrayView<double> result = call.Scratch<double>(GpuScratch.Result, 1);
        call.Launch(DampTraceGpuKernels.Trace, 1, new() { Matrix = call.Read(a), Result = result, N = n });
        Span<double> trace = stackalloc double[1];
        call.Fetch(result, trace);
        return trace[0];
    }
}
