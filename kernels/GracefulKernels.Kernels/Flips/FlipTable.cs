namespace GracefulKernels.Kernels;

/// <summary>
/// The 2×2 table of old against new, and the rows whose predictions differ. Plain sums: tables of parts of the data add up.
/// </summary>
internal readonly record struct FlipTable(
    long BothRight, long BothWrong, long PositiveFlips, long NegativeFlips, long Differ, long UndefinedOld, long UndefinedNew)
{
    /// <summary>Counts in a table.</summary>
    public const int Fields = 7;

    public static FlipTable operator +(FlipTable a, FlipTable b) => new(
        a.BothRight + b.BothRight,
        a.BothWrong + b.BothWrong,
        a.PositiveFlips + b.PositiveFlips,
        a.NegativeFlips + b.NegativeFlips,
        a.Differ + b.Differ,
        a.UndefinedOld + b.UndefinedOld,
        a.UndefinedNew + b.UndefinedNew);
}
