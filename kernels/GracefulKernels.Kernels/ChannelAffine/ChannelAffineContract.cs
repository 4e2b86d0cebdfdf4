namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>
    /// <c>y[r, c] = x[r, c]·scale[c] + shift[c] + beta·y[r, c]</c>: batch normalisation in evaluation. An empty shift is zero (with it: the
    /// VJP). With beta = 0, y is never read and may be x.
    /// </summary>
    void ChannelAffine(long rows, int channels, Block<float> x, Block<float> scale, Block<float> shift, float beta, Block<float> y);

    /// <summary>
    /// <c>y = x1·scale1 + x2·scale2 + shift</c>, channel by channel: the JVP of batch normalisation with x1 the tangent, scale1 = κ, x2 the
    /// primal, scale2 = dγ/σ, shift = dβ − μ·dγ/σ. y may be x1.
    /// </summary>
    void ChannelAffinePair(
        long rows,
        int channels,
        Block<float> x1,
        Block<float> scale1,
        Block<float> x2,
        Block<float> scale2,
        Block<float> shift,
        Block<float> y);

    /// <summary>
    /// <c>sum[c] = Σ_r dy[r, c]·(x[r, c]·scale[c] + shift[c]) + beta·sum[c]</c>: the gradient of γ with scale = 1/σ, shift = −μ/σ.
    /// Accumulated in fp64, rounded once. With beta = 0, sum is never read.
    /// </summary>
    void ChannelAffineGradient(
        long rows,
        int channels,
        Block<float> x,
        Block<float> scale,
        Block<float> shift,
        Block<float> dy,
        float beta,
        Block<float> sum);

    /// <summary>
    /// <c>sum[c] = Σ_r x[r, c] + beta·sum[c]</c>: the gradient of a bias. Accumulated in fp64, rounded once. With beta = 0, sum is never read.
    /// </summary>
    void ColumnSum(long rows, int columns, Block<float> x, float beta, Block<float> sum);
}
