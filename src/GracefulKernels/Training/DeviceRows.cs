using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>A matrix of which a batch's rows are brought to a device, whichever they are. Nothing is allocated for a batch.</summary>
/// <param name="kernels">Of the device.</param>
/// <param name="matrix">[samples × columns] in host memory.</param>
/// <param name="columns">Of the matrix.</param>
/// <param name="capacity">Rows of the largest batch.</param>
internal sealed class DeviceRows<T>(IKernels kernels, T[] matrix, int columns, int capacity) : IDisposable
    where T : unmanaged
{
    private readonly T[] _staging = new T[(long)capacity * columns];
    private readonly DeviceMemory _memory = kernels.Allocate((long)capacity * columns * System.Runtime.CompilerServices.Unsafe.SizeOf<T>());

    /// <summary>[samples × columns], until the next call.</summary>
    public Block<T> Gather(ReadOnlySpan<int> samples)
    {
        for (int i = 0; i < samples.Length; i++) matrix.AsSpan(samples[i] * columns, columns).CopyTo(_staging.AsSpan(i * columns));
        int length = samples.Length * columns;
        Block<T> rows = _memory.AsBlock<T>().Slice(0, length);
        kernels.Upload<T>(_staging.AsSpan(0, length), rows);
        return rows;
    }

    public void Dispose() => _memory.Dispose();
}
