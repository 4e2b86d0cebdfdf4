using System.Diagnostics;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public LinearLossSums LinearCrossEntropy(in LinearLossOptions options, in LinearLossOperands operands)
    {
        Debug.Assert(operands.Classes > 0 && operands.Features > 0 && operands.Labels.Length >= operands.Rows);
        long valid = 0;
        for (int row = 0; row < operands.Rows; row++)
        {
            if (operands.Labels.Pointer[row] != options.IgnoreIndex) valid++;
        }
        if (valid < operands.Rows) LinearLossChunk.ClearIgnored(options, operands);
        if (valid == 0)
        {
            if (!options.AddToParameters) ClearParameters(operands);
            return default;
        }
        LinearLossPlan plan = new(operands.Features, operands.Classes, valid);
        var job = new ClassBlocksJob<TLanes, TDoubles>
        {
            Logits = Scratch.Get<float>(ScratchSlot.Logits, (long)plan.Ld * plan.Classes),
            Sums = new LogSums(plan.Ld, plan.Classes),
            Constant = -options.GradientScale * (options.LabelSmoothing / operands.Classes),
        };
        if (!operands.BiasGradient.IsEmpty)
        {
            job.Rows = plan.Rows;
            job.BiasParts = Scratch.Get<float>(ScratchSlot.BiasParts, (long)job.RowPieces * plan.Classes);
        }
        LinearLossSums sums = default;
        bool adds = options.AddToParameters;
        for (int row = 0, next; row < operands.Rows; row = next, adds = true)
        {
            LinearLossChunk chunk = LinearLossChunk.Take(options, operands, row, plan.Rows, out next);
            if (chunk.Rows == 0) break;
            job.Rows = chunk.Rows;
            sums += Chunk(options with { AddToParameters = adds }, operands, chunk, plan, job);
            chunk.Scatter(options, operands);
        }
        return sums;
    }

    private LinearLossSums Chunk(
        in LinearLossOptions options, in LinearLossOperands o, in LinearLossChunk chunk, in LinearLossPlan plan, ClassBlocksJob<TLanes, TDoubles> job)
    {
        job.Sums.Clear();
        for (int first = 0; first < o.Classes; first += plan.Classes)
        {
            Logits(o, chunk, plan, first, ref job);
            if (options.LabelSmoothing > 0) Run(ClassBlocksPass.Sum, ref job);
            TakeLabels(chunk, first, job);
            Run(ClassBlocksPass.Exponentials, ref job);
            for (int row = 0; row < chunk.Rows; row += 16) LogSumFinish<TLanes, TDoubles>.Merge(job.Sums, row, LogSums.BlocksOf(job.Classes));
        }
        for (int row = 0; row < chunk.Rows; row += 16)
        {
            LogSumFinish<TLanes, TDoubles>.Finish(job.Sums, row, o.Classes, options.LabelSmoothing, options.GradientScale);
        }
        double loss = 0;
        long undefined = 0;
        for (int row = 0; row < chunk.Rows; row++)
        {
            float value = job.Sums.Value[row];
            loss += value;
            if (float.IsNaN(value)) undefined++;
            if (!chunk.Values.IsEmpty) chunk.Values.Pointer[row] = value;
        }
        if (!o.WantsGradient) return new LinearLossSums(loss, chunk.Rows, undefined);
        bool addsEmbeddings = options.AddToEmbeddings;
        for (int first = 0; first < o.Classes; first += plan.Classes, addsEmbeddings = true)
        {
            if (plan.CutsClasses) Logits(o, chunk, plan, first, ref job);
            Run(plan.CutsClasses ? ClassBlocksPass.Gradient : ClassBlocksPass.Normalize, ref job);
            PutLabels(chunk, first, job);
            Gradients(o, chunk, first, job, addsEmbeddings, options.AddToParameters);
        }
        return new LinearLossSums(loss, chunk.Rows, undefined);
    }

    private void Run(ClassBlocksPass pass, ref ClassBlocksJob<TLanes, TDoubles> job)
    {
        job.Pass = pass;
        _workers.Run(job.Count, ref job, (long)job.Rows * job.Classes);
    }

    /// <summary>
    /// Logits of some classes, class by class and without their bias: <c>W·Eᵀ</c>. W is the side that is read where it lies; embeddings of a chunk are few and packed in no time.
    /// </summary>
    private void Logits(in LinearLossOperands o, in LinearLossChunk chunk, in LinearLossPlan plan, int first, ref ClassBlocksJob<TLanes, TDoubles> job)
    {
        job.Classes = Math.Min(plan.Classes, o.Classes - first);
        Gemm(
            new GemmShape(job.Classes, chunk.Rows, o.Features, false, true, o.LdWeight, chunk.LdEmbeddings, plan.Ld),
            1f,
            o.Weight.Slice((long)first * o.LdWeight),
            chunk.Embeddings,
            0f,
            new Block<float>(job.Logits, (long)job.Classes * plan.Ld),
            default);
        job.Bias = o.Bias.IsEmpty ? null : o.Bias.Pointer + first;
    }

    /// <summary>Takes the labels' logits out: −∞ has no exponential.</summary>
    private static void TakeLabels(in LinearLossChunk chunk, int first, in ClassBlocksJob<TLanes, TDoubles> job)
    {
        for (int row = 0; row < chunk.Rows; row++)
        {
            int label = chunk.Labels.Pointer[row] - first;
            if ((uint)label >= (uint)job.Classes) continue;
            float* z = job.Logits + ((nint)label * job.Sums.Ld) + row;
            job.Sums.Label[row] = job.Bias == null ? *z : *z + job.Bias[label];
            *z = float.NegativeInfinity;
        }
    }

    /// <summary>Puts the gradient at the labels where they were, and into the sums of their classes.</summary>
    private static void PutLabels(in LinearLossChunk chunk, int first, in ClassBlocksJob<TLanes, TDoubles> job)
    {
        for (int row = 0; row < chunk.Rows; row++)
        {
            int label = chunk.Labels.Pointer[row] - first;
            if ((uint)label >= (uint)job.Classes) continue;
            float* z = job.Logits + ((nint)label * job.Sums.Ld) + row;
            if (job.BiasParts != null) job.BiasParts[((long)(row / ClassBlocksJob<TLanes, TDoubles>.RowsTogether) * job.Classes) + label] += job.Sums.AtLabel[row] - *z;
            *z = job.Sums.AtLabel[row];
        }
    }

    /// <summary>What the gradient of some classes' logits gives.</summary>
    private void Gradients(
        in LinearLossOperands o, in LinearLossChunk chunk, int first, in ClassBlocksJob<TLanes, TDoubles> job, bool addsEmbeddings, bool addsParameters)
    {
        int ld = job.Sums.Ld;
        Block<float> gradient = new(job.Logits, (long)job.Classes * ld);
        if (!chunk.EmbeddingGradient.IsEmpty)
        {
            Gemm(
                new GemmShape(chunk.Rows, o.Features, job.Classes, true, false, ld, o.LdWeight, chunk.LdEmbeddingGradient),
                1f,
                gradient,
                o.Weight.Slice((long)first * o.LdWeight),
                addsEmbeddings ? 1f : 0f,
                chunk.EmbeddingGradient,
                default);
        }
        if (!o.WeightGradient.IsEmpty)
        {
            Gemm(
                new GemmShape(job.Classes, o.Features, chunk.Rows, false, false, ld, chunk.LdEmbeddings, o.LdWeightGradient),
                1f,
                gradient,
                chunk.Embeddings,
                addsParameters ? 1f : 0f,
                o.WeightGradient.Slice((long)first * o.LdWeightGradient),
                default);
        }
        if (o.BiasGradient.IsEmpty) return;
        float* bias = o.BiasGradient.Pointer + first;
        for (int c = 0; c < job.Classes; c++)
        {
            double sum = addsParameters ? bias[c] : 0;
            for (int piece = 0; piece < job.RowPieces; piece++) sum += job.BiasParts[((long)piece * job.Classes) + c];
            bias[c] = (float)sum;
        }
    }

    private static void ClearParameters(in LinearLossOperands o)
    {
        if (!o.BiasGradient.IsEmpty) o.BiasGradient.Span.Clear();
        if (o.WeightGradient.IsEmpty) return;
        for (int c = 0; c < o.Classes; c++) new Span<float>(o.WeightGradient.Pointer + ((long)c * o.LdWeightGradient), o.Features).Clear();
    }
}
