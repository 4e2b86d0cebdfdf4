using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Exact counts of genuine and impostor pairs by their scores in two passes: first by the upper half of a score's 32 ordered bits, then by the lower half
/// within those classes in which a threshold lies. Memory does not grow with the pairs.
/// </summary>
internal sealed class PairHistogram(int tables)
{
    private const int Size = 1 << 16;

    private readonly long[][] _genuine = [.. Enumerable.Range(0, tables).Select(_ => new long[Size])];
    private readonly long[][] _impostor = [.. Enumerable.Range(0, tables).Select(_ => new long[Size])];

    /// <summary>The score as an integer of the same order; NaN is 0, and no other score has an upper half of 0.</summary>
    public static uint Ordered(float score) => float.IsNaN(score) ? 0 : (uint)(RankKey.Of(score, 0) >> 32);

    public static float Score(uint ordered) => RankKey.Score((ulong)ordered << 32);

    public void Add(int table, uint part, bool isGenuine) => (isGenuine ? _genuine : _impostor)[table][part]++;

    public void Add(PairHistogram other)
    {
        for (int t = 0; t < tables; t++)
        {
            for (int i = 0; i < Size; i++)
            {
                _genuine[t][i] += other._genuine[t][i];
                _impostor[t][i] += other._impostor[t][i];
            }
        }
    }

    public (long Genuine, long Impostor) Total(int table) => (_genuine[table].Sum(), _impostor[table].Sum());

    /// <summary>Pairs of one part.</summary>
    public (long Genuine, long Impostor) At(int table, int part) => (_genuine[table][part], _impostor[table][part]);

    /// <summary>
    /// The part in which the impostor of rank <paramref name="rank"/> (from 0, falling) lies, and the pairs in larger parts. The rank is below the
    /// number of impostors.
    /// </summary>
    public uint Find(int table, long rank, out long genuineAbove, out long impostorsAbove)
    {
        genuineAbove = impostorsAbove = 0;
        for (int part = Size - 1; ; part--)
        {
            if (impostorsAbove + _impostor[table][part] > rank) return (uint)part;
            genuineAbove += _genuine[table][part];
            impostorsAbove += _impostor[table][part];
        }
    }
}
