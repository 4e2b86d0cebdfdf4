using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>From the fp32 sums of a group of columns, [d × width], to the fp64 matrix.</summary>
internal static unsafe class CovarianceSums<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Adds the rows from <paramref name="row"/> on to fp64 sums of the same layout, or stores them there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(float* partial, double* sums, int row, int d, int width, bool add)
    {
        for (nint i = (nint)row * width; i < (nint)d * width; i += 16)
        {
            TLanes.Widen(TLanes.Load(partial + i), out TDoubles low, out TDoubles high);
            TDoubles.Store(sums + i, add ? TDoubles.Load(sums + i) + low : low);
            TDoubles.Store(sums + i + 8, add ? TDoubles.Load(sums + i + 8) + high : high);
        }
    }

    /// <summary>
    /// Adds columns <paramref name="column"/> on. Rows of the diagonal block hold both of its triangles (a product's bits do not depend on the
    /// order of its factors); rows below it are added a second time across the diagonal.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddToBothTriangles(double* sums, double* matrix, int column, int columns, int d, int width)
    {
        for (int i = column; i < d; i++)
        {
            double* from = sums + ((nint)i * width), to = matrix + ((nint)i * d) + column;
            for (int j = 0; j < columns; j++) to[j] += from[j];
        }
        for (int j = 0; j < columns; j++)
        {
            double* from = sums + j, to = matrix + ((nint)(column + j) * d);
            for (int i = column + columns; i < d; i++) to[i] += from[(nint)i * width];
        }
    }
}
