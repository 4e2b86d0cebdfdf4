using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>
/// Operands in a set's own memory, each beginning some elements behind the beginning of its allocation: a host block is staged where its alignment is
/// the device's choice, device memory is used where it lies.
/// </summary>
internal sealed class DeviceCopies(IKernels kernels, int offset) : IDisposable
{
    private readonly List<DeviceMemory> _memory = [];

    /// <summary>The results of an operation on memory that is aligned, aligned again, and not aligned.</summary>
    public static (T[] Aligned, T[] Again, T[] Misaligned) Runs<T>(IKernels kernels, T[] output, Action<DeviceCopies, Block<T>> operation) where T : unmanaged
    {
        return (Run(0), Run(0), Run(1));

        T[] Run(int offset)
        {
            using var copies = new DeviceCopies(kernels, offset);
            Block<T> block = copies.Of(output);
            operation(copies, block);
            T[] result = new T[output.Length];
            kernels.Download(block, result);
            return result;
        }
    }

    public unsafe Block<T> Of<T>(T[] values) where T : unmanaged
    {
        DeviceMemory memory = kernels.Allocate((values.Length + offset) * sizeof(T));
        _memory.Add(memory);
        Block<T> block = memory.AsBlock<T>().Slice(offset, values.Length);
        kernels.Upload(values, block);
        return block;
    }

    public void Dispose()
    {
        foreach (DeviceMemory memory in _memory) memory.Dispose();
    }
}
