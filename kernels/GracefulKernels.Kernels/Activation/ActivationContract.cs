namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>
    /// <c>y = x &gt; 0 ? x : slope·x</c> over [rows × columns]; writes one bit an element (x &gt; 0) to <paramref name="mask"/> unless it is
    /// empty. y may be x.
    /// </summary>
    void LeakyRelu(long rows, int columns, float slope, Block<float> x, Block<float> y, Block<ushort> mask);

    /// <summary><c>y = (mask ? 1 : slope)·x + beta·y</c>: JVP and VJP of leaky ReLU. With beta = 0, y is never read and may be x.</summary>
    void LeakyReluMasked(long rows, int columns, float slope, Block<ushort> mask, Block<float> x, float beta, Block<float> y);
}
