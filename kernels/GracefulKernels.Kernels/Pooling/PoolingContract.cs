namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>
    /// Largest element of each window; <paramref name="argmax"/> (same shape as y, or empty) gets its place ky·kw + kx, the first in
    /// row-major order where several are equal. A NaN in the window is the result, at its place.
    /// </summary>
    void MaxPool(in PoolShape shape, Block<float> x, Block<float> y, Block<ushort> argmax);

    /// <summary>y = the elements of x at <paramref name="argmax"/>: the JVP of max pooling.</summary>
    void MaxPoolGather(in PoolShape shape, Block<float> x, Block<ushort> argmax, Block<float> y);

    /// <summary>dx = beta·dx, plus each dy at its <paramref name="argmax"/>: the VJP. With beta = 0, dx is never read.</summary>
    void MaxPoolScatter(in PoolShape shape, Block<float> dy, Block<ushort> argmax, float beta, Block<float> dx);

    /// <summary>Mean of each window: also its own JVP.</summary>
    void MeanPool(in PoolShape shape, Block<float> x, Block<float> y);

    /// <summary>The adjoint of <see cref="MeanPool"/>, plus beta·dx. With beta = 0, dx is never read.</summary>
    void MeanPoolAdjoint(in PoolShape shape, Block<float> dy, float beta, Block<float> dx);

    /// <summary>y[b, c] = mean over pixels of x[b, ·, c]; accumulated in fp64, rounded once.</summary>
    void GlobalMean(int batch, int pixels, int channels, Block<float> x, Block<float> y);

    /// <summary>dx[b, p, c] = dy[b, c] / pixels + beta·dx[b, p, c]. With beta = 0, dx is never read.</summary>
    void GlobalMeanAdjoint(int batch, int pixels, int channels, Block<float> dy, float beta, Block<float> dx);
}
