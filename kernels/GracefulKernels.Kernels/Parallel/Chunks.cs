namespace GracefulKernels.Kernels;

/// <summary>
/// How work over many elements is cut. The size is fixed, never a function of the number of threads: a reduction combines its partial
/// sums in chunk order, so its bits depend on the shape alone. One chunk takes a few microseconds, many times what it costs to hand one
/// over, and work of one chunk stays on its caller.
/// </summary>
internal static class Chunks
{
    /// <summary>Elements of a chunk: 128 KB of fp32, which leaves room in a private L2 cache for a second operand and the result.</summary>
    public const int Elements = 1 << 15;

    /// <summary>Number of chunks of <paramref name="size"/> that cover <paramref name="length"/>.</summary>
    public static int Count(long length, long size = Elements) => checked((int)((length + size - 1) / size));

    /// <summary>Whole rows of <paramref name="columns"/> elements that make one chunk, at least one.</summary>
    public static long Rows(long columns) => Math.Max(1, Elements / Math.Max(columns, 1));
}
