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

/// <summary>
/// Operands of one call on guarded memory, and the bytes of all that it wrote or returned. With a <paramref name="device"/>, in its memory, between margins of a
/// pattern instead of pages.
/// </summary>
internal sealed class BitOperands(Placement placement, IKernels? device = null) : IDisposable
{
    private const byte Pattern = 0xA5;
    private const int Margin = 1024;

    private readonly List<IDisposable> _buffers = [];
    private readonly List<Func<byte[]>> _results = [];

    /// <summary>Uniform in [−1, 1).</summary>
    public Block<float> Input(int seed, long count) => Input(RandomFloats.Uniform(seed, count));

    /// <summary>On a device also checked as an output is: it must not change.</summary>
    public Block<T> Input<T>(T[] values) where T : unmanaged
    {
        Block<T> block = Place(values, out Func<byte[]> result);
        if (device is not null) _results.Add(result);
        return block;
    }

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
        Block<T> block = Place(initial, out Func<byte[]> result);
        _results.Add(result);
        return block;
    }

    public Block<float> Updated(int seed, long count) => Output(RandomFloats.Uniform(seed, count));

    /// <summary>Memory without a meaning after the call.</summary>
    public Block<T> Workspace<T>(long count) where T : unmanaged
    {
        Block<T> block = Place(new T[count], out Func<byte[]> result);
        if (device is not null)
        {
            _results.Add(() =>
            {
                result();
                return [];
            });
        }
        return block;
    }

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

    private unsafe Block<T> Place<T>(T[] values, out Func<byte[]> result) where T : unmanaged
    {
        int shift = placement == Placement.Misaligned ? 1 : 0;
        if (device is not null) return PlaceOnDevice(values, shift * sizeof(T), out result);
        var buffer = new GuardedBuffer<T>(shift + values.Length, placement != Placement.GuardBehind && (placement != Placement.Mixed || _buffers.Count % 2 == 1));
        _buffers.Add(buffer);
        Block<T> block = buffer.Block.Slice(shift);
        values.CopyTo(block.Span);
        result = () =>
        {
            buffer.AssertUntouchedOutside();
            return MemoryMarshal.AsBytes(block.Span).ToArray();
        };
        return block;
    }

    private unsafe Block<T> PlaceOnDevice<T>(T[] values, int shift, out Func<byte[]> result) where T : unmanaged
    {
        int first = Margin + shift, length = values.Length * sizeof(T);
        byte[] all = new byte[first + length + Margin];
        Array.Fill(all, Pattern);
        MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(all.AsSpan(first));
        DeviceMemory memory = device!.Allocate(all.Length);
        _buffers.Add(memory);
        Block<byte> bytes = memory.AsBlock<byte>().Slice(0, all.Length);
        device.Upload<byte>(all, bytes);
        result = () =>
        {
            byte[] after = new byte[all.Length];
            device.Download(bytes, after.AsSpan());
            Assert.True(after.AsSpan(0, first).IndexOfAnyExcept(Pattern) < 0, "bytes before an output were written");
            Assert.True(after.AsSpan(first + length).IndexOfAnyExcept(Pattern) < 0, "bytes behind an output were written");
            return after[first..(first + length)];
        };
        return new Block<T>(memory, memory.BaseAddress + first, values.Length);
    }
}
