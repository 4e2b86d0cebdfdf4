namespace GracefulKernels.Cli.Comparison;

/// <summary>A block of one model's rows in memory: logits or predictions.</summary>
internal sealed class OutputBlock
{
    private readonly Predictions _source;
    private readonly float[] _logits = [];
    private readonly int[] _predictions = [];
    private int _rows;

    public OutputBlock(Predictions source, int rows)
    {
        _source = source;
        if (source.AreLogits) _logits = new float[checked(rows * source.Classes)];
        else _predictions = new int[rows];
    }

    public ReadOnlySpan<float> Logits => _logits.AsSpan(0, _rows * _source.Classes);

    /// <summary>Predictions where the file holds them; empty where it holds logits.</summary>
    public ReadOnlySpan<int> Predictions => _predictions.AsSpan(0, _source.AreLogits ? 0 : _rows);

    public void Read(long first, int rows)
    {
        _rows = rows;
        if (_source.AreLogits) _source.Reader.ReadRowsAsFloats(first, _logits.AsSpan(0, rows * _source.Classes));
        else _source.Reader.ReadRowsAsInts(first, _predictions.AsSpan(0, rows));
    }
}
