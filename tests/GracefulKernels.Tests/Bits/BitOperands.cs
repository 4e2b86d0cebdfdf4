using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Where operands lie.</summary>
internal enum Placement
{
    /// <summary>By turns right before and right behind a page that may not be touched.</summary>
    Mixed,

    /// <summary>Right behind such a page.</summary>
    GuardBefore,

    /// <summary>Right before such a page.</summary>
    GuardBehind,

    /// <summary>At the beginning of a page.</summary>
    Aligned,

    /// <summary>One element behind the beginning of a page: four bytes for floats.</summary>
    Misaligned,
}

/// <summary>Operands of one call on guarded memory, and the bytes of all that it wrote or returned.</summary>
internal sealed class BitOperands(Placement placement) : IDisposable
{
    private readonly List<IDisposable> _buffers = [];
    private readonly List<Func<byte[]>> _results = [];

    /// <summary>Uniform in [−1, 1).</summary>
    public Block<float> Input(int seed, long count) => Input(RandomFloats.Uniform(seed, count));

    public Block<T> Input<T>(T[] values) where T : unmanaged => Place(values, out _);

    /// <summary>Class numbers, one in eleven of them <paramref name="ignored"/>.</summary>
    public Block<int> Labels(int seed, int count, int classes, int ignored = -100)
    {
        var random = new Random(seed);
        return Input<int>([.. Enumerable.Range(0, count).Select(i => i % 11 == 10 ? ignored : random.Next(classes))]);
    }

    /// <summary>An output that begins as NaN.</summary>
    public Block<float> Output(long count) => Output(RandomFloats.Filled(count, float.NaN));

    /// <summary>An output that is read as well: it begins as <paramref name="initial"/>.</summary>
    public Block<T> Output<T>(T[] initial) where T : unmanaged
    {
        Block<T> block = Place(initial, out GuardedBuffer<T> buffer);
        _results.Add(() =>
        {
            buffer.AssertUntouchedOutside();
            return MemoryMarshal.AsBytes(block.Span).ToArray();
        });
        return block;
    }

    public Block<float> Updated(int seed, long count) => Output(RandomFloats.Uniform(seed, count));

    /// <summary>Memory without a meaning after the call.</summary>
    public Block<T> Workspace<T>(long count) where T : unmanaged => Place(new T[count], out _);

    public void Returns<T>(T value) where T : unmanaged
    {
        byte[] bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
        _results.Add(() => bytes);
    }

    public byte[] Result() => [.. _results.SelectMany(result => result())];

    public void Dispose()
    {
        foreach (IDisposable buffer in _buffers) buffer.Dispose();
    }

    private Block<T> Place<T>(T[] values, out GuardedBuffer<T> buffer) where T : unmanaged
    {
        int shift = placement == Placement.Misaligned ? 1 : 0;
        buffer = new GuardedBuffer<T>(shift + values.Length, placement != Placement.GuardBehind && (placement != Placement.Mixed || _buffers.Count % 2 == 1));
        _buffers.Add(buffer);
        Block<T> block = buffer.Block.Slice(shift);
        values.CopyTo(block.Span);
        return block;
    }
}
