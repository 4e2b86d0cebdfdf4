using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>What the full ranking of one query's gallery says, found by counting: nothing but the relevant items is sorted.</summary>
internal sealed class RankedRow
{
    private ulong[] _relevant = [];
    private int[] _between = [];
    private readonly ScoreBins _bins = new();

    /// <summary>Items of the query's label, the excluded one aside.</summary>
    public int Relevant { get; private set; }

    /// <summary>Rank of the first of them, from 1; 0 where their scores are NaN.</summary>
    public int FirstRank { get; private set; }

    public double AveragePrecision { get; private set; }

    /// <summary>The best item, −1 for none.</summary>
    public int Best { get; private set; }

    /// <summary>Ranks the items; a NaN score ranks behind all others and counts as never found.</summary>
    public void Rank(ReadOnlySpan<float> scores, ReadOnlySpan<int> labels, int label, int excluded)
    {
        int count = 0;
        ulong best = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (labels[i] != label || i == excluded) continue;
            if (count == _relevant.Length) Array.Resize(ref _relevant, Math.Max(16, 2 * count));
            _relevant[count++] = Key(scores[i], i);
        }
        Span<ulong> relevant = _relevant.AsSpan(0, count);
        relevant.Sort();
        relevant.Reverse();
        if (_between.Length <= count) _between = new int[Math.Max(count + 1, 2 * _between.Length)];
        // between[p]: other items that p relevant ones come before.
        Span<int> between = _between.AsSpan(0, count + 1);
        between.Clear();
        _bins.Set(relevant);
        for (int i = 0; i < scores.Length; i++)
        {
            if (i == excluded) continue;
            ulong key = Key(scores[i], i);
            best = Math.Max(best, key);
            if (labels[i] != label) between[_bins.Larger(relevant, key, scores[i])]++;
        }
        Best = best == 0 ? -1 : RankKey.Index(best);
        Relevant = count;
        FirstRank = 0;
        double sum = 0;
        for (int i = 0, rank = 0; i < count && relevant[i] != 0; i++)
        {
            rank += between[i] + 1;
            if (i == 0) FirstRank = rank;
            sum += (i + 1.0) / rank;
        }
        AveragePrecision = sum / count;
    }

    private static ulong Key(float score, int index) => float.IsNaN(score) ? 0 : RankKey.Of(score, index);
}
