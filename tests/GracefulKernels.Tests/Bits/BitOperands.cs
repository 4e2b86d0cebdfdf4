using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Operands of one call on guarded memory, and the bytes of all that it wrote or returned.</summary>
internal sealed class BitOperands : IDisposable
{
    private readonly List<IDisposable> _buffers = [];
    private readonly List<Func<byte[]>> _results = [];

    /// <summary>Uniform in [−1, 1).</summary>
    public Block<float> Input(int seed, long count) => Input(RandomFloats.Uniform(seed, count));

    public Block<T> Input<T>(T[] values) where T : unmanaged => Guarded(values).Block;

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
        GuardedBuffer<T> buffer = Guarded(initial);
        _results.Add(() =>
        {
            buffer.AssertUntouchedOutside();
            return MemoryMarshal.AsBytes(buffer.Span).ToArray();
        });
        return buffer.Block;
    }

    public Block<float> Updated(int seed, long count) => Output(RandomFloats.Uniform(seed, count));

    /// <summary>Memory without a meaning after the call.</summary>
    public Block<T> Workspace<T>(long count) where T : unmanaged => Guarded(new T[count]).Block;

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

    private GuardedBuffer<T> Guarded<T>(T[] values) where T : unmanaged
    {
        var buffer = new GuardedBuffer<T>(values, guardBefore: _buffers.Count % 2 == 1);
        _buffers.Add(buffer);
        return buffer;
    }
}
