using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The register tile of one register's width: up to 28 rows, because here every step of a row is a load. With so many rows a
/// register of B serves more of them, and a product of sixteen columns has fewer tiles. Chains and bounds are those of
/// <see cref="MicroKernel{TRegister, V, TRows}"/>.
/// </summary>
internal static unsafe class TallKernel<TRegister, V, TRows>
    where TRegister : struct, IRegister<V>
    where V : struct
    where TRows : struct, ISize
{
    /// <summary>Brings A·B to <paramref name="c"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(in RowTile a, float* b, nint stepB, float* c, nint ldc, TileStore store)
    {
        V v0 = TRegister.Zero, v1 = TRegister.Zero, v2 = TRegister.Zero, v3 = TRegister.Zero;
        V v4 = TRegister.Zero, v5 = TRegister.Zero, v6 = TRegister.Zero, v7 = TRegister.Zero;
        V v8 = TRegister.Zero, v9 = TRegister.Zero, v10 = TRegister.Zero, v11 = TRegister.Zero;
        V v12 = TRegister.Zero, v13 = TRegister.Zero, v14 = TRegister.Zero, v15 = TRegister.Zero;
        V v16 = TRegister.Zero, v17 = TRegister.Zero, v18 = TRegister.Zero, v19 = TRegister.Zero;
        V v20 = TRegister.Zero, v21 = TRegister.Zero, v22 = TRegister.Zero, v23 = TRegister.Zero;
        V v24 = TRegister.Zero, v25 = TRegister.Zero, v26 = TRegister.Zero, v27 = TRegister.Zero;
        nint row = a.RowStride, row2 = 2 * row, row3 = 3 * row, step = a.Step;
        byte* ahead = a.Ahead.Start;
        // Where nothing is to be asked for, the inner loop is not interrupted.
        nint round = a.Ahead.Lines == 0 ? nint.MaxValue : Lookahead.Steps;
        for (int s = 0; s < a.SegmentCount; s++)
        {
            byte* p0 = (byte*)a.Start + a.Segments[s].Offset;
            byte* p1 = p0 + (5 * row), p2 = p1 + (5 * row), p3 = p2 + (5 * row), p4 = p3 + (5 * row), p5 = p4 + (5 * row);
            for (nint left = a.Segments[s].Length; left > 0; left -= round)
            {
                for (int line = 0; line < a.Ahead.Lines; line++) Prefetch.IntoSecond(ahead + (line * a.Ahead.Stride));
                ahead += a.Ahead.Advance;
                for (nint k = Math.Min(left, round); k > 0; k--)
                {
                    V x = TRegister.Load(b);
                    b += stepB;
                    if (TRows.Value > 0) v0 = Step(p0, x, v0);
                    if (TRows.Value > 1) v1 = Step(p0 + row, x, v1);
                    if (TRows.Value > 2) v2 = Step(p0 + row2, x, v2);
                    if (TRows.Value > 3) v3 = Step(p0 + row3, x, v3);
                    if (TRows.Value > 4) v4 = Step(p0 + (4 * row), x, v4);
                    if (TRows.Value > 5) v5 = Step(p1, x, v5);
                    if (TRows.Value > 6) v6 = Step(p1 + row, x, v6);
                    if (TRows.Value > 7) v7 = Step(p1 + row2, x, v7);
                    if (TRows.Value > 8) v8 = Step(p1 + row3, x, v8);
                    if (TRows.Value > 9) v9 = Step(p1 + (4 * row), x, v9);
                    if (TRows.Value > 10) v10 = Step(p2, x, v10);
                    if (TRows.Value > 11) v11 = Step(p2 + row, x, v11);
                    if (TRows.Value > 12) v12 = Step(p2 + row2, x, v12);
                    if (TRows.Value > 13) v13 = Step(p2 + row3, x, v13);
                    if (TRows.Value > 14) v14 = Step(p2 + (4 * row), x, v14);
                    if (TRows.Value > 15) v15 = Step(p3, x, v15);
                    if (TRows.Value > 16) v16 = Step(p3 + row, x, v16);
                    if (TRows.Value > 17) v17 = Step(p3 + row2, x, v17);
                    if (TRows.Value > 18) v18 = Step(p3 + row3, x, v18);
                    if (TRows.Value > 19) v19 = Step(p3 + (4 * row), x, v19);
                    if (TRows.Value > 20) v20 = Step(p4, x, v20);
                    if (TRows.Value > 21) v21 = Step(p4 + row, x, v21);
                    if (TRows.Value > 22) v22 = Step(p4 + row2, x, v22);
                    if (TRows.Value > 23) v23 = Step(p4 + row3, x, v23);
                    if (TRows.Value > 24) v24 = Step(p4 + (4 * row), x, v24);
                    if (TRows.Value > 25) v25 = Step(p5, x, v25);
                    if (TRows.Value > 26) v26 = Step(p5 + row, x, v26);
                    if (TRows.Value > 27) v27 = Step(p5 + row2, x, v27);
                    p0 += step;
                    p1 += step;
                    p2 += step;
                    p3 += step;
                    p4 += step;
                    p5 += step;
                }
            }
        }
        if (TRows.Value > 0) Put(c, v0, store);
        if (TRows.Value > 1) Put(c + ldc, v1, store);
        if (TRows.Value > 2) Put(c + (2 * ldc), v2, store);
        if (TRows.Value > 3) Put(c + (3 * ldc), v3, store);
        if (TRows.Value > 4) Put(c + (4 * ldc), v4, store);
        if (TRows.Value > 5) Put(c + (5 * ldc), v5, store);
        if (TRows.Value > 6) Put(c + (6 * ldc), v6, store);
        if (TRows.Value > 7) Put(c + (7 * ldc), v7, store);
        if (TRows.Value > 8) Put(c + (8 * ldc), v8, store);
        if (TRows.Value > 9) Put(c + (9 * ldc), v9, store);
        if (TRows.Value > 10) Put(c + (10 * ldc), v10, store);
        if (TRows.Value > 11) Put(c + (11 * ldc), v11, store);
        if (TRows.Value > 12) Put(c + (12 * ldc), v12, store);
        if (TRows.Value > 13) Put(c + (13 * ldc), v13, store);
        if (TRows.Value > 14) Put(c + (14 * ldc), v14, store);
        if (TRows.Value > 15) Put(c + (15 * ldc), v15, store);
        if (TRows.Value > 16) Put(c + (16 * ldc), v16, store);
        if (TRows.Value > 17) Put(c + (17 * ldc), v17, store);
        if (TRows.Value > 18) Put(c + (18 * ldc), v18, store);
        if (TRows.Value > 19) Put(c + (19 * ldc), v19, store);
        if (TRows.Value > 20) Put(c + (20 * ldc), v20, store);
        if (TRows.Value > 21) Put(c + (21 * ldc), v21, store);
        if (TRows.Value > 22) Put(c + (22 * ldc), v22, store);
        if (TRows.Value > 23) Put(c + (23 * ldc), v23, store);
        if (TRows.Value > 24) Put(c + (24 * ldc), v24, store);
        if (TRows.Value > 25) Put(c + (25 * ldc), v25, store);
        if (TRows.Value > 26) Put(c + (26 * ldc), v26, store);
        if (TRows.Value > 27) Put(c + (27 * ldc), v27, store);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Step(byte* a, V b, V sum) => TRegister.MultiplyAdd(TRegister.Broadcast((float*)a), b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, V sum, TileStore store)
    {
        if (store == TileStore.Stream) TRegister.StoreStreaming(c, sum);
        else TRegister.Store(c, store == TileStore.Add ? TRegister.Add(sum, TRegister.Load(c)) : sum);
    }
}
