namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void Argmax(int rows, int classes, int ld, Block<float> logits, Block<int> predictions)
        => throw new NotSupportedException();

    public FlipTable FlipsFromLogits( int rows, int classes, Block<float> oldLogits, int ldOld, Block<float> newLogits, int ldNew, Block<int> labels, int ignoreIndex, Block<long> perClass)
        => throw new NotSupportedException();

    public FlipTable FlipsFromPredictions( long rows, Block<int> oldPredictions, Block<int> newPredictions, Block<int> labels, int ignoreIndex, int classes, Block<long> perClass)
        => throw new NotSupportedException();

    public void PackCorrect(long rows, Block<int> predictions, Block<int> labels, int ignoreIndex, Block<ulong> bits)
        => throw new NotSupportedException();

    public void PairwiseFlips(int models, long words, Block<ulong> bits, Block<long> counts)
        => throw new NotSupportedException();

    public void PackPredictions(long rows, Block<int> predictions, Block<int> labels, int ignoreIndex, int planes, Block<ulong> bits)
        => throw new NotSupportedException();

    public void PairwiseDiffer(int models, int planes, long words, Block<ulong> bits, Block<long> counts)
        => throw new NotSupportedException();
}
