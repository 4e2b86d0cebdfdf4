namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void ConvolutionForward(in ConvolutionShape shape, Block<float> x, Block<float> w, Block<float> y, in Epilogue epilogue)
        => throw new NotSupportedException();

    public void ConvolutionForwardPair( in ConvolutionShape shape, Block<float> x1, Block<float> w1, Block<float> x2, Block<float> w2, Block<float> y, in Epilogue epilogue)
        => throw new NotSupportedException();

    public void ConvolutionInputGradient(in ConvolutionShape shape, Block<float> dy, Block<float> w, float beta, Block<float> dx)
        => throw new NotSupportedException();

    public void ConvolutionWeightGradient(in ConvolutionShape shape, Block<float> x, Block<float> dy, float beta, Block<float> dw)
        => throw new NotSupportedException();
}
