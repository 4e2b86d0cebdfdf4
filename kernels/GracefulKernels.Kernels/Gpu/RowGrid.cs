using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// How threads share matrices [images × rows × columns] whose rows lie behind one another: a group is <see cref="High"/> rows of
/// <see cref="Width"/> columns, and a thread keeps its column, so that what belongs to the column is loaded once. A column is a float or a
/// <see cref="Float4"/>. Neighbouring threads touch neighbouring memory: rows too, since a
/// group's rows are neighbours.
/// </summary>
internal struct RowGrid
{
    public long Rows;
    public int Columns;
    public int Width;
    public int High;
    public int ColumnBlocks;
    public int RowBlocks;

    /// <summary>Half of the smallest power of two that is not below <see cref="High"/>: where a tree over a group's rows begins.</summary>
    public int HalfHigh;

    public FastDivisor ByWidth, ByColumnBlocks, ByRowBlocks;

    /// <param name="rows">Rows of one image.</param>
    /// <param name="columns">Columns, in elements of the kernel's kind.</param>
    /// <param name="rowsPerThread">Rows that a thread takes where that leaves enough groups.</param>
    public static RowGrid Of(long rows, int columns, int rowsPerThread)
    {
        if (columns == 0) return default;
        int width = Math.Min(columns, GpuKernels.GroupSize), high = GpuKernels.GroupSize / width;
        long rowsPerGroup = (long)high * rowsPerThread;
        int columnBlocks = (int)(((long)columns + width - 1) / width);
        return new RowGrid
        {
            Rows = rows,
            Columns = columns,
            Width = width,
            High = high,
            ColumnBlocks = columnBlocks,
            HalfHigh = (int)(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)high) / 2),
            ByWidth = FastDivisor.Of(width),
            ByColumnBlocks = FastDivisor.Of(columnBlocks),
        }.WithRowBlocks(checked((int)((rows + rowsPerGroup - 1) / rowsPerGroup)));
    }

    /// <summary>With so many groups along the rows of an image: more rows a thread, or fewer.</summary>
    public readonly RowGrid WithRowBlocks(int count)
    {
        RowGrid grid = this;
        grid.RowBlocks = count;
        grid.ByRowBlocks = FastDivisor.Of(Math.Max(1, count));
        return grid;
    }

    /// <summary>Groups to launch for so many images.</summary>
    public readonly int Groups(int images = 1) => checked(images * RowBlocks * ColumnBlocks);
}

/// <summary>A thread's place in a <see cref="RowGrid"/>: rows <see cref="Row"/>, Row + Step and so on of column <see cref="Column"/>.</summary>
internal struct RowPlace
{
    public int Image;
    public int RowBlock;

    /// <summary>Row within the group.</summary>
    public int Local;

    public int Column;

    /// <summary>The first row; <see cref="RowGrid.Rows"/> for a thread that has none.</summary>
    public long Row;

    public long Step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowPlace Of(RowGrid grid)
    {
        int thread = Group.IdxX, block = Grid.IdxX;
        int line = grid.ByColumnBlocks.Quotient(block), image = grid.ByRowBlocks.Quotient(line);
        int rowBlock = line - (image * grid.RowBlocks);
        int local = grid.ByWidth.Quotient(thread);
        int column = ((block - (line * grid.ColumnBlocks)) * grid.Width) + thread - (local * grid.Width);
        bool works = local < grid.High & column < grid.Columns;
        long row = ((long)rowBlock * grid.High) + local;
        return new()
        {
            Image = image,
            RowBlock = rowBlock,
            Local = local,
            Column = column,
            Row = works ? row : grid.Rows,
            Step = (long)grid.RowBlocks * grid.High,
        };
    }
}
