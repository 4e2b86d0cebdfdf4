using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// symv from the lower triangle alone: each element is read once and meets both its row and its column. This is half of the arithmetic of the tridiagonal form
/// and bound by memory, so nothing else is read: four rows at a time share the loads of vector and result.
/// </summary>
internal static unsafe class SymmetricProduct<TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Lane = IDoubleLanes<TDoubles>.Count;
    private const int MostChunks = 16;

    /// <summary>Elements of a chunk where there are fewer than the most chunks: some microseconds.</summary>
    private const int ChunkElements = 1 << 15;

    /// <summary>Chunks for order n: by the order alone.</summary>
    public static int Chunks(int n) => Math.Clamp((int)((long)n * n / 2 / ChunkElements), 1, MostChunks);

    /// <summary>First row of a chunk, a multiple of the lanes: all chunks have about the same area.</summary>
    public static int FirstRow(int chunk, int chunks, int n)
        => chunk >= chunks ? n : Math.Min(n, (int)(n * Math.Sqrt((double)chunk / chunks)) / Lane * Lane);

    /// <summary>
    /// What rows <paramref name="first"/> to <paramref name="end"/> of the strictly lower triangle, zeros behind it, give to A·x: y [end, padded to lanes], from zero.
    /// x is zero behind n, where rows are padded.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(double* a, long ld, int first, int end, double* x, double* y)
    {
        new Span<double>(y, EigenVectors<TDoubles>.Pad(end)).Clear();
        int r = first;
        for (; r + 4 <= end; r += 4) FourRows(a + (r * ld), ld, (r + 4 + Lane - 1) / Lane * Lane, x, x + r, y, y + r);
        for (; r < end; r++) OneRow(a + (r * ld), (r + Lane) / Lane * Lane, x, x[r], y, y + r);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(double* a, long ld, int width, double* x, double* own, double* y, double* result)
    {
        double* b = a + ld, c = b + ld, d = c + ld;
        TDoubles s0 = TDoubles.Zero, s1 = TDoubles.Zero, s2 = TDoubles.Zero, s3 = TDoubles.Zero;
        TDoubles x0 = TDoubles.Broadcast(own[0]), x1 = TDoubles.Broadcast(own[1]), x2 = TDoubles.Broadcast(own[2]), x3 = TDoubles.Broadcast(own[3]);
        for (int j = 0; j < width; j += Lane)
        {
            TDoubles v = TDoubles.Load(x + j), sum = TDoubles.Load(y + j);
            TDoubles e0 = TDoubles.Load(a + j), e1 = TDoubles.Load(b + j), e2 = TDoubles.Load(c + j), e3 = TDoubles.Load(d + j);
            s0 = TDoubles.MultiplyAdd(e0, v, s0);
            s1 = TDoubles.MultiplyAdd(e1, v, s1);
            s2 = TDoubles.MultiplyAdd(e2, v, s2);
            s3 = TDoubles.MultiplyAdd(e3, v, s3);
            sum = TDoubles.MultiplyAdd(e0, x0, sum);
            sum = TDoubles.MultiplyAdd(e1, x1, sum);
            sum = TDoubles.MultiplyAdd(e2, x2, sum);
            TDoubles.Store(y + j, TDoubles.MultiplyAdd(e3, x3, sum));
        }
        result[0] += TDoubles.Sum(s0);
        result[1] += TDoubles.Sum(s1);
        result[2] += TDoubles.Sum(s2);
        result[3] += TDoubles.Sum(s3);
    }

    private static void OneRow(double* a, int width, double* x, double own, double* y, double* result)
    {
        TDoubles s = TDoubles.Zero, x0 = TDoubles.Broadcast(own);
        for (int j = 0; j < width; j += Lane)
        {
            TDoubles e = TDoubles.Load(a + j);
            s = TDoubles.MultiplyAdd(e, TDoubles.Load(x + j), s);
            TDoubles.Store(y + j, TDoubles.MultiplyAdd(e, x0, TDoubles.Load(y + j)));
        }
        *result += TDoubles.Sum(s);
    }
}
