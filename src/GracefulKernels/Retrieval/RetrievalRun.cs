namespace GracefulKernels;

/// <summary>One evaluation: the passes over the scores and what they leave.</summary>
internal sealed class RetrievalRun(GallerySearch gallery, int[] galleryLabels, PreparedRows queries, int[] queryLabels, int[] exclude, ScoreBlocks blocks)
{
    private readonly PairHistogram _pairs = new(tables: 1);
    private readonly float[] _bestScores = new float[queries.Rows];
    private readonly bool[] _bestIsRight = new bool[queries.Rows];

    /// <summary>Rank of each query's first match, from 1; 0 where none is found, −1 where there is none.</summary>
    public int[] FirstRanks { get; } = new int[queries.Rows];

    /// <summary>NaN where there is no match.</summary>
    public double[] AveragePrecisions { get; } = new double[queries.Rows];

    public void Rank(bool countsPairs)
        => blocks.ForEach(
            () => (Row: new RankedRow(), Pairs: countsPairs ? new PairHistogram(tables: 1) : null),
            (query, scores, own) =>
            {
                int label = queryLabels[query], excluded = Excluded(query);
                own.Row.Rank(scores, galleryLabels, label, excluded);
                bool matches = own.Row.Relevant > 0;
                FirstRanks[query] = matches ? own.Row.FirstRank : -1;
                AveragePrecisions[query] = matches ? own.Row.AveragePrecision : double.NaN;
                int best = own.Row.Best;
                _bestScores[query] = best < 0 ? float.NaN : Comparable(query, scores[best]);
                _bestIsRight[query] = best >= 0 && galleryLabels[best] == label;
                if (own.Pairs is null) return;
                for (int i = 0; i < scores.Length; i++)
                {
                    if (i != excluded) own.Pairs.Add(0, PairHistogram.Ordered(Comparable(query, scores[i])) >> 16, galleryLabels[i] == label);
                }
            },
            own =>
            {
                if (own.Pairs is not null) _pairs.Add(own.Pairs);
            });

    /// <summary>1:1 verification; scores are computed once more.</summary>
    public VerificationPoint[] Verify(double[] rates)
    {
        if (rates.Length == 0) return [];
        (long genuine, long impostor) = _pairs.Total(0);
        long[] ranks = [.. rates.Select(rate => (long)Math.Floor(rate * impostor))];
        uint[] upper = new uint[rates.Length];
        long[] genuineAbove = new long[rates.Length], impostorsAbove = new long[rates.Length];
        for (int t = 0; t < rates.Length; t++)
        {
            if (ranks[t] < impostor) upper[t] = _pairs.Find(0, ranks[t], out genuineAbove[t], out impostorsAbove[t]);
        }
        PairHistogram within = Within(upper);
        var points = new VerificationPoint[rates.Length];
        for (int t = 0; t < rates.Length; t++)
        {
            if (impostor == 0)
            {
                points[t] = new(rates[t], double.NaN, genuine, 0, 0, 0);
                continue;
            }
            if (ranks[t] >= impostor)
            {
                // A rate of 1: everything that has a score is accepted.
                (long genuineNaN, long impostorNaN) = _pairs.At(0, 0);
                points[t] = new(rates[t], Reported(float.NegativeInfinity), genuine, impostor, genuine - genuineNaN, impostor - impostorNaN);
                continue;
            }
            uint lower = within.Find(t, ranks[t] - impostorsAbove[t], out long g, out long i);
            uint threshold = (upper[t] << 16) | lower;
            points[t] = new(
                rates[t], threshold == 0 ? double.NaN : Reported(PairHistogram.Score(threshold)), genuine, impostor, genuineAbove[t] + g, impostorsAbove[t] + i);
        }
        return points;
    }

    /// <summary>Open-set identification.</summary>
    public IdentificationPoint Identify(double rate)
    {
        float[] others = [.. Enumerable.Range(0, FirstRanks.Length).Where(q => FirstRanks[q] < 0).Select(q => float.IsNaN(_bestScores[q]) ? float.NegativeInfinity : _bestScores[q])];
        int mated = FirstRanks.Length - others.Length;
        if (others.Length == 0) return new(rate, double.NaN, mated, 0, 0, 0);
        Array.Sort(others);
        Array.Reverse(others);
        int rank = (int)Math.Floor(rate * others.Length);
        float threshold = rank < others.Length ? others[rank] : float.NegativeInfinity;
        bool Accepts(int q) => rank >= others.Length ? !float.IsNaN(_bestScores[q]) : _bestScores[q] > threshold;
        int identified = Enumerable.Range(0, FirstRanks.Length).Count(q => FirstRanks[q] >= 0 && _bestIsRight[q] && Accepts(q));
        int accepted = Enumerable.Range(0, FirstRanks.Length).Count(q => FirstRanks[q] < 0 && Accepts(q));
        return new(rate, Reported(threshold), mated, others.Length, identified, accepted);
    }

    /// <summary>The pairs whose scores begin with the upper halves, by the lower ones.</summary>
    private PairHistogram Within(uint[] upper)
    {
        var all = new PairHistogram(upper.Length);
        blocks.ForEach(
            () => new PairHistogram(upper.Length),
            (query, scores, own) =>
            {
                int label = queryLabels[query], excluded = Excluded(query);
                for (int i = 0; i < scores.Length; i++)
                {
                    if (i == excluded) continue;
                    uint ordered = PairHistogram.Ordered(Comparable(query, scores[i]));
                    for (int t = 0; t < upper.Length; t++)
                    {
                        if (ordered >> 16 == upper[t]) own.Add(t, ordered & 0xFFFF, galleryLabels[i] == label);
                    }
                }
            },
            all.Add);
        return all;
    }

    private int Excluded(int query) => exclude.Length == 0 ? -1 : exclude[query];

    /// <summary>A score that can be compared with another query's: −‖q − x‖² where distances rank.</summary>
    private float Comparable(int query, float score)
        => gallery.Similarity == Similarity.Euclidean ? (float)Math.Min(0, (2.0 * score) - queries.Squares[query]) : score;

    /// <summary>A comparable score in the units of the similarity.</summary>
    private double Reported(float comparable) => gallery.Similarity == Similarity.Euclidean ? Math.Sqrt(-(double)comparable) : comparable;
}
