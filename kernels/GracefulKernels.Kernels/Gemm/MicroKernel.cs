using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The register tile: <typeparamref name="TRows"/> rows by one or two registers, held in registers over the whole inner dimension. Each
/// element is one chain of fused multiply-adds in the order of the segments. It reads exactly its rows of A and whole registers of B,
/// and writes whole registers.
/// </summary>
/// <remarks>The locals are spelled out because an array of registers would live in memory.</remarks>
internal static unsafe class MicroKernel<V, TRows, TColumns>
    where V : struct, IRegister<V>
    where TRows : struct, ISize
    where TColumns : struct, ISize
{
    /// <summary>Stores A·B at <paramref name="c"/>, or adds it to what is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(in RowTile a, float* b, nint stepB, float* c, nint ldc, bool add)
    {
        V l0 = V.Zero, h0 = V.Zero;
        V l1 = V.Zero, h1 = V.Zero;
        V l2 = V.Zero, h2 = V.Zero;
        V l3 = V.Zero, h3 = V.Zero;
        V l4 = V.Zero, h4 = V.Zero;
        V l5 = V.Zero, h5 = V.Zero;
        V l6 = V.Zero, h6 = V.Zero;
        V l7 = V.Zero, h7 = V.Zero;
        V l8 = V.Zero, h8 = V.Zero;
        V l9 = V.Zero, h9 = V.Zero;
        V l10 = V.Zero, h10 = V.Zero;
        V l11 = V.Zero, h11 = V.Zero;
        V l12 = V.Zero, h12 = V.Zero;
        V l13 = V.Zero, h13 = V.Zero;
        nint row = a.RowStride, row2 = 2 * row, step = a.Step;
        for (int s = 0; s < a.SegmentCount; s++)
        {
            byte* p0 = (byte*)a.Start + a.Segments[s].Offset;
            byte* p1 = p0 + (3 * row), p2 = p1 + (3 * row), p3 = p2 + (3 * row), p4 = p3 + (3 * row);
            for (nint k = a.Segments[s].Length; k > 0; k--)
            {
                V low = V.Load(b), high = TColumns.Value > 1 ? V.Load(b + V.Width) : V.Zero;
                b += stepB;
                if (TRows.Value > 0)
                {
                    V x = V.Broadcast((float*)(p0));
                    l0 = V.MultiplyAdd(x, low, l0);
                    if (TColumns.Value > 1) h0 = V.MultiplyAdd(x, high, h0);
                }
                if (TRows.Value > 1)
                {
                    V x = V.Broadcast((float*)(p0 + row));
                    l1 = V.MultiplyAdd(x, low, l1);
                    if (TColumns.Value > 1) h1 = V.MultiplyAdd(x, high, h1);
                }
                if (TRows.Value > 2)
                {
                    V x = V.Broadcast((float*)(p0 + row2));
                    l2 = V.MultiplyAdd(x, low, l2);
                    if (TColumns.Value > 1) h2 = V.MultiplyAdd(x, high, h2);
                }
                if (TRows.Value > 3)
                {
                    V x = V.Broadcast((float*)(p1));
                    l3 = V.MultiplyAdd(x, low, l3);
                    if (TColumns.Value > 1) h3 = V.MultiplyAdd(x, high, h3);
                }
                if (TRows.Value > 4)
                {
                    V x = V.Broadcast((float*)(p1 + row));
                    l4 = V.MultiplyAdd(x, low, l4);
                    if (TColumns.Value > 1) h4 = V.MultiplyAdd(x, high, h4);
                }
                if (TRows.Value > 5)
                {
                    V x = V.Broadcast((float*)(p1 + row2));
                    l5 = V.MultiplyAdd(x, low, l5);
                    if (TColumns.Value > 1) h5 = V.MultiplyAdd(x, high, h5);
                }
                if (TRows.Value > 6)
                {
                    V x = V.Broadcast((float*)(p2));
                    l6 = V.MultiplyAdd(x, low, l6);
                    if (TColumns.Value > 1) h6 = V.MultiplyAdd(x, high, h6);
                }
                if (TRows.Value > 7)
                {
                    V x = V.Broadcast((float*)(p2 + row));
                    l7 = V.MultiplyAdd(x, low, l7);
                    if (TColumns.Value > 1) h7 = V.MultiplyAdd(x, high, h7);
                }
                if (TRows.Value > 8)
                {
                    V x = V.Broadcast((float*)(p2 + row2));
                    l8 = V.MultiplyAdd(x, low, l8);
                    if (TColumns.Value > 1) h8 = V.MultiplyAdd(x, high, h8);
                }
                if (TRows.Value > 9)
                {
                    V x = V.Broadcast((float*)(p3));
                    l9 = V.MultiplyAdd(x, low, l9);
                    if (TColumns.Value > 1) h9 = V.MultiplyAdd(x, high, h9);
                }
                if (TRows.Value > 10)
                {
                    V x = V.Broadcast((float*)(p3 + row));
                    l10 = V.MultiplyAdd(x, low, l10);
                    if (TColumns.Value > 1) h10 = V.MultiplyAdd(x, high, h10);
                }
                if (TRows.Value > 11)
                {
                    V x = V.Broadcast((float*)(p3 + row2));
                    l11 = V.MultiplyAdd(x, low, l11);
                    if (TColumns.Value > 1) h11 = V.MultiplyAdd(x, high, h11);
                }
                if (TRows.Value > 12)
                {
                    V x = V.Broadcast((float*)(p4));
                    l12 = V.MultiplyAdd(x, low, l12);
                    if (TColumns.Value > 1) h12 = V.MultiplyAdd(x, high, h12);
                }
                if (TRows.Value > 13)
                {
                    V x = V.Broadcast((float*)(p4 + row));
                    l13 = V.MultiplyAdd(x, low, l13);
                    if (TColumns.Value > 1) h13 = V.MultiplyAdd(x, high, h13);
                }
                p0 += step;
                p1 += step;
                p2 += step;
                p3 += step;
                p4 += step;
            }
        }
        if (TRows.Value > 0) Put(c, l0, h0, add);
        if (TRows.Value > 1) Put(c + ldc, l1, h1, add);
        if (TRows.Value > 2) Put(c + (2 * ldc), l2, h2, add);
        if (TRows.Value > 3) Put(c + (3 * ldc), l3, h3, add);
        if (TRows.Value > 4) Put(c + (4 * ldc), l4, h4, add);
        if (TRows.Value > 5) Put(c + (5 * ldc), l5, h5, add);
        if (TRows.Value > 6) Put(c + (6 * ldc), l6, h6, add);
        if (TRows.Value > 7) Put(c + (7 * ldc), l7, h7, add);
        if (TRows.Value > 8) Put(c + (8 * ldc), l8, h8, add);
        if (TRows.Value > 9) Put(c + (9 * ldc), l9, h9, add);
        if (TRows.Value > 10) Put(c + (10 * ldc), l10, h10, add);
        if (TRows.Value > 11) Put(c + (11 * ldc), l11, h11, add);
        if (TRows.Value > 12) Put(c + (12 * ldc), l12, h12, add);
        if (TRows.Value > 13) Put(c + (13 * ldc), l13, h13, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, V low, V high, bool add)
    {
        if (add)
        {
            low += V.Load(c);
            if (TColumns.Value > 1) high += V.Load(c + V.Width);
        }
        V.Store(c, low);
        if (TColumns.Value > 1) V.Store(c + V.Width, high);
    }
}
