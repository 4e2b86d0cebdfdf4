namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void LeakyRelu(long rows, int columns, float slope, Block<float> x, Block<float> y, Block<ushort> mask)
        => throw new NotSupportedException();

    public void LeakyReluMasked(long rows, int columns, float slope, Block<ushort> mask, Block<float> x, float beta, Block<float> y)
        => throw new NotSupportedException();
}
