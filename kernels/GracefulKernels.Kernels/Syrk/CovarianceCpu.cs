namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    private const int CovarianceStretch = 4096;

    public void Covariance(int rows, int features, Block<float> x, bool homogeneous, Block<double> sum)
    {
        int d = homogeneous ? features + 1 : features;
        float* part = Scratch.Get<float>(ScratchSlot.Covariance, (long)features * features);
        for (int row = 0; row < rows; row += CovarianceStretch)
        {
            int count = Math.Min(CovarianceStretch, rows - row);
            float* stretch = x.Pointer + ((nint)row * features);
            Syrk(true, features, count, 1f, stretch, features, 0f, part, features);
            for (int i = 0; i < features; i++)
            {
                for (int j = 0; j <= i; j++)
                {
                    double v = part[((nint)i * features) + j];
                    sum.Pointer[((nint)i * d) + j] += v;
                    if (j < i) sum.Pointer[((nint)j * d) + i] += v;
                }
            }
            if (!homogeneous) continue;
            for (int j = 0; j < features; j++)
            {
                double v = 0;
                for (int r = 0; r < count; r++) v += stretch[((nint)r * features) + j];
                sum.Pointer[((nint)features * d) + j] += v;
                sum.Pointer[((nint)j * d) + features] += v;
            }
        }
        if (homogeneous) sum.Pointer[((nint)d * d) - 1] += rows;
    }
}
