namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary><c>y = epilogue(w ∗ x)</c>: y [batch, oh, ow, out] as the matrix [batch·oh·ow × out] of the epilogue.</summary>
    void ConvolutionForward(in ConvolutionShape shape, Block<float> x, Block<float> w, Block<float> y, in Epilogue epilogue);

    /// <summary>
    /// <c>y = epilogue(w1 ∗ x1 + w2 ∗ x2)</c> as one product over the doubled inner dimension: the JVP of a convolution with
    /// x1 = tangent, w1 = W, x2 = primal, w2 = dW.
    /// </summary>
    void ConvolutionForwardPair(
        in ConvolutionShape shape,
        Block<float> x1,
        Block<float> w1,
        Block<float> x2,
        Block<float> w2,
        Block<float> y,
        in Epilogue epilogue);

    /// <summary><c>dx = transposed convolution of dy with w + beta·dx</c>. With beta = 0, dx is never read.</summary>
    void ConvolutionInputGradient(in ConvolutionShape shape, Block<float> dy, Block<float> w, float beta, Block<float> dx);

    /// <summary><c>dw[o, ky, kx, c] = Σ dy[·, o]·x[patch · at ky, kx, c] + beta·dw</c>. With beta = 0, dw is never read.</summary>
    void ConvolutionWeightGradient(in ConvolutionShape shape, Block<float> x, Block<float> dy, float beta, Block<float> dw);
}
