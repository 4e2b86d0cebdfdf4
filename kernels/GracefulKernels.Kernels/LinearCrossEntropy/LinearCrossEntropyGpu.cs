using System.Diagnostics;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    /// <summary>Rows of a chunk of <see cref="LinearCrossEntropy"/>, at least: products of fewer do not fill a device.</summary>
    private const int LeastLogitRows = 64;

    /// <summary>Logits that are in memory at a time (128 MB), or those of 64 rows where these are more. Tests lower it.</summary>
    internal long LogitElements { get; set; } = 1 << 25;

    public LinearLossSums LinearCrossEntropy(in LinearLossOptions options, in LinearLossOperands operands)
    {
        Debug.Assert(operands.Classes > 0 && operands.Features > 0 && operands.Labels.Length >= operands.Rows);
        using GpuCall call = Begin();
        // Chunk by chunk: what lies on the host comes to the device once, not for each.
        bool adds = options.AddToParameters;
        LinearLossOperands o = operands with
        {
            Embeddings = call.ReadBlock(operands.Embeddings),
            Weight = call.ReadBlock(operands.Weight),
            Bias = call.ReadBlock(operands.Bias),
            Labels = call.ReadBlock(operands.Labels),
            EmbeddingGradient = call.UpdateBlock(operands.EmbeddingGradient),
            WeightGradient = call.UpdateBlock(operands.WeightGradient),
            BiasGradient = call.UpdateBlock(operands.BiasGradient),
            Values = call.UpdateBlock(operands.Values),
        };
        if (o.Rows == 0)
        {
            if (!adds) ClearParameters(call, o);
            return default;
        }
        int most = (int)Math.Clamp(LogitElements / o.Classes, LeastLogitRows, Math.Max(LeastLogitRows, o.Rows));
        Block<float> logits = call.ScratchBlock<float>(GpuScratch.Logits, (long)Math.Min(most, o.Rows) * o.Classes);
        Block<float> embeddings = call.ScratchBlock<float>(GpuScratch.LogitEmbeddings, (long)Math.Min(most, o.Rows) * o.Features);
        LinearLossSums sums = default;
        for (int row = 0; row < o.Rows; row += most, adds = true)
        {
            int rows = Math.Min(most, o.Rows - row);
            Block<float> chunk = embeddings.Slice(0, (long)rows * o.Features), z = logits.Slice(0, (long)rows * o.Classes);
            Block<int> labels = o.Labels.Slice(row, rows);
            Move(call, LinearCrossEntropyGpuKernels.Take, options, o, o.Embeddings, o.LdEmbeddings, row, chunk, labels);
            Gemm(
                new GemmShape(rows, o.Classes, o.Features, false, true, o.Features, o.LdWeight, o.Classes),
                1f,
                chunk,
                o.Weight,
                0f,
                z,
                new Epilogue { Bias = o.Bias });
            RowLossSums part = RowLoss(
                new RowLossOptions { LabelSmoothing = options.LabelSmoothing, IgnoreIndex = options.IgnoreIndex, GradientScale = options.GradientScale },
                new RowLossOperands
                {
                    Rows = rows,
                    Classes = o.Classes,
                    New = z,
                    LdNew = o.Classes,
                    Labels = labels,
                    Gradient = o.WantsGradient ? z : default,
                    Values = o.Values.IsEmpty ? default : o.Values.Slice(row, rows),
                });
            sums += new LinearLossSums(part.Base, part.ValidRows, part.UndefinedRows);
            if (!o.WeightGradient.IsEmpty)
            {
                Gemm(
                    new GemmShape(o.Classes, o.Features, rows, true, false, o.Classes, o.Features, o.LdWeightGradient),
                    1f,
                    z,
                    chunk,
                    adds ? 1f : 0f,
                    o.WeightGradient,
                    default);
            }
            if (!o.BiasGradient.IsEmpty) ColumnSum(rows, o.Classes, z, adds ? 1f : 0f, o.BiasGradient);
            if (o.EmbeddingGradient.IsEmpty) continue;
            // The embeddings have served.
            Gemm(new GemmShape(rows, o.Features, o.Classes, false, false, o.Classes, o.LdWeight, o.Features), 1f, z, o.Weight, 0f, chunk, default);
            Move(call, LinearCrossEntropyGpuKernels.Bring, options, o, o.EmbeddingGradient, o.LdEmbeddingGradient, row, chunk, labels);
        }
        return sums;
    }

    private static void Move(
        in GpuCall call,
        GpuKernel<LinearCrossEntropyGpuKernels.Arguments> kernel,
        in LinearLossOptions options,
        in LinearLossOperands o,
        Block<float> operand,
        int ld,
        int row,
        Block<float> rows,
        Block<int> labels)
    {
        long first = (long)row * ld, length = ((labels.Length - 1) * ld) + o.Features;
        LinearCrossEntropyGpuKernels.Arguments g = new()
        {
            Operand = call.Update(operand.Slice(first, length)),
            Rows = call.Update(rows),
            Labels = call.Read(labels),
            Grid = RowGrid.Of(labels.Length, o.Features, rowsPerThread: 8),
            Ld = ld,
            IgnoreIndex = options.IgnoreIndex,
            Adds = options.AddToEmbeddings ? 1 : 0,
        };
        call.Launch(kernel, g.Grid.Groups(), g);
    }

    private void ClearParameters(in GpuCall call, in LinearLossOperands o)
    {
        if (!o.BiasGradient.IsEmpty) Zero(o.BiasGradient);
        if (o.WeightGradient.IsEmpty) return;
        // No inner step: each row is 0, what lies between rows stays.
        Block<float> nothing = call.ScratchBlock<float>(GpuScratch.LogitEmbeddings, 1);
        Gemm(new GemmShape(o.Classes, o.Features, 0, false, false, 1, o.Features, o.LdWeightGradient), 1f, nothing, nothing, 0f, o.WeightGradient, default);
    }
}
