namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void ChannelAffine(long rows, int channels, Block<float> x, Block<float> scale, Block<float> shift, float beta, Block<float> y)
        => throw new NotSupportedException();

    public void ChannelAffinePair( long rows, int channels, Block<float> x1, Block<float> scale1, Block<float> x2, Block<float> scale2, Block<float> shift, Block<float> y)
        => throw new NotSupportedException();

    public void ChannelAffineGradient( long rows, int channels, Block<float> x, Block<float> scale, Block<float> shift, Block<float> dy, float beta, Block<float> sum)
        => throw new NotSupportedException();

    public void ColumnSum(long rows, int columns, Block<float> x, float beta, Block<float> sum)
        => throw new NotSupportedException();
}
