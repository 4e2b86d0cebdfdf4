namespace GracefulKernels.Kernels;

/// <summary>
/// What to ask memory for while a register tile is multiplied: the rows of the next tile, a few cache lines with every sixteen steps of the
/// inner dimension. The hardware's own guesses end at each page and at each row, and a tile has many short rows.
/// </summary>
internal unsafe struct Lookahead
{
    /// <summary>Steps of the inner dimension between two rounds: a cache line of a row-major operand.</summary>
    public const int Steps = 16;

    public const int LineBytes = 64;

    public byte* Start;

    /// <summary>From line to line of one round, in bytes.</summary>
    public nint Stride;

    /// <summary>From round to round, in bytes.</summary>
    public nint Advance;

    /// <summary>Lines of one round; none where nothing follows.</summary>
    public int Lines;

    /// <summary>Share number <paramref name="part"/> of <paramref name="parts"/>: the tile is swept over so many panels.</summary>
    public readonly Lookahead Part(int part, int parts)
    {
        int share = (Lines + parts - 1) / parts, first = Math.Min(part * share, Lines);
        return this with { Start = Start + (first * Stride), Lines = Math.Min(share, Lines - first) };
    }
}
