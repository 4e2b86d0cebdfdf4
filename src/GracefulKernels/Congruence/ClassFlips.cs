using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>Flips of each class of the label, added up over blocks of rows.</summary>
internal sealed class ClassFlips(int classes)
{
    // The order of the fields of FlipTable.
    private const int BothRight = 0, BothWrong = 1, PositiveFlip = 2, NegativeFlip = 3, Differ = 4, UndefinedOld = 5, UndefinedNew = 6;

    private readonly long[] _counts = new long[(long)classes * FlipTable.Fields];

    /// <summary>Counts rows; labels and predictions have been checked.</summary>
    public void Add(ReadOnlySpan<int> oldPredictions, ReadOnlySpan<int> newPredictions, ReadOnlySpan<int> labels, int ignoreIndex)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            int y = labels[i], old = oldPredictions[i], now = newPredictions[i];
            if (y == ignoreIndex) continue;
            Span<long> of = _counts.AsSpan(y * FlipTable.Fields, FlipTable.Fields);
            of[old == y ? (now == y ? BothRight : NegativeFlip) : now == y ? PositiveFlip : BothWrong]++;
            if (old != now) of[Differ]++;
            if (old < 0) of[UndefinedOld]++;
            if (now < 0) of[UndefinedNew]++;
        }
    }

    public void Add(ClassFlips other)
    {
        for (int i = 0; i < _counts.Length; i++) _counts[i] += other._counts[i];
    }

    public FlipCounts[] ToTables() => FlipCounts.Tables(_counts);
}
