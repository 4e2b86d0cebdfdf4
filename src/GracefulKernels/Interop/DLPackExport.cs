using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace GracefulKernels;

/// <summary>Gives memory of this process to others by DLPack, without a copy: the memory stays pinned until the taker calls the deleter.</summary>
public static unsafe class DLPackExport
{
    /// <summary>Makes a <c>DLManagedTensorVersioned*</c> (DLPack 1.x) over <paramref name="memory"/>, row-major.</summary>
    /// <param name="memory">Kept, and kept in place, until the deleter is called.</param>
    /// <param name="shape">Lengths of the dimensions; their product is the length of <paramref name="memory"/>.</param>
    /// <param name="readOnly">Whether the taker may not write.</param>
    /// <returns>The pointer for a capsule named <c>dltensor_versioned</c>. Whoever has it calls its deleter once; the tensor is leaked if nobody does.</returns>
    /// <exception cref="ArgumentException">The shape is not that of the memory.</exception>
    /// <exception cref="NotSupportedException">Elements of <typeparamref name="T"/> are none of those that are known here.</exception>
    public static nint ExportVersioned<T>(Memory<T> memory, ReadOnlySpan<long> shape, bool readOnly = false) where T : unmanaged
    {
        _ = ElementTypes.Of<T>();
        CheckShape(memory.Length, shape);
        return Versioned<T>(memory.Pin(), shape, default, readOnly);
    }

    /// <summary>Makes a <c>DLManagedTensorVersioned*</c> (DLPack 1.x) over a tensor, with its strides.</summary>
    /// <param name="tensor">Its memory is kept, and kept in place, until the deleter is called.</param>
    /// <param name="readOnly">Whether the taker may not write.</param>
    /// <returns>The pointer for a capsule named <c>dltensor_versioned</c>. Whoever has it calls its deleter once; the tensor is leaked if nobody does.</returns>
    /// <exception cref="NotSupportedException">Elements of <typeparamref name="T"/> are none of those that are known here.</exception>
    public static nint ExportVersioned<T>(Tensor<T> tensor, bool readOnly = false) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        _ = ElementTypes.Of<T>();
        return Versioned<T>(tensor.GetPinnedHandle(), Longs(tensor.Lengths), Longs(tensor.Strides), readOnly);
    }

    /// <summary>Makes a <c>DLManagedTensor*</c> (DLPack before 1.0) over <paramref name="memory"/>, row-major, for a capsule named <c>dltensor</c>.</summary>
    /// <inheritdoc cref="ExportVersioned{T}(Memory{T}, ReadOnlySpan{long}, bool)"/>
    public static nint Export<T>(Memory<T> memory, ReadOnlySpan<long> shape) where T : unmanaged
    {
        _ = ElementTypes.Of<T>();
        CheckShape(memory.Length, shape);
        return Legacy<T>(memory.Pin(), shape, default);
    }

    /// <summary>Makes a <c>DLManagedTensor*</c> (DLPack before 1.0) over a tensor, with its strides, for a capsule named <c>dltensor</c>.</summary>
    /// <inheritdoc cref="ExportVersioned{T}(Tensor{T}, bool)"/>
    public static nint Export<T>(Tensor<T> tensor) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        _ = ElementTypes.Of<T>();
        return Legacy<T>(tensor.GetPinnedHandle(), Longs(tensor.Lengths), Longs(tensor.Strides));
    }

    private static nint Versioned<T>(MemoryHandle pin, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, bool readOnly) where T : unmanaged
    {
        DLTensor tensor = Describe<T>(pin, shape, strides, sizeof(DLManagedTensorVersioned), out byte* block, out GCHandle owner);
        var managed = (DLManagedTensorVersioned*)block;
        *managed = new DLManagedTensorVersioned
        {
            VersionMajor = DLManagedTensorVersioned.Major,
            VersionMinor = DLManagedTensorVersioned.Minor,
            Context = (void*)GCHandle.ToIntPtr(owner),
            Deleter = &DeleteVersioned,
            Flags = readOnly ? DLManagedTensorVersioned.ReadOnly : 0,
            Tensor = tensor,
        };
        return (nint)managed;
    }

    private static nint Legacy<T>(MemoryHandle pin, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides) where T : unmanaged
    {
        DLTensor tensor = Describe<T>(pin, shape, strides, sizeof(DLManagedTensor), out byte* block, out GCHandle owner);
        var managed = (DLManagedTensor*)block;
        *managed = new DLManagedTensor { Tensor = tensor, Context = (void*)GCHandle.ToIntPtr(owner), Deleter = &Delete };
        return (nint)managed;
    }

    private static long[] Longs(ReadOnlySpan<nint> values)
    {
        long[] longs = new long[values.Length];
        for (int i = 0; i < longs.Length; i++) longs[i] = values[i];
        return longs;
    }

    private static void CheckShape(int length, ReadOnlySpan<long> shape)
    {
        UInt128 elements = 1;
        bool good = true;
        foreach (long dimension in shape)
        {
            good &= dimension >= 0;
            elements = good ? UInt128.Min(elements * (UInt128)dimension, ulong.MaxValue) : elements;
        }
        if (!good || elements != (UInt128)length)
        {
            throw new ArgumentException($"shape is [{string.Join(" × ", shape.ToArray())}]; expected one of {length} elements, as memory has.", nameof(shape));
        }
    }

    /// <summary>One native block for the structure, the shape and the strides, so that the deleter has one thing to free.</summary>
    private static DLTensor Describe<T>(
        MemoryHandle memory, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, int structure, out byte* block, out GCHandle owner) where T : unmanaged
    {
        DLDataType type = DLPackNames.Of(ElementTypes.Of<T>());
        block = (byte*)NativeMemory.Alloc((nuint)structure + ((nuint)shape.Length * 2 * sizeof(long)));
        long* lengths = (long*)(block + structure), steps = lengths + shape.Length;
        long stride = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            lengths[i] = shape[i];
            // Tensor spans have the stride 0 along one element, which others read as a repetition.
            steps[i] = strides.IsEmpty || shape[i] <= 1 ? stride : strides[i];
            stride = strides.IsEmpty ? stride * Math.Max(1, shape[i]) : Math.Max(stride, steps[i] * shape[i]);
        }
        var pin = new Pin(memory);
        owner = GCHandle.Alloc(pin);
        return new DLTensor
        {
            Data = pin.Address,
            Device = new DLDevice { Type = DLPackNames.Cpu },
            Dimensions = shape.Length,
            Type = type,
            Shape = lengths,
            Strides = steps,
        };
    }

    [UnmanagedCallersOnly]
    private static void Delete(DLManagedTensor* tensor)
    {
        if (tensor is not null) Free(tensor->Context, tensor);
    }

    [UnmanagedCallersOnly]
    private static void DeleteVersioned(DLManagedTensorVersioned* tensor)
    {
        if (tensor is not null) Free(tensor->Context, tensor);
    }

    private static void Free(void* context, void* block)
    {
        GCHandle owner = GCHandle.FromIntPtr((nint)context);
        ((Pin)owner.Target!).Release();
        owner.Free();
        NativeMemory.Free(block);
    }

    /// <summary>A pin that can be held by a handle.</summary>
    private sealed class Pin(MemoryHandle handle)
    {
        private MemoryHandle _handle = handle;

        public void* Address => _handle.Pointer;

        public void Release() => _handle.Dispose();
    }
}
