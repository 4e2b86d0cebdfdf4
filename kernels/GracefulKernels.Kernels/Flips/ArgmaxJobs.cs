using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Argmax of up to sixteen rows, along or across the lanes as the number of classes says.</summary>
internal static unsafe class ArgmaxRows<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Up to here sixteen rows go side by side.</summary>
    public const int NarrowClasses = 64;

    public static int PerChunk(int classes) => Math.Max(16, (131072 / classes) & ~15);

    public static long TileLength(int classes) => classes <= NarrowClasses ? ((classes + 15L) & ~15L) * 16 : 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(float* logits, long ld, int rows, int classes, float* tile, int* predictions)
    {
        if (classes <= NarrowClasses)
        {
            LaneTranspose<TLanes>.Load(logits, ld, rows, classes, tile);
            RowArgmax<TLanes, TDoubles>.Across(tile, classes, out _, out TLanes index, out _);
            float* indices = stackalloc float[16];
            TLanes.Store(indices, index);
            for (int r = 0; r < rows; r++) predictions[r] = float.ConvertToIntegerNative<int>(indices[r]);
            return;
        }
        for (int r = 0; r < rows; r++) predictions[r] = RowArgmax<TLanes, TDoubles>.Along(logits + (r * ld), classes, out _,
            out _);
    }
}

internal unsafe struct ArgmaxJob<TLanes, TDoubles> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    public int Rows;
    public int Classes;
    public int Ld;
    public float* Logits;
    public int* Predictions;

    public readonly void Execute(int chunk)
    {
        int perChunk = ArgmaxRows<TLanes, TDoubles>.PerChunk(Classes);
        int start = chunk * perChunk, end = (int)Math.Min(Rows, start + (long)perChunk);
        float* tile = Scratch.Get<float>(ScratchSlot.RowLoss, ArgmaxRows<TLanes, TDoubles>.TileLength(Classes));
        int* predictions = stackalloc int[16];
        for (int row = start; row < end; row += 16)
        {
            int rows = Math.Min(16, end - row);
            ArgmaxRows<TLanes, TDoubles>.Run(Logits + ((long)row * Ld), Ld, rows, Classes, tile, predictions);
            for (int r = 0; r < rows; r++) Predictions[row + r] = predictions[r];
        }
    }
}

internal unsafe struct FlipsFromLogitsJob<TLanes, TDoubles> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    public int Rows;
    public int Classes;
    public int LdOld;
    public int LdNew;
    public float* Old;
    public float* New;
    public int* Labels;
    public int IgnoreIndex;
    public long* PerClass;
    public FlipTable* Partials;

    public readonly void Execute(int chunk)
    {
        int perChunk = ArgmaxRows<TLanes, TDoubles>.PerChunk(Classes);
        int start = chunk * perChunk, end = (int)Math.Min(Rows, start + (long)perChunk);
        float* tile = Scratch.Get<float>(ScratchSlot.RowLoss, ArgmaxRows<TLanes, TDoubles>.TileLength(Classes));
        int* old = stackalloc int[16];
        int* updated = stackalloc int[16];
        FlipTally tally = default;
        int row = start;
        if (Classes <= ArgmaxRows<TLanes, TDoubles>.NarrowClasses && PerClass == null)
        {
            for (; row + 16 <= end; row += 16) Sixteen(row, tile, ref tally);
        }
        for (; row < end; row += 16)
        {
            int rows = Math.Min(16, end - row);
            if (Classes > ArgmaxRows<TLanes, TDoubles>.NarrowClasses)
            {
                for (int r = 0; r < rows; r++)
                {
                    old[r] = RowArgmax<TLanes, TDoubles>.Along(Old + ((long)(row + r) * LdOld), Classes, out _, out _);
                    updated[r] = RowArgmax<TLanes, TDoubles>.Along(New + ((long)(row + r) * LdNew), Classes, out _, out _);
                }
                tally.Add(rows, old, updated, Labels + row, IgnoreIndex, PerClass);
                continue;
            }
            ArgmaxRows<TLanes, TDoubles>.Run(Old + ((long)row * LdOld), LdOld, rows, Classes, tile, old);
            ArgmaxRows<TLanes, TDoubles>.Run(New + ((long)row * LdNew), LdNew, rows, Classes, tile, updated);
            tally.Add(rows, old, updated, Labels + row, IgnoreIndex, PerClass);
        }
        Partials[chunk] = tally.Table;
    }

    /// <summary>Sixteen rows whose predictions never leave the lanes. Class numbers are exact in fp32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Sixteen(int row, float* tile, ref FlipTally tally)
    {
        LaneTranspose<TLanes>.Load(Old + ((long)row * LdOld), LdOld, 16, Classes, tile);
        RowArgmax<TLanes, TDoubles>.Across(tile, Classes, out _, out TLanes old, out _);
        LaneTranspose<TLanes>.Load(New + ((long)row * LdNew), LdNew, 16, Classes, tile);
        RowArgmax<TLanes, TDoubles>.Across(tile, Classes, out _, out TLanes updated, out _);
        TLanes label = TLanes.FromInt32(Labels + row);
        tally.Add(
            ~TLanes.ToBits(TLanes.Equal(label, TLanes.Broadcast(IgnoreIndex))) & 0xFFFF,
            TLanes.ToBits(TLanes.Equal(old, label)),
            TLanes.ToBits(TLanes.Equal(updated, label)),
            TLanes.ToBits(TLanes.Equal(old, updated)),
            TLanes.ToBits(TLanes.GreaterThan(TLanes.Zero, old)),
            TLanes.ToBits(TLanes.GreaterThan(TLanes.Zero, updated)));
    }
}
