namespace GracefulKernels.Cli.Comparison;

/// <summary>A block of one model's rows in memory.</summary>
internal sealed class LogitBlock
{
    private readonly Predictions _source;
    private readonly float[] _logits = [];
    private readonly int[] _predictions = [];

    public LogitBlock(Predictions source, int bytes)
    {
        _source = source;
        Rows = (int)Math.Max(1, bytes / 4 / Math.Max(1, source.Classes));
        int held = (int)Math.Min(Rows, source.Rows);
        if (source.AreLogits) _logits = new float[checked(held * source.Classes)];
        _predictions = new int[held];
    }

    public int Rows { get; }

    public void Read(long first, int rows)
    {
        if (!_source.AreLogits)
        {
            _source.Reader.ReadRowsAsInts(first, _predictions.AsSpan(0, rows));
            return;
        }
        _source.Reader.ReadRowsAsFloats(first, _logits.AsSpan(0, rows * _source.Classes));
        for (int i = 0; i < rows; i++) _predictions[i] = Argmax(Row(i));
    }

    public int Prediction(int row) => _predictions[row];

    public double CrossEntropy(int row, int label)
    {
        ReadOnlySpan<float> logits = Row(row);
        float top = float.NegativeInfinity;
        foreach (float v in logits) top = Math.Max(top, v);
        double sum = 0;
        foreach (float v in logits) sum += Math.Exp((double)v - top);
        return Math.Log(sum) + top - logits[label];
    }

    private ReadOnlySpan<float> Row(int row) => _logits.AsSpan(row * _source.Classes, _source.Classes);

    private static int Argmax(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int i = 0; i < row.Length; i++)
        {
            if (float.IsNaN(row[i])) return -1;
            if (row[i] > row[best]) best = i;
        }
        return best;
    }
}
