using System.Globalization;

namespace GracefulKernels.Cli.Comparison;

/// <summary>A sample that one model has right and the other wrong.</summary>
/// <param name="Row">Its row in the files.</param>
/// <param name="Label">Its label.</param>
/// <param name="Old">What the old model predicts; negative for nothing.</param>
/// <param name="New">What the new model predicts.</param>
internal readonly record struct FlippedSample(long Row, int Label, int Old, int New);

/// <summary>The first flips of either kind, to be shown, and all of them as lines of text where somebody takes them.</summary>
/// <param name="all">Receives CSV: row, label, old and new prediction, kind; in the order of the rows.</param>
/// <param name="shown">The most of a kind that are kept.</param>
internal sealed class FlippedSamples(TextWriter? all = null, int shown = FlippedSamples.Shown)
{
    /// <summary>As many as a page can show.</summary>
    public const int Shown = 100;

    private readonly List<FlippedSample> _negative = [], _positive = [];

    /// <summary>The first samples that the old model has right and the new one wrong.</summary>
    public IReadOnlyList<FlippedSample> Negative => _negative;

    /// <summary>The first samples that the old model has wrong and the new one right.</summary>
    public IReadOnlyList<FlippedSample> Positive => _positive;

    public void WriteHead() => all?.Write("row,label,old,new,kind\n");

    /// <summary>Takes the flips of a block of rows.</summary>
    public void Add(long first, ReadOnlySpan<int> old, ReadOnlySpan<int> now, ReadOnlySpan<int> labels, int ignoreIndex)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            int y = labels[i];
            bool negative = old[i] == y;
            if (y == ignoreIndex || negative == (now[i] == y)) continue;
            List<FlippedSample> kept = negative ? _negative : _positive;
            if (kept.Count < shown) kept.Add(new FlippedSample(first + i, y, old[i], now[i]));
            all?.Write(string.Create(CultureInfo.InvariantCulture, $"{first + i},{y},{old[i]},{now[i]},{(negative ? "negative" : "positive")}\n"));
        }
    }
}
