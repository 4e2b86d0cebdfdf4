namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void Argmax(int rows, int classes, int ld, Block<float> logits, Block<int> predictions) => throw new NotImplementedException();

    public FlipTable FlipsFromLogits(
        int rows,
        int classes,
        Block<float> oldLogits,
        int ldOld,
        Block<float> newLogits,
        int ldNew,
        Block<int> labels,
        int ignoreIndex,
        Block<long> perClass) => throw new NotImplementedException();

    public FlipTable FlipsFromPredictions(
        long rows,
        Block<int> oldPredictions,
        Block<int> newPredictions,
        Block<int> labels,
        int ignoreIndex,
        int classes,
        Block<long> perClass) => throw new NotImplementedException();

    public void PackCorrect(long rows, Block<int> predictions, Block<int> labels, int ignoreIndex, Block<ulong> bits) => throw new NotImplementedException();

    public void PairwiseFlips(int models, long words, Block<ulong> bits, Block<long> counts) => throw new NotImplementedException();
}
