using ILGPU;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    /// <summary>One product of lower triangles a stretch of positions, as <see cref="Covariance"/>: patches are read from the images.</summary>
    public void PatchCovariance(in ConvolutionShape shape, Block<float> x, bool homogeneous, Block<double> sum)
    {
        int patch = shape.PatchLength, positions = checked(shape.Batch * shape.Positions);
        if (shape.IsPlainProduct)
        {
            Covariance(positions, patch, x, homogeneous, sum);
            return;
        }
        int order = homogeneous ? patch + 1 : patch;
        if (order == 0 || positions == 0) return;
        using GpuCall call = Begin();
        ArrayView<double> total = call.Update(sum);
        StretchPlan plan = PlanStretches(order, positions);
        ArrayView<float> partial = call.Scratch<float>(GpuScratch.Stretches, plan.AtATime * plan.Stride);
        GpuKernel<ProductArguments<PatchesAcross, PatchesAcross, MatrixOutput>> kernel =
            plan.Tile == GpuTileSize.Tile128x128 ? PatchCovarianceGpuKernels.Patches128x128 : PatchCovarianceGpuKernels.Patches64x64;
        var source = new PatchesAcross { Images = ImagePatches.Of(call.Read(x), shape), Ones = homogeneous ? patch : -1 };
        for (int first = 0; first < plan.Stretches; first += plan.AtATime)
        {
            int count = Math.Min(plan.AtATime, plan.Stretches - first);
            source.First = first * StretchRows;
            RunStretches(call, kernel, plan, count, partial, new() { A = source, B = source, SecondA = source, SecondB = source });
            AddStretches(call, plan, count, partial, total);
        }
    }
}
