namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void Syrk(bool transpose, int n, int k, float alpha, Block<float> a, int lda, float beta, Block<float> c, int ldc)
    {
        if (n == 0) return;
        Syrk(transpose, n, k, alpha, a.Pointer, lda, beta, c.Pointer, ldc);
    }

    private void Syrk(bool transpose, int n, int k, float alpha, float* a, int lda, float beta, float* c, int ldc)
    {
        var inner = new InnerBlocks(k, products: 1, n, transpose);
        var rows = new MatrixRows<TLanes, TDoubles>(a, null, lda, transpose, n, inner);
        var columns = new MatrixColumns<TLanes, TDoubles>(a, null, lda, !transpose, inner);
        var output = new Output(alpha, beta, n, default);
        ProductCpu<TLanes, TDoubles>.Run(_workers, rows, columns, inner, output, n, n, c, ldc, lower: true);
    }
}
