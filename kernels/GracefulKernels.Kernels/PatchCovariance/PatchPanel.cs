using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GracefulKernels.Kernels;

/// <summary>Packs a group of patch elements at all positions of a band as the right operand of register tiles.</summary>
internal static unsafe class PatchPanel<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>The group where it lies, if its columns and all positions are runs of memory; packed at <paramref name="destination"/> otherwise.</summary>
    /// <param name="band">Segments are runs of positions; its start is the first element of a patch.</param>
    public static Panel Get(in RowTile band, in PatchRuns runs, int column, int columns, int positions, float* destination)
    {
        int width = TileCpu<TLanes, TDoubles>.Width(columns), run = column / runs.Length, offset = column - (run * runs.Length);
        if (band.SegmentCount == 1 && columns == width && offset + columns <= runs.Length)
        {
            return new Panel { Start = band.Start + runs.Offset(run) + offset, Step = band.Step / sizeof(float), ColumnStride = 1 };
        }
        Pack(band, runs, column, columns, positions, destination);
        return new Panel { Start = destination, Step = TileCpu<TLanes, TDoubles>.SubPanel(width), ColumnStride = positions };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(in RowTile band, in PatchRuns runs, int column, int columns, int positions, float* destination)
    {
        int width = TileCpu<TLanes, TDoubles>.Width(columns), sub = TileCpu<TLanes, TDoubles>.SubPanel(width);
        if (columns < width) new Span<float>(destination, width * positions).Clear();
        for (int j = 0; j < columns; j += sub)
        {
            int end = Math.Min(j + sub, columns);
            for (int from = j, count; from < end; from += count)
            {
                int run = (column + from) / runs.Length, offset = column + from - (run * runs.Length);
                count = Math.Min(Math.Min(end - from, runs.Length - offset), 16);
                Copy(band, (runs.Offset(run) + offset) * sizeof(float), count, destination + ((nint)j * positions) + from - j, sub);
            }
        }
    }

    private static void Copy(in RowTile band, nint offset, int count, float* destination, int sub)
    {
        switch (count)
        {
            case 16: Copy<Vector512<float>>(band, offset, count, destination, sub); break;
            case >= 8: Copy<Vector256<float>>(band, offset, count, destination, sub); break;
            case >= 4: Copy<Vector128<float>>(band, offset, count, destination, sub); break;
            case >= 2: Copy<long>(band, offset, count, destination, sub); break;
            default: Copy<float>(band, offset, count, destination, sub); break;
        }
    }

    /// <summary>
    /// A count that is no power of two is two overlapping pieces: a partial register would be filled element by element where there are no masks.
    /// Nothing is computed, so any processor can copy a piece of any size.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<TPiece>(in RowTile band, nint offset, int count, float* destination, int sub) where TPiece : unmanaged
    {
        nint step = band.Step, last = count - (sizeof(TPiece) / sizeof(float));
        for (int s = 0; s < band.SegmentCount; s++)
        {
            byte* source = (byte*)band.Start + band.Segments[s].Offset + offset;
            nint length = band.Segments[s].Length;
            for (nint k = 0; k < length; k++, source += step, destination += sub)
            {
                *(TPiece*)destination = *(TPiece*)source;
                if (last != 0) *(TPiece*)(destination + last) = *(TPiece*)((float*)source + last);
            }
        }
    }
}
