using System.Runtime.CompilerServices;

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy(in RowTile band, nint offset, int count, float* destination, int sub)
    {
        for (int s = 0; s < band.SegmentCount; s++)
        {
            byte* source = (byte*)band.Start + band.Segments[s].Offset + offset;
            nint length = band.Segments[s].Length, step = band.Step;
            if (count == 16)
            {
                for (nint k = 0; k < length; k++, source += step, destination += sub) TLanes.Store(destination, TLanes.Load((float*)source));
            }
            else if (count <= 2)
            {
                for (nint k = 0; k < length; k++, source += step, destination += sub)
                {
                    destination[0] = *(float*)source;
                    if (count == 2) destination[1] = ((float*)source)[1];
                }
            }
            else
            {
                for (nint k = 0; k < length; k++, source += step, destination += sub)
                {
                    TLanes.StorePartial(destination, count, TLanes.LoadPartial((float*)source, count));
                }
            }
        }
    }
}
