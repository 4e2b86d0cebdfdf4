using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The register tile: <typeparamref name="TRows"/> rows by two registers, held in registers over the whole inner dimension. Each
/// element is one chain of fused multiply-adds in the order of the segments. It reads exactly its rows of A and whole registers of B,
/// and writes whole registers.
/// </summary>
/// <remarks>The locals are spelled out because an array of registers would live in memory.</remarks>
internal static unsafe class MicroKernel<TRegister, V, TRows>
    where TRegister : struct, IRegister<V>
    where V : struct
    where TRows : struct, ISize
{
    /// <summary>Steps of the inner dimension by which a panel of B is asked for ahead: as long as the second-level cache takes, and a little more.</summary>
    private const int StepsAhead = 24;

    /// <summary>Brings A·B to <paramref name="c"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(in RowTile a, float* b, nint stepB, float* c, nint ldc, TileStore store)
    {
        V l0 = TRegister.Zero, h0 = TRegister.Zero;
        V l1 = TRegister.Zero, h1 = TRegister.Zero;
        V l2 = TRegister.Zero, h2 = TRegister.Zero;
        V l3 = TRegister.Zero, h3 = TRegister.Zero;
        V l4 = TRegister.Zero, h4 = TRegister.Zero;
        V l5 = TRegister.Zero, h5 = TRegister.Zero;
        V l6 = TRegister.Zero, h6 = TRegister.Zero;
        V l7 = TRegister.Zero, h7 = TRegister.Zero;
        V l8 = TRegister.Zero, h8 = TRegister.Zero;
        V l9 = TRegister.Zero, h9 = TRegister.Zero;
        V l10 = TRegister.Zero, h10 = TRegister.Zero;
        V l11 = TRegister.Zero, h11 = TRegister.Zero;
        V l12 = TRegister.Zero, h12 = TRegister.Zero;
        V l13 = TRegister.Zero, h13 = TRegister.Zero;
        nint row = a.RowStride, row2 = 2 * row, step = a.Step;
        byte* ahead = a.Ahead.Start;
        // Where nothing is to be asked for, the inner loop is not interrupted.
        nint round = a.Ahead.Lines == 0 ? nint.MaxValue : Lookahead.Steps;
        for (int s = 0; s < a.SegmentCount; s++)
        {
            byte* p0 = (byte*)a.Start + a.Segments[s].Offset;
            byte* p1 = p0 + (3 * row), p2 = p1 + (3 * row), p3 = p2 + (3 * row), p4 = p3 + (3 * row);
            for (nint left = a.Segments[s].Length; left > 0; left -= round)
            {
                for (int line = 0; line < a.Ahead.Lines; line++) Prefetch.IntoSecond(ahead + (line * a.Ahead.Stride));
                ahead += a.Ahead.Advance;
                for (nint k = Math.Min(left, round); k > 0; k--)
                {
                    V low = TRegister.Load(b), high = TRegister.Load(b + TRegister.Width);
                    Prefetch.Near(b + (StepsAhead * stepB));
                    Prefetch.Near(b + (StepsAhead * stepB) + TRegister.Width);
                    b += stepB;
                    if (TRows.Value > 0)
                    {
                        V x = TRegister.Broadcast((float*)(p0));
                        l0 = TRegister.MultiplyAdd(x, low, l0);
                        h0 = TRegister.MultiplyAdd(x, high, h0);
                    }
                    if (TRows.Value > 1)
                    {
                        V x = TRegister.Broadcast((float*)(p0 + row));
                        l1 = TRegister.MultiplyAdd(x, low, l1);
                        h1 = TRegister.MultiplyAdd(x, high, h1);
                    }
                    if (TRows.Value > 2)
                    {
                        V x = TRegister.Broadcast((float*)(p0 + row2));
                        l2 = TRegister.MultiplyAdd(x, low, l2);
                        h2 = TRegister.MultiplyAdd(x, high, h2);
                    }
                    if (TRows.Value > 3)
                    {
                        V x = TRegister.Broadcast((float*)(p1));
                        l3 = TRegister.MultiplyAdd(x, low, l3);
                        h3 = TRegister.MultiplyAdd(x, high, h3);
                    }
                    if (TRows.Value > 4)
                    {
                        V x = TRegister.Broadcast((float*)(p1 + row));
                        l4 = TRegister.MultiplyAdd(x, low, l4);
                        h4 = TRegister.MultiplyAdd(x, high, h4);
                    }
                    if (TRows.Value > 5)
                    {
                        V x = TRegister.Broadcast((float*)(p1 + row2));
                        l5 = TRegister.MultiplyAdd(x, low, l5);
                        h5 = TRegister.MultiplyAdd(x, high, h5);
                    }
                    if (TRows.Value > 6)
                    {
                        V x = TRegister.Broadcast((float*)(p2));
                        l6 = TRegister.MultiplyAdd(x, low, l6);
                        h6 = TRegister.MultiplyAdd(x, high, h6);
                    }
                    if (TRows.Value > 7)
                    {
                        V x = TRegister.Broadcast((float*)(p2 + row));
                        l7 = TRegister.MultiplyAdd(x, low, l7);
                        h7 = TRegister.MultiplyAdd(x, high, h7);
                    }
                    if (TRows.Value > 8)
                    {
                        V x = TRegister.Broadcast((float*)(p2 + row2));
                        l8 = TRegister.MultiplyAdd(x, low, l8);
                        h8 = TRegister.MultiplyAdd(x, high, h8);
                    }
                    if (TRows.Value > 9)
                    {
                        V x = TRegister.Broadcast((float*)(p3));
                        l9 = TRegister.MultiplyAdd(x, low, l9);
                        h9 = TRegister.MultiplyAdd(x, high, h9);
                    }
                    if (TRows.Value > 10)
                    {
                        V x = TRegister.Broadcast((float*)(p3 + row));
                        l10 = TRegister.MultiplyAdd(x, low, l10);
                        h10 = TRegister.MultiplyAdd(x, high, h10);
                    }
                    if (TRows.Value > 11)
                    {
                        V x = TRegister.Broadcast((float*)(p3 + row2));
                        l11 = TRegister.MultiplyAdd(x, low, l11);
                        h11 = TRegister.MultiplyAdd(x, high, h11);
                    }
                    if (TRows.Value > 12)
                    {
                        V x = TRegister.Broadcast((float*)(p4));
                        l12 = TRegister.MultiplyAdd(x, low, l12);
                        h12 = TRegister.MultiplyAdd(x, high, h12);
                    }
                    if (TRows.Value > 13)
                    {
                        V x = TRegister.Broadcast((float*)(p4 + row));
                        l13 = TRegister.MultiplyAdd(x, low, l13);
                        h13 = TRegister.MultiplyAdd(x, high, h13);
                    }
                    p0 += step;
                    p1 += step;
                    p2 += step;
                    p3 += step;
                    p4 += step;
                }
            }
        }
        if (TRows.Value > 0) Put(c, l0, h0, store);
        if (TRows.Value > 1) Put(c + ldc, l1, h1, store);
        if (TRows.Value > 2) Put(c + (2 * ldc), l2, h2, store);
        if (TRows.Value > 3) Put(c + (3 * ldc), l3, h3, store);
        if (TRows.Value > 4) Put(c + (4 * ldc), l4, h4, store);
        if (TRows.Value > 5) Put(c + (5 * ldc), l5, h5, store);
        if (TRows.Value > 6) Put(c + (6 * ldc), l6, h6, store);
        if (TRows.Value > 7) Put(c + (7 * ldc), l7, h7, store);
        if (TRows.Value > 8) Put(c + (8 * ldc), l8, h8, store);
        if (TRows.Value > 9) Put(c + (9 * ldc), l9, h9, store);
        if (TRows.Value > 10) Put(c + (10 * ldc), l10, h10, store);
        if (TRows.Value > 11) Put(c + (11 * ldc), l11, h11, store);
        if (TRows.Value > 12) Put(c + (12 * ldc), l12, h12, store);
        if (TRows.Value > 13) Put(c + (13 * ldc), l13, h13, store);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, V low, V high, TileStore store)
    {
        if (store == TileStore.Stream)
        {
            TRegister.StoreStreaming(c, low);
            TRegister.StoreStreaming(c + TRegister.Width, high);
            return;
        }
        if (store == TileStore.Add)
        {
            low = TRegister.Add(low, TRegister.Load(c));
            high = TRegister.Add(high, TRegister.Load(c + TRegister.Width));
        }
        TRegister.Store(c, low);
        TRegister.Store(c + TRegister.Width, high);
    }
}
