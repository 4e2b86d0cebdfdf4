using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>What becomes of a product: written, added to what was there, or subtracted from it.</summary>
internal interface ITileStore<TRegister> where TRegister : struct, IDoubleRegister<TRegister>
{
    static abstract TRegister Combine(TRegister product, TRegister old);

    /// <summary>False where the old value must not be read.</summary>
    static abstract bool Reads { get; }
}

/// <summary>
/// The fp64 register tile: <c>to = from ∓ A·B</c> over <see cref="Rows"/> × <see cref="Columns"/> elements. A is a run of rows,
/// <see cref="Depth"/> elements apart (so that every row is one constant away from one pointer); B is packed, the
/// <see cref="Columns"/> elements of each inner index together. Each product is one chain of fused multiply-adds in the order of the
/// inner index.
/// </summary>
internal static unsafe class DoubleTile<TRegister> where TRegister : struct, IDoubleRegister<TRegister>
{
    /// <summary>Rows of the tile; divides <see cref="Step"/>.</summary>
    public static int Rows => TRegister.TileRows;

    /// <summary>Columns of the tile; divides <see cref="Step"/>.</summary>
    public static int Columns => 2 * TRegister.Width;

    /// <summary>Largest inner dimension: a tile's operands then stay together in a first cache of 48 KB.</summary>
    public const int Depth = 192;

    /// <summary>Order of the triangular blocks that are inverted; every size is padded to a multiple of it.</summary>
    public const int Step = 48;

    /// <summary>The product over <paramref name="depth"/> inner indices; <paramref name="from"/> may be <paramref name="to"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TStore>(double* a, double* b, int depth, double* from, int ldFrom, double* to, int ldTo)
        where TStore : ITileStore<TRegister>
    {
        TRegister c00 = TRegister.Zero, c01 = TRegister.Zero, c10 = TRegister.Zero, c11 = TRegister.Zero;
        TRegister c20 = TRegister.Zero, c21 = TRegister.Zero, c30 = TRegister.Zero, c31 = TRegister.Zero;
        TRegister c40 = TRegister.Zero, c41 = TRegister.Zero, c50 = TRegister.Zero, c51 = TRegister.Zero;
        TRegister c60 = TRegister.Zero, c61 = TRegister.Zero, c70 = TRegister.Zero, c71 = TRegister.Zero;
        TRegister c80 = TRegister.Zero, c81 = TRegister.Zero, c90 = TRegister.Zero, c91 = TRegister.Zero;
        TRegister cA0 = TRegister.Zero, cA1 = TRegister.Zero, cB0 = TRegister.Zero, cB1 = TRegister.Zero;
        if (TStore.Reads) PrefetchRows(from, ldFrom);
        double* end = a + depth;
        byte* next = (byte*)(a + (TRegister.TileRows * Depth));
        for (; a < end; a++, b += 2 * TRegister.Width)
        {
            // The tile below is next; its rows are too many streams for the processor to foresee.
            Prefetch.Near(next);
            Prefetch.Near(next + 64);
            next += TRegister.TileRows * sizeof(double);
            TRegister b0 = TRegister.Load(b), b1 = TRegister.Load(b + TRegister.Width);
            Row(a, b0, b1, ref c00, ref c01);
            Row(a + Depth, b0, b1, ref c10, ref c11);
            Row(a + (2 * Depth), b0, b1, ref c20, ref c21);
            Row(a + (3 * Depth), b0, b1, ref c30, ref c31);
            Row(a + (4 * Depth), b0, b1, ref c40, ref c41);
            Row(a + (5 * Depth), b0, b1, ref c50, ref c51);
            if (TRegister.TileRows == 12)
            {
                Row(a + (6 * Depth), b0, b1, ref c60, ref c61);
                Row(a + (7 * Depth), b0, b1, ref c70, ref c71);
                Row(a + (8 * Depth), b0, b1, ref c80, ref c81);
                Row(a + (9 * Depth), b0, b1, ref c90, ref c91);
                Row(a + (10 * Depth), b0, b1, ref cA0, ref cA1);
                Row(a + (11 * Depth), b0, b1, ref cB0, ref cB1);
            }
        }
        Store<TStore>(from, to, c00, c01);
        Store<TStore>(from += ldFrom, to += ldTo, c10, c11);
        Store<TStore>(from += ldFrom, to += ldTo, c20, c21);
        Store<TStore>(from += ldFrom, to += ldTo, c30, c31);
        Store<TStore>(from += ldFrom, to += ldTo, c40, c41);
        Store<TStore>(from += ldFrom, to += ldTo, c50, c51);
        if (TRegister.TileRows != 12) return;
        Store<TStore>(from += ldFrom, to += ldTo, c60, c61);
        Store<TStore>(from += ldFrom, to += ldTo, c70, c71);
        Store<TStore>(from += ldFrom, to += ldTo, c80, c81);
        Store<TStore>(from += ldFrom, to += ldTo, c90, c91);
        Store<TStore>(from += ldFrom, to += ldTo, cA0, cA1);
        Store<TStore>(from + ldFrom, to + ldTo, cB0, cB1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchRows(double* c, int ld)
    {
        for (int r = 0; r < TRegister.TileRows; r++, c += ld)
        {
            Prefetch.Near(c);
            Prefetch.Near(c + (2 * TRegister.Width) - 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row(double* a, TRegister b0, TRegister b1, ref TRegister c0, ref TRegister c1)
    {
        TRegister v = TRegister.Broadcast(a);
        c0 = TRegister.MultiplyAdd(v, b0, c0);
        c1 = TRegister.MultiplyAdd(v, b1, c1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TStore>(double* from, double* to, TRegister c0, TRegister c1) where TStore : ITileStore<TRegister>
    {
        if (TStore.Reads)
        {
            c0 = TStore.Combine(c0, TRegister.Load(from));
            c1 = TStore.Combine(c1, TRegister.Load(from + TRegister.Width));
        }
        TRegister.Store(to, c0);
        TRegister.Store(to + TRegister.Width, c1);
    }

    /// <summary><c>to = A·B</c>.</summary>
    internal readonly struct Assign : ITileStore<TRegister>
    {
        public static bool Reads => false;

        public static TRegister Combine(TRegister product, TRegister old) => product;
    }

    /// <summary><c>to = from + A·B</c>.</summary>
    internal readonly struct Add : ITileStore<TRegister>
    {
        public static bool Reads => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TRegister Combine(TRegister product, TRegister old) => old + product;
    }

    /// <summary><c>to = from − A·B</c>.</summary>
    internal readonly struct Subtract : ITileStore<TRegister>
    {
        public static bool Reads => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TRegister Combine(TRegister product, TRegister old) => old - product;
    }
}
