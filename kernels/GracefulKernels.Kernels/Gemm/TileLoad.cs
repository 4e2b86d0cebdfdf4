using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>A thread's part of the way of an operand from its source to shared memory: one or two quads a block, in registers between.</summary>
internal struct TileLoad<TTile, TSource, TWalk>
    where TTile : unmanaged, IGpuTile
    where TSource : struct, ITileSource<TWalk>
    where TWalk : unmanaged
{
    private TWalk _walk0, _walk1;
    private Float4 _quad0, _quad1;

    /// <param name="source">The operand.</param>
    /// <param name="extent">Rows of its part of a tile: a constant.</param>
    /// <param name="first">First row of the tile.</param>
    /// <param name="inner">First inner step.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(in TSource source, int extent, int first, int inner)
    {
        _walk0 = source.Begin(first + Row(Group.IdxX, extent), inner + Inner(Group.IdxX, extent));
        if (Quads(extent) > Threads) _walk1 = source.Begin(first + Row(Group.IdxX + Threads, extent), inner + Inner(Group.IdxX + Threads, extent));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(in TSource source, int extent)
    {
        if (Quads(extent) >= Threads || Group.IdxX < Quads(extent)) _quad0 = source.Next(ref _walk0, default(TTile).Inner);
        if (Quads(extent) > Threads) _quad1 = source.Next(ref _walk1, default(TTile).Inner);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Keep(ArrayView<Float4> shared, int buffer, int extent)
    {
        if (Quads(extent) >= Threads || Group.IdxX < Quads(extent)) Keep(shared, buffer, extent, Group.IdxX, _quad0);
        if (Quads(extent) > Threads) Keep(shared, buffer, extent, Group.IdxX + Threads, _quad1);
    }

    private static int Threads => default(TTile).ThreadRows * default(TTile).ThreadColumns;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Quads(int extent) => extent * default(TTile).Inner / 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Row(int quad, int extent) => default(TSource).AlongInner ? quad / (default(TTile).Inner / 4) : quad % (extent / 4) * 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Inner(int quad, int extent) => default(TSource).AlongInner ? quad % (default(TTile).Inner / 4) * 4 : quad / (extent / 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(ArrayView<Float4> shared, int buffer, int extent, int quad, Float4 value)
    {
        int row = Row(quad, extent), inner = Inner(quad, extent);
        int exchanged = (row / 4) ^ ((inner / 4 * (32 / default(TTile).Inner)) & ((extent / 4) - 1));
        int place = buffer + (inner * extent / 4) + exchanged;
        if (default(TSource).AlongInner)
        {
            ArrayView<float> column = shared.Cast<float>().SubView((place * 4) + (row & 3));
            column[0] = value.X;
            column[extent] = value.Y;
            column[2 * extent] = value.Z;
            column[3 * extent] = value.W;
        }
        else
        {
            shared[place] = value;
        }
    }
}
