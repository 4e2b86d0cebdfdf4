using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Copies one sub-panel of a right operand: <c>length</c> rows of <c>sub</c> elements, zeros behind the last column.</summary>
internal static unsafe class PackedColumns<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    /// <summary>Rows by which memory is asked ahead where each lies in a page of its own and the hardware does not guess the next.</summary>
    public const int RowsAhead = 24;

    /// <summary>Columns that are stored as rows, <paramref name="ld"/> apart.</summary>
    public static void Turned(float* source, nint ld, int length, int columns, int sub, float* destination)
    {
        if (columns < sub) new Span<float>(destination, length * sub).Clear();
        Transposition.Copy(source, ld, columns, length, destination, sub);
    }

    /// <summary>A whole group of columns that lie side by side, sub-panel by sub-panel, zeros up to its width.</summary>
    public static Panel Panel(float* source, nint ld, int length, int columns, float* destination)
    {
        int width = TileCpu<TLanes, TDoubles>.Width(columns), sub = TileCpu<TLanes, TDoubles>.SubPanel(width);
        for (int j = 0; j < width; j += sub) Straight(source + j, ld, length, Math.Clamp(columns - j, 0, sub), sub, destination + ((nint)j * length));
        return new Panel { Start = destination, Step = sub, ColumnStride = length };
    }

    /// <summary>Columns that lie side by side in rows <paramref name="ld"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Straight(float* source, nint ld, int length, int columns, int sub, float* destination)
    {
        if (columns == 32)
        {
            for (int k = 0; k < length; k++, source += ld, destination += 32)
            {
                Prefetch.Near(source + (RowsAhead * ld));
                Prefetch.Near(source + (RowsAhead * ld) + 16);
                TLanes.Store(destination, TLanes.Load(source));
                TLanes.Store(destination + 16, TLanes.Load(source + 16));
            }
        }
        else if (columns == 16)
        {
            for (int k = 0; k < length; k++, source += ld, destination += 16) TLanes.Store(destination, TLanes.Load(source));
        }
        else
        {
            for (int k = 0; k < length; k++, source += ld, destination += sub)
            {
                for (int j = 0; j < columns; j++) destination[j] = source[j];
                for (int j = columns; j < sub; j++) destination[j] = 0f;
            }
        }
    }
}
