namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void LeakyRelu(long rows, int columns, float slope, Block<float> x, Block<float> y, Block<ushort> mask) => throw new NotImplementedException();

    public void LeakyReluMasked(long rows, int columns, float slope, Block<ushort> mask, Block<float> x, float beta, Block<float> y) => throw new NotImplementedException();
}
