namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void MaxPool(in PoolShape shape, Block<float> x, Block<float> y, Block<ushort> argmax)
        => throw new NotSupportedException();

    public void MaxPoolGather(in PoolShape shape, Block<float> x, Block<ushort> argmax, Block<float> y)
        => throw new NotSupportedException();

    public void MaxPoolScatter(in PoolShape shape, Block<float> dy, Block<ushort> argmax, float beta, Block<float> dx)
        => throw new NotSupportedException();

    public void MeanPool(in PoolShape shape, Block<float> x, Block<float> y)
        => throw new NotSupportedException();

    public void MeanPoolAdjoint(in PoolShape shape, Block<float> dy, float beta, Block<float> dx)
        => throw new NotSupportedException();

    public void GlobalMean(int batch, int pixels, int channels, Block<float> x, Block<float> y)
        => throw new NotSupportedException();

    public void GlobalMeanAdjoint(int batch, int pixels, int channels, Block<float> dy, float beta, Block<float> dx)
        => throw new NotSupportedException();
}
