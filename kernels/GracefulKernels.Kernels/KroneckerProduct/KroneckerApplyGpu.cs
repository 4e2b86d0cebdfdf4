namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void KroneckerApply(int rows, int columns, Block<float> left, Block<float> right, Block<float> v, Block<float> workspace, Block<float> y)
    {
        // One operation, so that blocks of the host's memory are all it waits for.
        using GpuCall call = Begin();
        Block<float> product = v;
        if (!left.IsEmpty)
        {
            product = workspace.Slice(0, v.Length);
            Gemm(new GemmShape(rows, columns, rows), 1f, left, v, 0f, product, default);
        }
        Gemm(new GemmShape(rows, columns, columns), 1f, product, right, 0f, y, default);
    }
}
