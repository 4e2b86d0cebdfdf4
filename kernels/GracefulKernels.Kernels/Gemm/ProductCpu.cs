namespace GracefulKernels.Kernels;

/// <summary>
/// The driver behind GEMM and SYRK: chooses the loops for a shape and cuts rows and columns so that every thread has work. Neither touches a
/// bit of the result; only the blocks of the inner dimension do, and those follow from the shape.
/// </summary>
internal static unsafe class ProductCpu<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Group = TileCpu<TLanes, TDoubles>.Group;

    /// <summary>Elements of B that are packed at a time: 9 MB, a part of a third-level cache.</summary>
    private const long PackedElements = 2_200_000;

    /// <summary>Elements of B below which several blocks are packed at a time, so that threads meet less often.</summary>
    private const long PassElements = 300_000;

    /// <summary>Elements of a block of A: half of a second-level cache.</summary>
    private const long BlockElements = 115_000;

    /// <summary>Tiles of a block of A, however short its inner dimension is.</summary>
    private const int MostTiles = 32;

    private const int ChunksPerThread = 4;

    public static void Run<TRows, TColumns>(
        Workers workers,
        in TRows rows,
        in TColumns columns,
        in InnerBlocks inner,
        in Output output,
        int m,
        int n,
        float* c,
        int ldc,
        bool lower)
        where TRows : struct, IRowSource
        where TColumns : struct, IColumnSource
    {
        var task = new ProductTask<TLanes, TDoubles, TRows, TColumns>
        {
            Rows = rows,
            Columns = columns,
            Inner = inner,
            Output = output,
            C = c,
            Ldc = ldc,
            M = m,
            N = n,
            Lower = lower,
        };
        long work = (long)m * n * Math.Max(inner.MaxLength, 1) * inner.Count;
        int wanted = workers.ThreadsFor(work) == 1 ? 1 : ChunksPerThread * workers.Count;
        if (m <= TileCpu<TLanes, TDoubles>.MaxRows) Thin(workers, task, work, wanted);
        else if (inner.IsSwept) Swept(workers, task, work, wanted);
        else Blocked(workers, task, work, wanted);
    }

    private static void Thin<TRows, TColumns>(Workers workers, in ProductTask<TLanes, TDoubles, TRows, TColumns> task, long work, int wanted)
        where TRows : struct, IRowSource
        where TColumns : struct, IColumnSource
    {
        int groups = Ceiling(task.N, Group);
        var job = new ThinProduct<TLanes, TDoubles, TRows, TColumns> { Task = task, GroupsPerChunk = Ceiling(groups, wanted) };
        workers.Run(Ceiling(groups, job.GroupsPerChunk), ref job, work);
    }

    private static void Swept<TRows, TColumns>(Workers workers, in ProductTask<TLanes, TDoubles, TRows, TColumns> task, long work, int wanted)
        where TRows : struct, IRowSource
        where TColumns : struct, IColumnSource
    {
        SweptProduct<TLanes, TDoubles, TRows, TColumns> job = default;
        job.B.Task = task;
        job.B.Task.Output = task.Output with { Streams = TileCpu<TLanes, TDoubles>.Streams((long)task.M * task.N, task.C, task.Ldc) };
        job.B.Blocks = 1;
        job.B.ColumnEnd = task.N;
        job.B.Destination = Scratch.Get<float>(ScratchSlot.SharedB, job.B.BlockLength);
        workers.Run(job.B.Chunks, ref job.B, work);
        int tiles = Ceiling(task.M, TileCpu<TLanes, TDoubles>.MaxRows);
        // A lower triangle has less work in its first rows: more, smaller chunks even it out.
        job.RowsPerChunk = Ceiling(task.M, Math.Min(task.Lower ? 2 * wanted : wanted, Math.Max(1, tiles / 2)));
        workers.Run(Ceiling(task.M, job.RowsPerChunk), ref job, work);
    }

    private static void Blocked<TRows, TColumns>(Workers workers, in ProductTask<TLanes, TDoubles, TRows, TColumns> task, long work, int wanted)
        where TRows : struct, IRowSource
        where TColumns : struct, IColumnSource
    {
        int maxRows = TileCpu<TLanes, TDoubles>.MaxRows, tiles = Ceiling(task.M, maxRows);
        int tilesPerBlock = (int)Math.Clamp(BlockElements / ((long)task.Inner.MaxLength * maxRows), 1, MostTiles);
        int rowChunks = Math.Max(Ceiling(tiles, tilesPerBlock), Math.Min(wanted, tiles / 4));
        int passes = (int)Math.Clamp((((long)task.N * task.Inner.MaxLength) + PackedElements - 1) / PackedElements, 1, Ceiling(task.N, Group));
        int columnsPerPass = Ceiling(Ceiling(task.N, passes), Group) * Group;
        BlockedProduct<TLanes, TDoubles, TRows, TColumns> job = default;
        job.B.Task = task;
        // Narrow sub-panels would make low tiles.
        job.RowsAreColumns = task.Lower && columnsPerPass >= task.N && TileCpu<TLanes, TDoubles>.SubPanel(Group) >= 16;
        for (int column = 0; column < task.N; column += columnsPerPass)
        {
            job.B.Column = column;
            job.B.ColumnEnd = Math.Min(column + columnsPerPass, task.N);
            int groups = Ceiling(job.B.ColumnEnd - column, Group);
            job.RowChunks = rowChunks;
            job.GroupsPerChunk = Ceiling(groups, Math.Clamp(wanted / rowChunks, 1, groups));
            job.ColumnChunks = Ceiling(groups, job.GroupsPerChunk);
            int blocksPerPass = (int)Math.Clamp(PassElements / job.B.BlockLength, 1, task.Inner.Count);
            job.B.Destination = Scratch.Get<float>(ScratchSlot.SharedB, blocksPerPass * job.B.BlockLength);
            for (int block = 0; block < task.Inner.Count; block += blocksPerPass)
            {
                job.B.FirstBlock = block;
                job.B.Blocks = Math.Min(blocksPerPass, task.Inner.Count - block);
                workers.Run(job.B.Chunks, ref job.B, work);
                workers.Run(rowChunks * job.ColumnChunks, ref job, work);
            }
        }
    }

    private static int Ceiling(int count, int size) => (count + size - 1) / size;
}
