using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Factor and inverse of one small block (order <see cref="Order"/>), row by row over lanes. A block is [48 × 48] contiguous; what lies behind a shorter one
/// is the identity.
/// </summary>
internal static unsafe class TriangularStep<TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Order = 48;
    private const int Lane = IDoubleLanes<TDoubles>.Count;

    /// <summary>
    /// <c>A = UᵀU</c> in place, the upper triangle of <paramref name="u"/> only: in this form the update of a row is contiguous. Returns −1,
    /// or the first of the <paramref name="count"/> columns whose pivot is not positive and finite.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Factor(double* u, int count)
    {
        for (int j = 0; j < count; j++)
        {
            double* row = u + (j * Order);
            double pivot = row[j];
            if (!(pivot > 0) || double.IsInfinity(pivot)) return j;
            double root = Math.Sqrt(pivot);
            TDoubles divisor = TDoubles.Broadcast(root);
            // From the start of the vector that holds column j: what lies left of the diagonal is not part of the factor.
            for (int c = j / Lane * Lane; c < Order; c += Lane) TDoubles.Store(row + c, TDoubles.Load(row + c) / divisor);
            row[j] = root;
            for (int i = j + 1; i < count; i++)
            {
                double* other = u + (i * Order);
                TDoubles factor = TDoubles.Broadcast(-row[i]);
                for (int c = i / Lane * Lane; c < Order; c += Lane)
                {
                    TDoubles.Store(other + c, TDoubles.MultiplyAdd(factor, TDoubles.Load(row + c), TDoubles.Load(other + c)));
                }
            }
        }
        return -1;
    }

    /// <summary>
    /// <c>W = L⁻¹</c>, [48 × 48] with zeros above the diagonal: <c>W[i, ·] = (eᵢ − Σ_{k &lt; i} L[i, k]·W[k, ·]) / L[i, i]</c>.
    /// <paramref name="l"/>(i, k) is at <c>i·rowStride + k·columnStride</c>, so that U serves as well.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Invert(double* l, int rowStride, int columnStride, int count, double* w)
    {
        new Span<double>(w, Order * Order).Clear();
        for (int i = 0; i < Order; i++) w[(i * Order) + i] = 1;
        // A finished row goes to all rows below at once: they do not wait for one another, as the terms of one row would.
        for (int k = 0; k < count; k++)
        {
            double* row = w + (k * Order), factors = l + ((long)k * columnStride);
            TDoubles divisor = TDoubles.Broadcast(factors[(long)k * rowStride]);
            for (int c = 0; c <= k; c += Lane) TDoubles.Store(row + c, TDoubles.Load(row + c) / divisor);
            for (int i = k + 1; i < count; i++)
            {
                double* other = w + (i * Order);
                TDoubles factor = TDoubles.Broadcast(-factors[(long)i * rowStride]);
                for (int c = 0; c <= k; c += Lane)
                {
                    TDoubles.Store(other + c, TDoubles.MultiplyAdd(factor, TDoubles.Load(row + c), TDoubles.Load(other + c)));
                }
            }
        }
    }
}
