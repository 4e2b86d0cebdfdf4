namespace GracefulKernels.Cli.Comparison;

/// <summary>A block of one model's rows in memory: logits or predictions.</summary>
internal sealed class OutputBlock
{
    /// <summary>Memory for the blocks of all models together.</summary>
    private const int Bytes = 8 << 20;

    private readonly Predictions _source;
    private readonly float[] _logits = [];
    private readonly int[] _predictions = [];
    private int _rows;

    public OutputBlock(Predictions source, int rows)
    {
        _source = source;
        int held = (int)Math.Min(rows, source.Rows);
        if (source.AreLogits) _logits = new float[checked(held * source.Classes)];
        else _predictions = new int[held];
    }

    public ReadOnlySpan<float> Logits => _logits.AsSpan(0, _rows * _source.Classes);

    /// <summary>Predictions where the file holds them; empty where it holds logits.</summary>
    public ReadOnlySpan<int> Predictions => _predictions.AsSpan(0, _source.AreLogits ? 0 : _rows);

    /// <summary>Rows of a block: some megabytes, however many models and classes.</summary>
    public static int RowsOf(IReadOnlyList<Predictions> models) => Math.Max(1, Bytes / sizeof(float) / models.Count / Math.Max(1, models[0].Classes));

    public void Read(long first, int rows)
    {
        _rows = rows;
        if (_source.AreLogits) _source.Reader.ReadRowsAsFloats(first, _logits.AsSpan(0, rows * _source.Classes));
        else _source.Reader.ReadRowsAsInts(first, _predictions.AsSpan(0, rows));
    }
}
