using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// A matrix or vector of fp32 in the memory of a CUDA device that someone else owns, for operations of a <see cref="ComputeDevice"/> on that device: nothing is copied. Not yet run on a GPU.
/// </summary>
/// <remarks>
/// <para>Contexts: ILGPU, through which the GPU kernels run, makes a CUDA context of its own on each device and cannot take the primary one, in which the CUDA runtime, and so PyTorch and CuPy, allocates. An address is
/// valid in its context alone; one of another is refused. So the owner allocates with <see cref="ComputeDevice.CudaContext"/> current (<c>cuCtxPushCurrent</c>).</para>
/// <para>Order: work is done in the order of calls on the context's legacy default stream. <see cref="ComputeDevice.WaitForStream"/> puts what follows behind another stream's work,
/// <see cref="ComputeDevice.Synchronize"/> waits for ours.</para>
/// <para>Ownership: the memory stays its owner's, who frees it after <see cref="Dispose"/> and after the device's work on it is done.</para>
/// </remarks>
public sealed class CudaTensor : IDisposable
{
    private readonly MatrixView<float> _view;

    // Where it was given back, its memory is gone.
    private readonly DLPackTensor? _source;
    private int _disposed;

    private CudaTensor(GpuKernels set, Block<byte> bytes, long rows, long columns, long ld, bool readOnly, DLPackTensor? source)
    {
        Owner = set;
        IsReadOnly = readOnly;
        _source = source;
        var data = new Block<float>(bytes.Memory, bytes.Address, bytes.Length / sizeof(float));
        _view = new MatrixView<float>(data, rows, columns, ld);
    }

    /// <summary>Rows; 1 for a vector.</summary>
    public long Rows => _view.Rows;

    /// <summary>Columns.</summary>
    public long Columns => _view.Columns;

    /// <summary>Whether its owner forbids writing.</summary>
    public bool IsReadOnly { get; }

    internal GpuKernels Owner { get; }

    /// <summary>Borrows a tensor that lies on the device.</summary>
    /// <param name="tensor">float32, [rows × columns] or [columns], columns next to each other. It is disposed of after this.</param>
    /// <param name="device">A CUDA device, the one that the tensor lies on.</param>
    /// <exception cref="PlatformNotSupportedException"><paramref name="device"/> is no CUDA device.</exception>
    /// <exception cref="ArgumentException">The tensor lies elsewhere, holds another type, is empty, or has strides that kernels cannot follow.</exception>
    /// <exception cref="InvalidOperationException">The tensor's context is not the device's.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was given back.</exception>
    public static CudaTensor Borrow(DLPackTensor tensor, ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        GpuKernels set = SetOf(device);
        string lies = tensor.OnHost ? "the host" : $"cuda:{tensor.DeviceId}";
        if (lies != device.Name) throw new ArgumentException($"tensor lies on {lies}; expected {device.Name}, the device.", nameof(tensor));
        if (tensor.Type != ElementType.Float32) throw new ArgumentException($"tensor holds {tensor.Type.Word()}; expected float32.", nameof(tensor));
        return Borrow(set, tensor.Address, tensor.Shape, tensor.Strides, tensor.IsReadOnly, tensor, nameof(tensor));
    }

    /// <summary>Borrows memory by its address.</summary>
    /// <param name="pointer">A <c>CUdeviceptr</c> of the device's context.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="columns">Columns, at least 1, next to each other.</param>
    /// <param name="ld">Elements from a row to the next, at least <paramref name="columns"/>; 0 for no gaps.</param>
    /// <param name="device">A CUDA device.</param>
    /// <exception cref="PlatformNotSupportedException"><paramref name="device"/> is no CUDA device.</exception>
    /// <exception cref="ArgumentException">A size is out of range, or CUDA does not know the address.</exception>
    /// <exception cref="InvalidOperationException">The address is of another context.</exception>
    public static CudaTensor Borrow(nint pointer, long rows, long columns, ComputeDevice device, long ld = 0)
    {
        GpuKernels set = SetOf(device);
        if (pointer == 0) throw new ArgumentNullException(nameof(pointer));
        return Borrow(set, pointer, [rows, columns], [ld == 0 ? columns : ld, 1], false, null, nameof(pointer));
    }

    /// <summary>Ends the borrowing; the memory is its owner's, as it was.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) _view.Data.Memory!.Dispose();
    }

    /// <summary>A tensor over memory of a set, without its checks: how the operations are tested on devices that have no addresses.</summary>
    internal static CudaTensor Over(GpuKernels set, DeviceMemory memory, long rows, long columns, bool readOnly = false)
        => new(set, memory.AsBlock<byte>().Slice(0, rows * columns * sizeof(float)), rows, columns, columns, readOnly, null);

    /// <summary>The matrix, for an operation of a device.</summary>
    internal MatrixView<float> View(ComputeDevice device, string name, bool writes = false)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        _ = _source?.Address;
        if (!ReferenceEquals(device.Kernels, Owner)) throw new ArgumentException($"{name} was borrowed for {Owner.Name} as it was opened there; the operation runs on {device.Name}.", name);
        if (writes && IsReadOnly) throw new ArgumentException($"{name} is read-only.", name);
        return _view;
    }

    private static CudaTensor Borrow(
        GpuKernels set, nint pointer, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, bool readOnly, DLPackTensor? source, string name)
    {
        if (shape.Length is not (1 or 2)) throw new ArgumentException($"{name} has {shape.Length} dimensions; expected 1 or 2.", name);
        long rows = shape.Length == 2 ? shape[0] : 1, columns = shape[^1];
        long ld = rows > 1 ? strides[0] : columns;
        if (rows < 1 || columns < 1 || ld < columns || (columns > 1 && strides[^1] != 1) || rows > long.MaxValue / sizeof(float) / ld)
        {
            throw new ArgumentException(
                $"{name} is [{string.Join(" × ", shape.ToArray())}] with the strides [{string.Join(", ", strides.ToArray())}]; expected elements, columns next to each other, and rows that do not overlap.", name);
        }
        return new CudaTensor(set, set.Borrow(pointer, (((rows - 1) * ld) + columns) * sizeof(float)), rows, columns, ld, readOnly, source);
    }

    private static GpuKernels SetOf(ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return device.Info.Kind == DeviceKind.Cuda
            ? (GpuKernels)device.Kernels
            : throw new PlatformNotSupportedException($"The device is {device.Name}; memory of others is borrowed on CUDA devices.");
    }
}
