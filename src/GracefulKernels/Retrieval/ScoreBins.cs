using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Counts how many of a sorted list of keys are larger than another. The range of their scores is cut into as many bins as there are keys, so that a few
/// comparisons within one bin do.
/// </summary>
/// <remarks>The bin of a score falls with it, whatever is rounded: keys of other bins need no comparison, and the count is exact.</remarks>
internal sealed class ScoreBins
{
    /// <summary>Fewer keys are searched by halves.</summary>
    private const int FewKeys = 8;

    /// <summary>starts[b]: keys in bins before b.</summary>
    private int[] _starts = [];

    private float _top, _scale;

    /// <summary>0 where there are no bins.</summary>
    private int _count;

    /// <param name="keys">Falling <see cref="RankKey"/>s, 0 for NaN scores.</param>
    public void Set(ReadOnlySpan<ulong> keys)
    {
        _count = 0;
        if (keys.Length < FewKeys || keys[^1] == 0) return;
        float top = RankKey.Score(keys[0]), range = top - RankKey.Score(keys[^1]), scale = keys.Length / range;
        if (!float.IsFinite(top) || !float.IsFinite(range) || !float.IsFinite(scale)) return;
        (_count, _top, _scale) = (keys.Length, top, scale);
        if (_starts.Length < _count + 1) _starts = new int[Math.Max(_count + 1, 2 * _starts.Length)];
        int at = 0;
        for (int bin = 0; bin <= _count; bin++)
        {
            while (at < keys.Length && BinOf(RankKey.Score(keys[at])) < bin) at++;
            _starts[bin] = at;
        }
    }

    /// <summary>How many of the keys are larger than <paramref name="key"/>, whose score is <paramref name="score"/>.</summary>
    public int Larger(ReadOnlySpan<ulong> keys, ulong key, float score)
    {
        int low = 0, high = keys.Length;
        if (_count > 0 && !float.IsNaN(score))
        {
            int bin = BinOf(score);
            low = _starts[bin];
            high = bin == _count ? keys.Length : _starts[bin + 1];
        }
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (keys[middle] > key) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private int BinOf(float score) => (int)Math.Clamp((_top - score) * _scale, 0f, _count);
}
