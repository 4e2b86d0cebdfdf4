namespace GracefulKernels.Kernels;

/// <summary>
/// How a product of few rows and columns and a long inner dimension is cut so that threads have work: into slices of the inner dimension with a
/// product of their own, added in order. The cut follows from the shape alone.
/// </summary>
internal readonly struct InnerSlices
{
    private const int WantedSlices = 16;
    private const int ShortestSlice = 2048;
    private const long MostElements = 8_192;
    private const long LeastWork = 1_000_000;

    public InnerSlices(int m, int n, int k)
    {
        long elements = (long)m * n;
        int wanted = elements > MostElements || elements * k < LeastWork ? 1 : Math.Clamp(k / ShortestSlice, 1, WantedSlices);
        // Whole cache lines of a row-major left operand.
        Length = (((k + wanted - 1) / wanted) + 15) & ~15;
        Count = wanted == 1 ? 1 : (k + Length - 1) / Length;
    }

    public int Count { get; }

    /// <summary>Length of every slice but the last.</summary>
    public int Length { get; }
}
