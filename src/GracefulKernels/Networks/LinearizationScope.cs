namespace GracefulKernels;

/// <summary>
/// Which part of a network is linearised and trained; what lies before it is a frozen trunk that is run once. The default is <see cref="All"/>.
/// See <see cref="Network.Split"/>.
/// </summary>
public readonly record struct LinearizationScope
{
    private readonly int _blocks;

    private LinearizationScope(int blocks) => _blocks = blocks;

    /// <summary>All parameters; there is no trunk.</summary>
    public static LinearizationScope All => default;

    /// <summary>The last linear layer alone: the trunk gives the features.</summary>
    public static LinearizationScope Head => new(-1);

    /// <summary>Whether this is <see cref="Head"/>.</summary>
    public bool IsHead => _blocks < 0;

    /// <summary>Whether this is <see cref="All"/>.</summary>
    public bool IsAll => _blocks == 0;

    /// <summary>k of <see cref="LastBlocks"/>; 0 for the others.</summary>
    public int Blocks => Math.Max(_blocks, 0);

    /// <summary>The last <paramref name="k"/> of <see cref="Network.Blocks"/>; the head counts as one.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is not positive.</exception>
    public static LinearizationScope LastBlocks(int k) => new(Check.Positive(k));

    /// <summary><c>all</c>, <c>head</c> or <c>last 2 blocks</c>.</summary>
    public override string ToString() => _blocks switch
    {
        0 => "all",
        < 0 => "head",
        1 => "last block",
        _ => $"last {_blocks} blocks",
    };
}
