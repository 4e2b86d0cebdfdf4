using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>What <see cref="CongruenceLoss"/> reads and writes, wherever it lies. A matrix or vector that is left out is the default.</summary>
internal readonly record struct CongruenceOperands
{
    /// <summary>[rows × classes].</summary>
    public MatrixView<float> New { get; init; }

    /// <summary>[rows × old classes].</summary>
    public MatrixView<float> Old { get; init; }

    /// <summary>[rows × classes].</summary>
    public MatrixView<float> Reference { get; init; }

    /// <summary>[rows].</summary>
    public Block<int> Labels { get; init; }

    /// <summary>[rows × classes]; without gaps where there is a class map.</summary>
    public MatrixView<float> Gradient { get; init; }

    /// <summary>[rows].</summary>
    public Block<float> PerSample { get; init; }

    /// <summary>[rows].</summary>
    public Block<int> NewPredictions { get; init; }

    /// <summary>[rows].</summary>
    public Block<int> OldPredictions { get; init; }

    /// <summary>Everything that a call can refuse but the labels, which are many: those are checked last.</summary>
    public void Validate(CongruenceOptions options, ClassMap? classMap)
    {
        Check.Classes(New.Columns);
        long rows = Labels.Length, classes = New.Columns;
        Check.Shape(New, rows, classes, "newLogits", Check.RowsOfLabels);
        if (classMap is not null && classMap.NewClasses != classes)
        {
            throw new ArgumentException($"classMap is of {classMap.NewClasses} new classes; expected {classes} (classes).", nameof(classMap));
        }
        long oldClasses = classMap?.OldClasses ?? classes;
        if (!Old.IsAbsent) Check.Shape(Old, rows, oldClasses, "oldLogits", Check.RowsOfLabels);
        else if (options.Distance != CongruenceDistance.None && rows > 0)
        {
            throw new ArgumentException($"oldLogits is empty; the distance {options.Distance} needs [{rows} × {oldClasses}].", "oldLogits");
        }
        if (options is { Distance: CongruenceDistance.LogitDifference, RankBy: RankBy.Reference })
        {
            Check.Shape(Reference, rows, classes, "referenceLogits", Check.RowsOfLabels);
        }
        else if (!Reference.Data.IsEmpty)
        {
            throw new ArgumentException(
                $"referenceLogits has {Reference.Rows * Reference.Columns} elements; expected none but for LogitDifference ranked by Reference.", "referenceLogits");
        }
        CheckOutputs(rows, classes);
    }

    private void CheckOutputs(long rows, long classes)
    {
        if (!Gradient.IsAbsent) Check.Shape(Gradient, rows, classes, "gradient", Check.RowsOfLabels);
        if (!PerSample.IsEmpty) Check.Length(PerSample, rows, "perSample", Check.RowsOfLabels);
        if (!NewPredictions.IsEmpty) Check.Length(NewPredictions, rows, "newPredictions", Check.RowsOfLabels);
        if (!OldPredictions.IsEmpty)
        {
            Check.Length(OldPredictions, rows, "oldPredictions", Check.RowsOfLabels);
            if (Old.Data.IsEmpty) throw new ArgumentException("oldPredictions cannot be filled: oldLogits is empty.", "oldPredictions");
        }
        Extent labels = Extent.Of(Labels), values = Extent.Of(PerSample), ofNew = Extent.Of(NewPredictions), ofOld = Extent.Of(OldPredictions);
        bool inPlace = Gradient.Extent == New.Extent;
        if (!inPlace && Gradient.Extent.Overlaps(New.Extent)) throw new ArgumentException("gradient overlaps newLogits without being the same memory.", "gradient");
        Apart(Gradient.Extent, "gradient", labels, "labels");
        Apart(Gradient.Extent, "gradient", Old.Extent, "oldLogits");
        Apart(Gradient.Extent, "gradient", Reference.Extent, "referenceLogits");
        Span<Extent> outputs = [values, ofNew, ofOld];
        ReadOnlySpan<string> names = ["perSample", "newPredictions", "oldPredictions"];
        for (int i = 0; i < outputs.Length; i++)
        {
            Apart(outputs[i], names[i], Reference.Extent, "referenceLogits");
            Apart(outputs[i], names[i], New.Extent, "newLogits");
            Apart(outputs[i], names[i], Old.Extent, "oldLogits");
            Apart(outputs[i], names[i], Gradient.Extent, "gradient");
            Apart(outputs[i], names[i], labels, "labels");
            for (int j = i + 1; j < outputs.Length; j++) Apart(outputs[i], names[i], outputs[j], names[j]);
        }
    }

    private static void Apart(Extent output, string name, Extent other, string otherName) => Check.Apart(output, other, name, otherName);
}
