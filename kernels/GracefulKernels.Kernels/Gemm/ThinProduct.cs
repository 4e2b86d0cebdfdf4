using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>A product of one row tile. B is read once, so whole groups are taken where they lie and others are packed one at a time.</summary>
internal unsafe struct ThinProduct<TLanes, TDoubles, TRows, TColumns> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
    where TRows : struct, IRowSource
    where TColumns : struct, IColumnSource
{
    private const int Group = TileCpu<TLanes, TDoubles>.Group;

    public ProductTask<TLanes, TDoubles, TRows, TColumns> Task;
    public int GroupsPerChunk;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Execute(int chunk)
    {
        int from = chunk * GroupsPerChunk * Group, end = Math.Min(from + (GroupsPerChunk * Group), Task.N);
        float* scratch = Scratch.Get<float>(ScratchSlot.PackedA, Task.Rows.TileLength);
        float* packed = Scratch.Get<float>(ScratchSlot.PackedB, TileCpu<TLanes, TDoubles>.PackedLength(Group, Task.Inner.MaxLength));
        Segment* segments = stackalloc Segment[2];
        for (int block = 0; block < Task.Inner.Count; block++)
        {
            int length = Task.LengthOf(block);
            Task.Rows.Tile(0, block, scratch, segments, out RowTile a);
            Task.Rows.Copy(0, Task.M, block, 0, length, scratch);
            for (int column = from; column < end; column += Group)
            {
                int columns = Math.Min(Group, end - column);
                if (!Task.Columns.TryInPlace(block, column, columns, out Panel panel))
                {
                    Task.Columns.Pack(block, column, columns, packed);
                    panel.Start = packed;
                    panel.ColumnStride = length;
                    panel.Step = TileCpu<TLanes, TDoubles>.SubPanel(TileCpu<TLanes, TDoubles>.Width(columns));
                }
                Task.Emit(a, panel, block, 0, Task.M, column);
            }
        }
    }
}
