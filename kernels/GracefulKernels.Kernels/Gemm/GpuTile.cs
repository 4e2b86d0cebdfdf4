namespace GracefulKernels.Kernels;

/// <summary>
/// The part of an output that a group computes, as constants of a kernel. Threads lie in a grid of <see cref="ThreadRows"/> × <see cref="ThreadColumns"/>;
/// each has <see cref="RowQuads"/> × <see cref="ColumnQuads"/> squares of 4 × 4 outputs in registers.
/// </summary>
internal interface IGpuTile
{
    int Rows { get; }

    int Columns { get; }

    /// <summary>Inner steps that are in shared memory at a time: 8 or 16.</summary>
    int Inner { get; }

    int ThreadRows { get; }

    int ThreadColumns { get; }

    /// <summary>Threads of a warp that lie beside each other; its others lie below.</summary>
    int WarpColumns { get; }

    int RowQuads { get; }

    int ColumnQuads { get; }

    /// <summary>Shared memory in units of 16 bytes: two buffers of both operands, or the part of the output that is staged at a time.</summary>
    int SharedQuads { get; }
}

/// <summary>The tiles that there are.</summary>
internal enum GpuTileSize
{
    Tile128x128,
    Tile128x64,
    Tile128x32,
    Tile128x16,
    Tile64x64,
}

/// <summary>256 threads, 8 × 8 outputs each: 64 multiply-adds for 64 bytes from shared memory.</summary>
internal struct Tile128x128 : IGpuTile
{
    public readonly int Rows => 128;

    public readonly int Columns => 128;

    public readonly int Inner => 16;

    public readonly int ThreadRows => 16;

    public readonly int ThreadColumns => 16;

    public readonly int WarpColumns => 8;

    public readonly int RowQuads => 2;

    public readonly int ColumnQuads => 2;

    public readonly int SharedQuads => 2048;
}

/// <summary>128 threads, 8 × 8 outputs each: outputs of 33 to 64 columns.</summary>
internal struct Tile128x64 : IGpuTile
{
    public readonly int Rows => 128;

    public readonly int Columns => 64;

    public readonly int Inner => 8;

    public readonly int ThreadRows => 16;

    public readonly int ThreadColumns => 8;

    public readonly int WarpColumns => 8;

    public readonly int RowQuads => 2;

    public readonly int ColumnQuads => 2;

    public readonly int SharedQuads => 1024;
}

/// <summary>128 threads, 8 × 4 outputs each: outputs of 17 to 32 columns.</summary>
internal struct Tile128x32 : IGpuTile
{
    public readonly int Rows => 128;

    public readonly int Columns => 32;

    public readonly int Inner => 8;

    public readonly int ThreadRows => 16;

    public readonly int ThreadColumns => 8;

    public readonly int WarpColumns => 8;

    public readonly int RowQuads => 2;

    public readonly int ColumnQuads => 1;

    public readonly int SharedQuads => 640;
}

/// <summary>128 threads, 4 × 4 outputs each: at most 16 columns, where the bytes of A bound the time.</summary>
internal struct Tile128x16 : IGpuTile
{
    public readonly int Rows => 128;

    public readonly int Columns => 16;

    public readonly int Inner => 8;

    public readonly int ThreadRows => 32;

    public readonly int ThreadColumns => 4;

    public readonly int WarpColumns => 4;

    public readonly int RowQuads => 1;

    public readonly int ColumnQuads => 1;

    public readonly int SharedQuads => 576;
}

/// <summary>128 threads, 8 × 4 outputs each: outputs that are too small to fill the device with larger tiles.</summary>
internal struct Tile64x64 : IGpuTile
{
    public readonly int Rows => 64;

    public readonly int Columns => 64;

    public readonly int Inner => 16;

    public readonly int ThreadRows => 8;

    public readonly int ThreadColumns => 16;

    public readonly int WarpColumns => 8;

    public readonly int RowQuads => 2;

    public readonly int ColumnQuads => 1;

    public readonly int SharedQuads => 1024;
}
