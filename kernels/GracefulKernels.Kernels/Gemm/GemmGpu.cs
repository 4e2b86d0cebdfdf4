namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void Gemm(in GemmShape shape, float alpha, Block<float> a, Block<float> b, float beta, Block<float> c, in Epilogue epilogue)
        => throw new NotSupportedException();

    public void GemmPair( in GemmShape shape, Block<float> a1, Block<float> b1, Block<float> a2, Block<float> b2, float beta, Block<float> c, in Epilogue epilogue)
        => throw new NotSupportedException();
}
