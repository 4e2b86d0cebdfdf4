using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Runs what measures a device: no operations of the contract.</summary>
internal sealed partial class GpuKernels
{
    /// <summary>fp32 (or fp64) multiply-adds on registers of <see cref="CeilingGroups"/> groups.</summary>
    /// <returns>Operations, two for a multiply-add.</returns>
    public double RunMultiplyAdds(bool fp64, int rounds)
    {
        using GpuCall call = Begin();
        int groups = CeilingGroups;
        ArrayView<float> result = call.Scratch<float>(GpuScratch.Partials, (long)groups * GroupSize);
        call.Launch(
            fp64 ? CeilingGpuKernels.Fma64 : CeilingGpuKernels.Fma32, groups, new() { Result = result, Factor = 0.999, Summand = 1e-3, Rounds = rounds });
        return 2.0 * CeilingGpuKernels.MultiplyAdds * rounds * groups * GroupSize;
    }

    /// <summary>Reads a block over and over.</summary>
    public void RunRead(Block<float> x, int rounds)
    {
        using GpuCall call = Begin();
        int groups = CeilingGroups;
        ArrayView<float> result = call.Scratch<float>(GpuScratch.Partials, (long)groups * GroupSize);
        call.Launch(CeilingGpuKernels.Read, groups, new() { X = call.Read(x), Result = result, Rounds = rounds });
    }

    /// <summary>Eight groups of 256 threads fill a multiprocessor; a few times over, so that none is idle at the end for long.</summary>
    private int CeilingGroups => Math.Max(1, _accelerator.NumMultiprocessors) * 32;
}
