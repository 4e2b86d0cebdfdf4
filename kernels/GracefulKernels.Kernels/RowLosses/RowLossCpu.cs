namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public RowLossSums RowLoss(in RowLossOptions options, in RowLossOperands operands) => throw new NotImplementedException();

    public double WeightedSquaredLoss(
        long rows, int classes, Block<float> f, Block<float> targets, Block<float> weights, float scale, Block<float> gradient) => throw new NotImplementedException();
}
