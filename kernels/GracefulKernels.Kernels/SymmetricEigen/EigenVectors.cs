using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Vector work of the eigensolver over lanes. Rows are padded to whole lanes where nothing else is said.</summary>
internal static unsafe class EigenVectors<TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
{
    public const int Lane = IDoubleLanes<TDoubles>.Count;

    /// <summary>The next multiple of the lanes.</summary>
    public static int Pad(int n) => (n + Lane - 1) / Lane * Lane;

    /// <summary>
    /// Distance of rows of n elements: whole cache lines, an odd number of them. Neighbouring rows then do not meet in the same places of the caches,
    /// as those of a multiple of 4 KB do.
    /// </summary>
    public static int Pitch(int n)
    {
        int lanes = (n + Lane - 1) / Lane;
        return (lanes | 1) * Lane;
    }

    /// <summary>xᵀ·y, four sums side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(double* x, double* y, int padded)
    {
        TDoubles s0 = TDoubles.Zero, s1 = TDoubles.Zero, s2 = TDoubles.Zero, s3 = TDoubles.Zero;
        int c = 0;
        for (; c + (4 * Lane) <= padded; c += 4 * Lane)
        {
            s0 = TDoubles.MultiplyAdd(TDoubles.Load(x + c), TDoubles.Load(y + c), s0);
            s1 = TDoubles.MultiplyAdd(TDoubles.Load(x + c + Lane), TDoubles.Load(y + c + Lane), s1);
            s2 = TDoubles.MultiplyAdd(TDoubles.Load(x + c + (2 * Lane)), TDoubles.Load(y + c + (2 * Lane)), s2);
            s3 = TDoubles.MultiplyAdd(TDoubles.Load(x + c + (3 * Lane)), TDoubles.Load(y + c + (3 * Lane)), s3);
        }
        for (; c < padded; c += Lane) s0 = TDoubles.MultiplyAdd(TDoubles.Load(x + c), TDoubles.Load(y + c), s0);
        return TDoubles.Sum(s0 + s1 + (s2 + s3));
    }

    /// <summary>y += Σ coefficients[t]·(row t), rows <paramref name="ld"/> apart (which may be negative).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddRows(double* y, double* rows, long ld, double* coefficients, int count, int padded)
    {
        int c = 0;
        for (; c + (4 * Lane) <= padded; c += 4 * Lane)
        {
            TDoubles y0 = TDoubles.Load(y + c), y1 = TDoubles.Load(y + c + Lane), y2 = TDoubles.Load(y + c + (2 * Lane)), y3 = TDoubles.Load(y + c + (3 * Lane));
            double* row = rows + c;
            for (int t = 0; t < count; t++, row += ld)
            {
                TDoubles k = TDoubles.Broadcast(coefficients[t]);
                y0 = TDoubles.MultiplyAdd(k, TDoubles.Load(row), y0);
                y1 = TDoubles.MultiplyAdd(k, TDoubles.Load(row + Lane), y1);
                y2 = TDoubles.MultiplyAdd(k, TDoubles.Load(row + (2 * Lane)), y2);
                y3 = TDoubles.MultiplyAdd(k, TDoubles.Load(row + (3 * Lane)), y3);
            }
            TDoubles.Store(y + c, y0);
            TDoubles.Store(y + c + Lane, y1);
            TDoubles.Store(y + c + (2 * Lane), y2);
            TDoubles.Store(y + c + (3 * Lane), y3);
        }
        for (; c < padded; c += Lane)
        {
            TDoubles sum = TDoubles.Load(y + c);
            double* row = rows + c;
            for (int t = 0; t < count; t++, row += ld) sum = TDoubles.MultiplyAdd(TDoubles.Broadcast(coefficients[t]), TDoubles.Load(row), sum);
            TDoubles.Store(y + c, sum);
        }
    }

    /// <summary>y = factor·y + shift·x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ScaleAdd(double* y, double factor, double* x, double shift, int padded)
    {
        TDoubles f = TDoubles.Broadcast(factor), s = TDoubles.Broadcast(shift);
        for (int c = 0; c < padded; c += Lane) TDoubles.Store(y + c, TDoubles.MultiplyAdd(s, TDoubles.Load(x + c), f * TDoubles.Load(y + c)));
    }

    /// <summary>(x, y) = (c·x + s·y, c·y − s·x) of any length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(double* x, double* y, double cosine, double sine, int length)
    {
        TDoubles c = TDoubles.Broadcast(cosine), s = TDoubles.Broadcast(sine), minus = TDoubles.Broadcast(-sine);
        for (int i = 0; i < length; i += Lane)
        {
            int count = Math.Min(Lane, length - i);
            TDoubles a = TDoubles.LoadPartial(x + i, count), b = TDoubles.LoadPartial(y + i, count);
            TDoubles.StorePartial(x + i, count, TDoubles.MultiplyAdd(s, b, c * a));
            TDoubles.StorePartial(y + i, count, TDoubles.MultiplyAdd(minus, a, c * b));
        }
    }

    public static void Copy(double* from, double* to, int count) => new ReadOnlySpan<double>(from, count).CopyTo(new Span<double>(to, count));
}
