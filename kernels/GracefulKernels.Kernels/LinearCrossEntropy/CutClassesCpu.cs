namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    /// <summary>Rows whose classes come in cuts: a look for the log-sum-exps and, for gradients, another one.</summary>
    private LinearLossSums CutClasses(in LinearLossOptions options, in LinearLossOperands o, in LinearLossChunk chunk, int perCut, bool adds, float* memory)
    {
        RowLogSum* sums = Scratch.Get<RowLogSum>(ScratchSlot.RowLogSums, chunk.Rows);
        for (int row = 0; row < chunk.Rows; row++) sums[row] = RowLogSum.Empty;
        var job = new LogSumJob<TLanes, TDoubles> { Rows = chunk.Rows, Logits = memory, Labels = chunk.Labels.Pointer, Sums = sums, Smoothed = options.LabelSmoothing > 0 };
        int jobs = (chunk.Rows + LogSumJob<TLanes, TDoubles>.RowsPerChunk - 1) / LogSumJob<TLanes, TDoubles>.RowsPerChunk;
        for (int first = 0; first < o.Classes; first += perCut)
        {
            job.First = first;
            job.Classes = Math.Min(perCut, o.Classes - first);
            Logits(o, chunk, first, job.Classes, new Block<float>(memory, (long)chunk.Rows * job.Classes));
            _workers.Run(jobs, ref job);
        }
        double loss = 0;
        long undefined = 0;
        for (int row = 0; row < chunk.Rows; row++)
        {
            float value = sums[row].Finish<TLanes, TDoubles>(o.Classes, options.LabelSmoothing, options.GradientScale);
            loss += value;
            if (float.IsNaN(value)) undefined++;
            if (!chunk.Values.IsEmpty) chunk.Values.Pointer[row] = value;
        }
        if (o.WantsGradient)
        {
            job.Constant = -options.GradientScale * (options.LabelSmoothing / o.Classes);
            job.IsGradient = true;
            bool addsEmbeddings = options.AddToEmbeddings;
            for (int first = 0; first < o.Classes; first += perCut, addsEmbeddings = true)
            {
                job.First = first;
                job.Classes = Math.Min(perCut, o.Classes - first);
                Block<float> logits = new(memory, (long)chunk.Rows * job.Classes);
                Logits(o, chunk, first, job.Classes, logits);
                _workers.Run(jobs, ref job);
                Gradients(o, chunk, first, job.Classes, logits, addsEmbeddings, adds);
            }
        }
        return new LinearLossSums(loss, chunk.Rows, undefined);
    }
}
