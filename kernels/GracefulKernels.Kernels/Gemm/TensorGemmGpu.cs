using ILGPU;
using ILGPU.Runtime;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    /// <summary>
    /// A product on tensor cores, where the settings ask for them and the operands allow it: rows of A and B begin at multiples of 16 bytes, not both are transposed. Others
    /// are computed in fp32, which is never less exact. The bare product goes to the output where that is all; else through scratch memory, with what is added up there.
    /// </summary>
    private bool TryTensorProduct(
        in GpuCall call, in GemmShape s, ArrayView<float> a, ArrayView<float> b, ArrayView<float> secondA, ArrayView<float> secondB, int products, in MatrixOutput output)
    {
        if (Settings.Arithmetic == MatrixArithmetic.Float32 || TensorGpuKernels.For(s, Settings.Arithmetic) is not { } kernel) return false;
        if (s.K == 0 || s.LdA % 4 != 0 || s.LdB % 4 != 0 || !(Float4.Fits(a) && Float4.Fits(b) && Float4.Fits(secondA) && Float4.Fits(secondB))) return false;
        GpuProductPlan plan = GpuProductPlan.For(GpuTileSize.Tile128x128, s.M, s.N, s.K, products: 1, Units, lower: false);
        TensorArguments g = new()
        {
            A = a.LoadEffectiveAddressAsPtr(),
            B = b.LoadEffectiveAddressAsPtr(),
            M = s.M,
            K = s.K,
            LdA = s.LdA,
            LdB = s.LdB,
            ColumnTiles = plan.ColumnTiles,
            Blocks = plan.Blocks,
            SliceBlocks = plan.SliceBlocks,
        };
        Index3D groups = new(plan.Tiles, plan.Slices, 1);
        bool bare = output is { Alpha: 1, Beta: 0, Activation: 0, Bias.Length: 0, Addend.Length: 0 };
        if (bare && products * plan.Slices == 1 && s.N % 2 == 0 && s.LdC % 2 == 0 && Float4.Fits(output.C))
        {
            call.Launch(kernel, groups, g with { C = output.C.LoadEffectiveAddressAsPtr(), N = s.N, LdC = s.LdC });
            return true;
        }
        int ld = (s.N + 3) & ~3;
        long stride = (long)s.M * ld;
        ArrayView<float> partial = call.Scratch<float>(GpuScratch.Slices, products * plan.Slices * stride);
        // Columns behind the matrix exist in scratch memory: copies fill them with zeros.
        g = g with { C = partial.LoadEffectiveAddressAsPtr(), N = s.N, LdC = ld, SliceStride = stride };
        call.Launch(kernel, groups, g);
        if (products == 2)
        {
            call.Launch(kernel, groups, g with
            {
                A = secondA.LoadEffectiveAddressAsPtr(),
                B = secondB.LoadEffectiveAddressAsPtr(),
                C = partial.SubView(plan.Slices * stride).LoadEffectiveAddressAsPtr(),
            });
        }
        long quads = output.Rows * (((output.Columns + 15L) >> 4) * 4);
        call.Launch(
            GemmGpuKernels.SumSlices,
            (int)((quads + GroupSize - 1) / GroupSize),
            new() { Partial = partial, Output = output, SliceStride = stride, Slices = products * plan.Slices, Ld = ld });
        return true;
    }

    /// <summary>A plain product through cuBLAS, where the settings ask for it.</summary>
    private bool TryCuBlas(in GemmShape s, ArrayView<float> a, ArrayView<float> b, int products, in MatrixOutput output)
    {
        if (_cuBlas is null || products != 1 || s.K == 0 || output is not { Activation: 0, Bias.Length: 0, Addend.Length: 0 }) return false;
        _cuBlas.Sgemm(s, output.Alpha, a.LoadEffectiveAddressAsPtr(), b.LoadEffectiveAddressAsPtr(), output.Beta, output.C.LoadEffectiveAddressAsPtr());
        return true;
    }
}
