namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public RowLossSums RowLoss(in RowLossOptions options, in RowLossOperands operands)
        => throw new NotSupportedException();

    public double WeightedSquaredLoss( long rows, int classes, Block<float> f, Block<float> targets, Block<float> weights, float scale, Block<float> gradient)
        => throw new NotSupportedException();
}
