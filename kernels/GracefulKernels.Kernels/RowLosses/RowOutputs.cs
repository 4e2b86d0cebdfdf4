namespace GracefulKernels.Kernels;

/// <summary>What the caller asked for of each row beside its gradient: values and predictions.</summary>
internal static unsafe class RowOutputs
{
    public static void Write(in RowLossOperands operands, int row, int rows, RowStatistics statistics)
    {
        if (!operands.Values.IsEmpty)
        {
            new ReadOnlySpan<float>(statistics[RowStatistic.Value], rows).CopyTo(new Span<float>(operands.Values.Pointer + row, rows));
        }
        if (!operands.PredictionsNew.IsEmpty) Predictions(statistics[RowStatistic.ArgmaxNew], rows, operands.PredictionsNew.Pointer + row);
        if (!operands.PredictionsOld.IsEmpty && !operands.Old.IsEmpty)
        {
            Predictions(statistics[RowStatistic.ArgmaxOld], rows, operands.PredictionsOld.Pointer + row);
        }
    }

    private static void Predictions(float* from, int rows, int* to)
    {
        for (int r = 0; r < rows; r++) to[r] = float.ConvertToIntegerNative<int>(from[r]);
    }
}
