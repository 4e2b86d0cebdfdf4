using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>What <see cref="LinearCrossEntropy"/> reads and writes, wherever it lies. A matrix or vector that is left out is the default.</summary>
internal readonly record struct LinearCrossEntropyOperands
{
    /// <summary>E [rows × features].</summary>
    public MatrixView<float> Embeddings { get; init; }

    /// <summary>[rows].</summary>
    public Block<int> Labels { get; init; }

    /// <summary>W [classes × features].</summary>
    public MatrixView<float> Weight { get; init; }

    /// <summary>b [classes].</summary>
    public Block<float> Bias { get; init; }

    /// <summary>dE [rows × features].</summary>
    public MatrixView<float> EmbeddingGradient { get; init; }

    /// <summary>dW [classes × features].</summary>
    public MatrixView<float> WeightGradient { get; init; }

    /// <summary>db [classes].</summary>
    public Block<float> BiasGradient { get; init; }

    /// <summary>[rows].</summary>
    public Block<float> PerSample { get; init; }

    /// <summary>Everything that a call can refuse but the labels, which are many: those are checked last.</summary>
    public void Validate()
    {
        Check.Classes(Weight.Rows);
        if (Weight.Columns < 1) throw new ArgumentException($"weight is [{Weight.Rows} × {Weight.Columns}]; expected at least one feature.", "weight");
        long rows = Labels.Length, classes = Weight.Rows, features = Weight.Columns;
        Check.KernelSizes(Weight, "weight");
        Check.Shape(Embeddings, rows, features, "embeddings", Check.RowsOfLabels);
        if (!Bias.IsEmpty) Check.Length(Bias, classes, "bias", "classes");
        if (!EmbeddingGradient.IsAbsent) Check.Shape(EmbeddingGradient, rows, features, "embeddingGradient", Check.RowsOfLabels);
        if (!WeightGradient.IsAbsent) Check.Shape(WeightGradient, classes, features, "weightGradient", "classes × features of the head");
        if (!BiasGradient.IsEmpty) Check.Length(BiasGradient, classes, "biasGradient", "classes of the head");
        if (!PerSample.IsEmpty) Check.Length(PerSample, rows, "perSample", Check.RowsOfLabels);
        ValidateApart("perSample");
    }

    /// <summary>No output overlaps an input or another output.</summary>
    /// <param name="values">What the values of the rows are called.</param>
    public void ValidateApart(string values)
    {
        ReadOnlySpan<Extent> outputs = [EmbeddingGradient.Extent, WeightGradient.Extent, Extent.Of(BiasGradient), Extent.Of(PerSample)];
        ReadOnlySpan<string> names = ["embeddingGradient", "weightGradient", "biasGradient", values];
        for (int i = 0; i < outputs.Length; i++)
        {
            Check.Apart(outputs[i], Embeddings.Extent, names[i], "embeddings");
            Check.Apart(outputs[i], Extent.Of(Labels), names[i], "labels");
            Check.Apart(outputs[i], Weight.Extent, names[i], "a head's weight");
            Check.Apart(outputs[i], Extent.Of(Bias), names[i], "a head's bias");
            for (int j = i + 1; j < outputs.Length; j++) Check.Apart(outputs[i], outputs[j], names[i], names[j]);
        }
    }

    /// <summary>The kernel's operands; sizes have been checked.</summary>
    public LinearLossOperands ToKernel() => new()
    {
        Rows = (int)Labels.Length,
        Features = (int)Weight.Columns,
        Classes = (int)Weight.Rows,
        Embeddings = Embeddings.Data,
        LdEmbeddings = (int)Embeddings.Ld,
        Weight = Weight.Data,
        LdWeight = (int)Weight.Ld,
        Bias = Bias,
        Labels = Labels,
        EmbeddingGradient = EmbeddingGradient.Data,
        LdEmbeddingGradient = (int)EmbeddingGradient.Ld,
        WeightGradient = WeightGradient.Data,
        LdWeightGradient = (int)WeightGradient.Ld,
        BiasGradient = BiasGradient,
        Values = PerSample,
    };
}
