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
        float* logits = Scratch.Get<float>(ScratchSlot.Logits, (long)plan.Rows * plan.Classes);
        LinearLossSums sums = default;
        bool adds = options.AddToParameters;
        for (int row = 0, next; row < operands.Rows; row = next, adds = true)
        {
            LinearLossChunk chunk = LinearLossChunk.Take(options, operands, row, plan.Rows, out next);
            if (chunk.Rows == 0) break;
            sums += plan.CutsClasses
                ? CutClasses(options, operands, chunk, plan.Classes, adds, logits)
                : WholeRows(options, operands, chunk, adds, logits);
            chunk.Scatter(options, operands);
        }
        return sums;
    }

    /// <summary>Rows with all their classes: logits, their loss and its gradient in their place, the products with it.</summary>
    private LinearLossSums WholeRows(in LinearLossOptions options, in LinearLossOperands o, in LinearLossChunk chunk, bool adds, float* memory)
    {
        Block<float> logits = new(memory, (long)chunk.Rows * o.Classes);
        Logits(o, chunk, 0, o.Classes, logits);
        RowLossSums sums = RowLoss(
            new RowLossOptions { LabelSmoothing = options.LabelSmoothing, IgnoreIndex = options.IgnoreIndex, GradientScale = options.GradientScale },
            new RowLossOperands
            {
                Rows = chunk.Rows,
                Classes = o.Classes,
                New = logits,
                LdNew = o.Classes,
                Labels = chunk.Labels,
                Gradient = o.WantsGradient ? logits : default,
                Values = chunk.Values,
            });
        if (o.WantsGradient) Gradients(o, chunk, 0, o.Classes, logits, options.AddToEmbeddings, adds);
        return new LinearLossSums(sums.Base, sums.ValidRows, sums.UndefinedRows);
    }

    /// <summary>The logits of some classes, [chunk.Rows × classes].</summary>
    private void Logits(in LinearLossOperands o, in LinearLossChunk chunk, int first, int classes, Block<float> logits)
        => Gemm(
            new GemmShape(chunk.Rows, classes, o.Features, false, true, chunk.LdEmbeddings, o.LdWeight, classes),
            1f,
            chunk.Embeddings,
            o.Weight.Slice((long)first * o.LdWeight),
            0f,
            logits,
            o.Bias.IsEmpty ? default : new Epilogue { Bias = o.Bias.Slice(first, classes) });

    /// <summary>What the gradient of some classes' logits, [chunk.Rows × classes], gives.</summary>
    private void Gradients(in LinearLossOperands o, in LinearLossChunk chunk, int first, int classes, Block<float> gradient, bool addsEmbeddings, bool addsParameters)
    {
        if (!chunk.EmbeddingGradient.IsEmpty)
        {
            Gemm(
                new GemmShape(chunk.Rows, o.Features, classes, false, false, classes, o.LdWeight, chunk.LdEmbeddingGradient),
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
                new GemmShape(classes, o.Features, chunk.Rows, true, false, classes, chunk.LdEmbeddings, o.LdWeightGradient),
                1f,
                gradient,
                chunk.Embeddings,
                addsParameters ? 1f : 0f,
                o.WeightGradient.Slice((long)first * o.LdWeightGradient),
                default);
        }
        if (!o.BiasGradient.IsEmpty) ColumnSum(chunk.Rows, classes, gradient, addsParameters ? 1f : 0f, o.BiasGradient.Slice(first, classes));
    }

    private static void ClearParameters(in LinearLossOperands o)
    {
        if (!o.BiasGradient.IsEmpty) o.BiasGradient.Span.Clear();
        if (o.WeightGradient.IsEmpty) return;
        for (int c = 0; c < o.Classes; c++) new Span<float>(o.WeightGradient.Pointer + ((long)c * o.LdWeightGradient), o.Features).Clear();
    }
}
