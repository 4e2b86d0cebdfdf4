namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void Argmax(int rows, int classes, int ld, Block<float> logits, Block<int> predictions)
    {
        int perChunk = ArgmaxRows<TLanes, TDoubles>.PerChunk(classes);
        var job = new ArgmaxJob<TLanes, TDoubles>
        {
            Rows = rows,
            Classes = classes,
            Ld = ld,
            Logits = logits.Pointer,
            Predictions = predictions.Pointer,
        };
        _workers.Run((int)((rows + (long)perChunk - 1) / perChunk), ref job);
    }

    public FlipTable FlipsFromLogits(
        int rows,
        int classes,
        Block<float> oldLogits,
        int ldOld,
        Block<float> newLogits,
        int ldNew,
        Block<int> labels,
        int ignoreIndex,
        Block<long> perClass)
    {
        int perChunk = ArgmaxRows<TLanes, TDoubles>.PerChunk(classes);
        int chunks = (int)((rows + (long)perChunk - 1) / perChunk);
        FlipTable* partials = Scratch.Get<FlipTable>(ScratchSlot.PartialSums, chunks);
        var job = new FlipsFromLogitsJob<TLanes, TDoubles>
        {
            Rows = rows,
            Classes = classes,
            LdOld = ldOld,
            LdNew = ldNew,
            Old = oldLogits.Pointer,
            New = newLogits.Pointer,
            Labels = labels.Pointer,
            IgnoreIndex = ignoreIndex,
            PerClass = perClass.IsEmpty ? null : perClass.Pointer,
            Partials = partials,
        };
        _workers.Run(chunks, ref job);
        return Total(partials, chunks);
    }

    public FlipTable FlipsFromPredictions(
        long rows,
        Block<int> oldPredictions,
        Block<int> newPredictions,
        Block<int> labels,
        int ignoreIndex,
        int classes,
        Block<long> perClass)
    {
        int chunks = (int)((rows + FlipsFromPredictionsJob.PerChunk - 1) / FlipsFromPredictionsJob.PerChunk);
        FlipTable* partials = Scratch.Get<FlipTable>(ScratchSlot.PartialSums, chunks);
        var job = new FlipsFromPredictionsJob
        {
            Rows = rows,
            Old = oldPredictions.Pointer,
            New = newPredictions.Pointer,
            Labels = labels.Pointer,
            IgnoreIndex = ignoreIndex,
            PerClass = perClass.IsEmpty ? null : perClass.Pointer,
            Partials = partials,
        };
        _workers.Run(chunks, ref job);
        return Total(partials, chunks);
    }

    public void PackCorrect(long rows, Block<int> predictions, Block<int> labels, int ignoreIndex, Block<ulong> bits)
    {
        long words = (rows + 63) / 64;
        var job = new PackCorrectJob
        {
            Rows = rows,
            Predictions = predictions.Pointer,
            Labels = labels.Pointer,
            IgnoreIndex = ignoreIndex,
            Bits = bits.Pointer,
        };
        _workers.Run((int)((words + PackCorrectJob.WordsPerChunk - 1) / PackCorrectJob.WordsPerChunk), ref job);
    }

    public void PackPredictions(long rows, Block<int> predictions, Block<int> labels, int ignoreIndex, int planes,
        Block<ulong> bits)
    {
        long words = (rows + 63) / 64;
        var job = new PackPredictionsJob
        {
            Rows = rows,
            Predictions = predictions.Pointer,
            Labels = labels.Pointer,
            IgnoreIndex = ignoreIndex,
            Planes = planes,
            Bits = bits.Pointer,
        };
        _workers.Run(Chunks.Count(words, PackPredictionsJob.WordsPerChunk), ref job);
    }

    public void PairwiseFlips(int models, long words, Block<ulong> bits, Block<long> counts)
    {
        Pairs<BothSet>(models, 1, words, bits, counts);
        PairwiseTable.Spread(models, counts.Pointer);
    }

    public void PairwiseDiffer(int models, int planes, long words, Block<ulong> bits, Block<long> counts)
    {
        Pairs<NumbersDiffer>(models, planes, words, bits, counts);
        PairwiseTable.Mirror(models, counts.Pointer);
    }

    private void Pairs<TOperator>(int models, int planes, long words, Block<ulong> bits, Block<long> counts)
        where TOperator : struct, IPairOperator
    {
        new Span<long>(counts.Pointer, checked(models * models)).Clear();
        var job = new PairwiseJob<TLanes, TOperator>
        {
            Models = models,
            Planes = planes,
            Words = words,
            Bits = bits.Pointer,
            Counts = counts.Pointer,
        };
        _workers.Run(Chunks.Count(words, PairwiseJob<TLanes, TOperator>.WordsPerChunk(planes)), ref job);
    }

    private static FlipTable Total(FlipTable* partials, int chunks)
    {
        FlipTable total = default;
        for (int i = 0; i < chunks; i++) total += partials[i];
        return total;
    }
}
