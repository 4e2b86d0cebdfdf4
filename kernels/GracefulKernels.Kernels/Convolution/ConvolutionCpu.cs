namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void ConvolutionForward(in ConvolutionShape shape, Block<float> x, Block<float> w, Block<float> y, in Epilogue epilogue) => throw new NotImplementedException();

    public void ConvolutionForwardPair(
        in ConvolutionShape shape,
        Block<float> x1,
        Block<float> w1,
        Block<float> x2,
        Block<float> w2,
        Block<float> y,
        in Epilogue epilogue) => throw new NotImplementedException();

    public void ConvolutionInputGradient(in ConvolutionShape shape, Block<float> dy, Block<float> w, float beta, Block<float> dx) => throw new NotImplementedException();

    public void ConvolutionWeightGradient(in ConvolutionShape shape, Block<float> x, Block<float> dy, float beta, Block<float> dw) => throw new NotImplementedException();
}
