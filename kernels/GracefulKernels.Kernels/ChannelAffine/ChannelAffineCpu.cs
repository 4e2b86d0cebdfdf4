namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void ChannelAffine(long rows, int channels, Block<float> x, Block<float> scale, Block<float> shift, float beta, Block<float> y) => throw new NotImplementedException();

    public void ChannelAffinePair(
        long rows,
        int channels,
        Block<float> x1,
        Block<float> scale1,
        Block<float> x2,
        Block<float> scale2,
        Block<float> shift,
        Block<float> y) => throw new NotImplementedException();

    public void ChannelAffineGradient(
        long rows,
        int channels,
        Block<float> x,
        Block<float> scale,
        Block<float> shift,
        Block<float> dy,
        float beta,
        Block<float> sum) => throw new NotImplementedException();

    public void ColumnSum(long rows, int columns, Block<float> x, float beta, Block<float> sum) => throw new NotImplementedException();
}
