using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Native;

/// <summary>Linear layer and cross-entropy in one.</summary>
internal static unsafe class LinearLosses
{
    [UnmanagedCallersOnly(EntryPoint = "gk_linear_cross_entropy")]
    public static int LinearCrossEntropy(
        nint device,
        LinearLossFields* options,
        long rows,
        long features,
        long classes,
        float* embeddings,
        long ldEmbeddings,
        float* weight,
        long ldWeight,
        float* bias,
        int* labels,
        float* embeddingGradient,
        float* weightGradient,
        float* biasGradient,
        float* perSample,
        LinearLossSummary* result)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int n = Argument.Size(rows, "rows"), f = Argument.Size(features, "features", 1), c = Argument.Size(classes, "classes", 1, Labels.MostClasses);
            LinearLossFields chosen = options == null ? LinearLossFields.Default : *options;
            bool mean = Argument.Choice<LossReduction>(chosen.Reduction, 2, "options.reduction") == LossReduction.Mean;
            if (!(chosen.LabelSmoothing >= 0f && chosen.LabelSmoothing < 1f)) throw CallException.Argument($"options.label_smoothing is {chosen.LabelSmoothing}; expected in [0, 1).");
            Operand ofE = Operand.Matrix(embeddings, n, f, ldEmbeddings, "embeddings", "ld_embeddings"), ofW = Operand.Matrix(weight, c, f, ldWeight, "weight", "ld_weight");
            Operand ofBias = Operand.Optional(bias, c, "bias"), ofLabels = Operand.Vector(labels, n, "labels");
            Operand toE = Operand.Optional(embeddingGradient, n, f, "embedding_gradient"), toW = Operand.Optional(weightGradient, c, f, "weight_gradient");
            Operand toBias = Operand.Optional(biasGradient, c, "bias_gradient"), ofValues = Operand.Optional(perSample, n, "per_sample");
            Operand ofResult = Operand.Optional(result, 1, "result");
            ReadOnlySpan<Operand> outputs = [toE, toW, toBias, ofValues, ofResult];
            for (int i = 0; i < outputs.Length; i++)
            {
                outputs[i].Apart(ofE);
                outputs[i].Apart(ofW);
                outputs[i].Apart(ofBias);
                outputs[i].Apart(ofLabels);
                for (int j = 0; j < i; j++) outputs[i].Apart(outputs[j]);
            }
            long valid = Labels.Check(labels, n, c, chosen.IgnoreIndex);
            LinearLossSums sums = use.Target.Kernels.LinearCrossEntropy(
                new LinearLossOptions
                {
                    LabelSmoothing = chosen.LabelSmoothing,
                    IgnoreIndex = chosen.IgnoreIndex,
                    GradientScale = mean ? (float)(1.0 / Math.Max(1, valid)) : 1f,
                    AddToEmbeddings = chosen.AddToGradients != 0,
                    AddToParameters = chosen.AddToGradients != 0,
                },
                new LinearLossOperands
                {
                    Rows = n,
                    Features = f,
                    Classes = c,
                    Embeddings = ofE.Block<float>(),
                    LdEmbeddings = (int)ldEmbeddings,
                    Weight = ofW.Block<float>(),
                    LdWeight = (int)ldWeight,
                    Bias = ofBias.Block<float>(),
                    Labels = ofLabels.Block<int>(),
                    EmbeddingGradient = toE.Block<float>(),
                    LdEmbeddingGradient = f,
                    WeightGradient = toW.Block<float>(),
                    LdWeightGradient = f,
                    BiasGradient = toBias.Block<float>(),
                    Values = ofValues.Block<float>(),
                });
            if (result != null) *result = new LinearLossSummary { Loss = mean ? sums.Loss / sums.ValidRows : sums.Loss, ValidRows = sums.ValidRows, UndefinedRows = sums.UndefinedRows };
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }
}

/// <summary><c>gk_linear_loss_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinearLossFields
{
    public int Reduction, IgnoreIndex;
    public float LabelSmoothing;
    public int AddToGradients;

    /// <summary><c>GK_LINEAR_LOSS_OPTIONS_DEFAULT</c>.</summary>
    public static LinearLossFields Default => new() { IgnoreIndex = -100 };
}

/// <summary><c>gk_linear_loss_result</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinearLossSummary
{
    public double Loss;
    public long ValidRows, UndefinedRows;
}
