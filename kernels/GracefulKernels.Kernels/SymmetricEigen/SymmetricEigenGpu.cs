namespace GracefulKernels.Kernels;

internal sealed unsafe partial class GpuKernels
{
    private readonly CpuKernels<LanesScalar, DoubleLanesScalar> _eigenHost = new(1);

    public void SymmetricEigen(int n, Block<double> a, Block<double> values) => SymmetricEigenBatch(1, n, a, (long)n * n, values);

    public void SymmetricEigenBatch(int count, int n, Block<double> a, long stride, Block<double> values)
    {
        if (count == 0 || n == 0) return;
        double[] matrices = new double[((count - 1) * stride) + ((long)n * n)], found = new double[(long)count * n];
        Copy(a.Slice(0, matrices.Length), matrices, back: false);
        fixed (double* pa = matrices, pv = found) _eigenHost.SymmetricEigenBatch(count, n, new(pa, matrices.Length), stride, new(pv, found.Length));
        Copy(a.Slice(0, matrices.Length), matrices, back: true);
        Copy(values.Slice(0, found.Length), found, back: true);
    }

    private void Copy(Block<double> block, double[] host, bool back)
    {
        if (block.Memory is null or HostMemory)
        {
            if (back) host.CopyTo(block.Span);
            else block.Span.CopyTo(host);
        }
        else if (back)
        {
            Upload<double>(host, block);
        }
        else
        {
            Download(block, host.AsSpan());
        }
    }
}
