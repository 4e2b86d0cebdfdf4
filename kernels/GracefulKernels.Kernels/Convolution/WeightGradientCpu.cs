namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void ConvolutionWeightGradient(in ConvolutionShape shape, Block<float> x, Block<float> dy, float beta, Block<float> dw)
    {
        if (shape.WeightLength == 0) return;
        WeightGradient<TLanes, TDoubles>.Run(_workers, shape, x.Pointer, dy.Pointer, beta, dw.Pointer);
    }
}
