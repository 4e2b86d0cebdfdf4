using System.Numerics.Tensors;

namespace GracefulKernels;

/// <summary>
/// Someone else's tensor, taken over by DLPack without a copy (PyTorch, NumPy, JAX, CuPy and others give such tensors). Its memory stays its maker's; <see cref="Dispose"/> calls
/// the maker's deleter, exactly once, after which no span of it may be used.
/// </summary>
/// <remarks>
/// A span does not keep the tensor alive, so there is no finalizer: one that is never disposed of leaks, and is not freed under a span that is still in use. A tensor that cannot be taken over (the import throws) has not been taken: it is still the caller's, and its deleter has not been called.
/// </remarks>
public sealed unsafe class DLPackTensor : IDisposable
{
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly byte* _first;

    // Shape and strides as tensor spans want them, made once: a span in a training step allocates nothing.
    private readonly nint[] _lengths, _steps;
    private readonly nint _reach;
    private readonly string? _fault;
    private nint _legacy;
    private nint _versioned;

    private DLPackTensor(in DLTensor tensor, bool readOnly, nint legacy, nint versioned, string name)
    {
        (_shape, _strides, Elements) = Validated(tensor, name);
        Type = DLPackNames.Element(tensor.Type)!.Value;
        OnHost = tensor.Device.Type is DLPackNames.Cpu or DLPackNames.CudaHost;
        DeviceId = tensor.Device.Id;
        IsReadOnly = readOnly;
        _first = (byte*)tensor.Data + tensor.ByteOffset;
        _lengths = _shape.Length == 0 ? [1] : [.. _shape.Select(length => (nint)length)];
        _steps = new nint[_lengths.Length];
        _fault = ForeignTensor.Fault(_lengths, _shape.Length == 0 ? [1] : [.. _strides.Select(stride => (nint)stride)], Type.Size(), _steps, out _reach);
        _legacy = legacy;
        _versioned = versioned;
    }

    /// <summary>Type of the elements.</summary>
    public ElementType Type { get; }

    /// <summary>Lengths of the dimensions; empty for a single number.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Elements from one to the next along each dimension; negative ones count backwards, 0 repeats.</summary>
    public ReadOnlySpan<long> Strides => _strides;

    /// <summary>Product of the lengths.</summary>
    public long Elements { get; }

    /// <summary>Whether the memory is the processor's (page-locked or not); if not, it is that of a CUDA device.</summary>
    public bool OnHost { get; }

    /// <summary>Number of the device among those of its kind.</summary>
    public int DeviceId { get; }

    /// <summary>Whether the maker forbids writing. DLPack before 1.0 cannot say so: there it is false.</summary>
    public bool IsReadOnly { get; }

    /// <summary>Whether the elements lie row-major without gaps, as spans need them.</summary>
    public bool IsContiguous
    {
        get
        {
            long expected = 1;
            for (int i = _shape.Length - 1; i >= 0; i--)
            {
                if (_shape[i] != 1 && _strides[i] != expected && Elements > 0) return false;
                expected *= _shape[i];
            }
            return true;
        }
    }

    /// <summary>Address of the element [0, 0, …], the byte offset included.</summary>
    /// <exception cref="ObjectDisposedException">The tensor was given back.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsReleased, this);
            return (nint)_first;
        }
    }

    private bool IsReleased => Volatile.Read(ref _legacy) == 0 && Volatile.Read(ref _versioned) == 0;

    /// <summary>Takes over a <c>DLManagedTensorVersioned*</c> (DLPack 1.x, capsules named <c>dltensor_versioned</c>).</summary>
    /// <param name="managedTensor">The pointer that the capsule holds. The caller renames the capsule, as DLPack's protocol for Python asks.</param>
    /// <exception cref="ArgumentNullException">The pointer is null.</exception>
    /// <exception cref="NotSupportedException">Major version, element type or device are none of those that are known here; the message names them.</exception>
    /// <exception cref="ArgumentException">Shape, strides or data make no tensor.</exception>
    public static DLPackTensor ImportVersioned(nint managedTensor)
    {
        if (managedTensor == 0) throw new ArgumentNullException(nameof(managedTensor));
        var tensor = (DLManagedTensorVersioned*)managedTensor;
        if (tensor->VersionMajor != DLManagedTensorVersioned.Major)
        {
            throw new NotSupportedException($"managedTensor is of DLPack {tensor->VersionMajor}.{tensor->VersionMinor}; expected version {DLManagedTensorVersioned.Major}.x.");
        }
        return new DLPackTensor(tensor->Tensor, (tensor->Flags & DLManagedTensorVersioned.ReadOnly) != 0, 0, managedTensor, nameof(managedTensor));
    }

    /// <summary>Takes over a <c>DLManagedTensor*</c> (DLPack before 1.0, capsules named <c>dltensor</c>).</summary>
    /// <inheritdoc cref="ImportVersioned"/>
    public static DLPackTensor Import(nint managedTensor)
    {
        if (managedTensor == 0) throw new ArgumentNullException(nameof(managedTensor));
        return new DLPackTensor(((DLManagedTensor*)managedTensor)->Tensor, false, managedTensor, 0, nameof(managedTensor));
    }

    /// <summary>The elements, to be read: no copy.</summary>
    /// <exception cref="InvalidOperationException">Another element type, memory of a GPU, gaps between the elements, or more of them than a span holds.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was given back.</exception>
    public ReadOnlySpan<T> AsReadOnlySpan<T>() where T : unmanaged
    {
        CheckSpan<T>();
        return new ReadOnlySpan<T>(_first, (int)Elements);
    }

    /// <summary>The elements, to be written too: no copy.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="AsReadOnlySpan{T}"/>, or the tensor is read-only.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was given back.</exception>
    public Span<T> AsSpan<T>() where T : unmanaged
    {
        if (IsReadOnly) throw new InvalidOperationException("The tensor is read-only; AsReadOnlySpan reads it.");
        CheckSpan<T>();
        return new Span<T>(_first, (int)Elements);
    }

    /// <summary>The elements, to be read, with their strides: no copy. Any size; what operations on tensor spans take.</summary>
    /// <returns>A span of the tensor's shape; [1] for a single number. It does not keep the tensor alive: it is used before <see cref="Dispose"/>.</returns>
    /// <exception cref="InvalidOperationException">Another element type, memory of a GPU, or strides that tensor spans cannot have: negative ones, or elements that overlap other than by a stride of 0.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was given back.</exception>
    public ReadOnlyTensorSpan<T> AsReadOnlyTensorSpan<T>() where T : unmanaged
    {
        CheckTensorSpan<T>();
        return ForeignTensor.ReadOnly((T*)_first, _reach, _lengths, _steps);
    }

    /// <summary>The elements, to be written too, with their strides: no copy.</summary>
    /// <inheritdoc cref="AsReadOnlyTensorSpan{T}"/>
    /// <exception cref="InvalidOperationException">As for <see cref="AsReadOnlyTensorSpan{T}"/>, or the tensor is read-only, or a stride of 0 repeats elements.</exception>
    public TensorSpan<T> AsTensorSpan<T>() where T : unmanaged
    {
        if (IsReadOnly) throw new InvalidOperationException("The tensor is read-only; AsReadOnlyTensorSpan reads it.");
        CheckTensorSpan<T>();
        if (_reach > 0 && ForeignTensor.Repeats(_lengths, _steps)) throw new InvalidOperationException(ForeignTensor.Named(_lengths, _steps, ForeignTensor.Repeated));
        return ForeignTensor.Writable((T*)_first, _reach, _lengths, _steps);
    }

    /// <summary>Gives the tensor back: calls its deleter, if it has one, the first time only.</summary>
    public void Dispose()
    {
        nint legacy = Interlocked.Exchange(ref _legacy, 0), versioned = Interlocked.Exchange(ref _versioned, 0);
        if (legacy != 0 && ((DLManagedTensor*)legacy)->Deleter is not null) ((DLManagedTensor*)legacy)->Deleter((DLManagedTensor*)legacy);
        if (versioned != 0 && ((DLManagedTensorVersioned*)versioned)->Deleter is not null)
        {
            ((DLManagedTensorVersioned*)versioned)->Deleter((DLManagedTensorVersioned*)versioned);
        }
    }

    private static (long[] Shape, long[] Strides, long Elements) Validated(in DLTensor tensor, string name)
    {
        if (DLPackNames.Element(tensor.Type) is not { } element)
        {
            throw new NotSupportedException($"{name} holds {DLPackNames.Type(tensor.Type)}; expected float32, float64, int32, int64, uint8 or bool8.");
        }
        if (tensor.Device.Type is not (DLPackNames.Cpu or DLPackNames.Cuda or DLPackNames.CudaHost))
        {
            throw new NotSupportedException($"{name} lies on {DLPackNames.Device(tensor.Device.Type)}; expected cpu, cuda_host or cuda.");
        }
        if (tensor.Dimensions < 0 || (tensor.Dimensions > 0 && tensor.Shape is null))
        {
            throw new ArgumentException($"{name} has {tensor.Dimensions} dimensions and {(tensor.Shape is null ? "no" : "a")} shape; expected at least 0, and a shape for more.", name);
        }
        long[] shape = new ReadOnlySpan<long>(tensor.Shape, tensor.Dimensions).ToArray();
        if (shape.Any(length => length < 0)) throw new ArgumentException($"{name} has the shape [{string.Join(" × ", shape)}]; no length may be negative.", name);
        bool empty = shape.Contains(0);
        long[] strides = tensor.Strides is null ? new long[shape.Length] : new ReadOnlySpan<long>(tensor.Strides, shape.Length).ToArray();
        long elements = empty ? 0 : 1;
        try
        {
            if (tensor.Strides is null)
            {
                long stride = 1;
                for (int i = shape.Length - 1; i >= 0; i--)
                {
                    strides[i] = stride;
                    stride = checked(stride * Math.Max(1, shape[i]));
                }
            }
            // The farthest elements must have addresses.
            long before = 0, after = 0;
            for (int i = 0; !empty && i < shape.Length; i++)
            {
                elements = checked(elements * shape[i]);
                long reach = checked((shape[i] - 1) * strides[i]);
                if (reach < 0) before = checked(before + reach);
                else after = checked(after + reach);
            }
            _ = checked(Math.Max(elements, after - before + 1) * element.Size());
        }
        catch (OverflowException)
        {
            throw new ArgumentException($"{name} has the shape [{string.Join(" × ", shape)}] and the strides [{string.Join(", ", strides)}]: more than memory has addresses.", name);
        }
        if (tensor.Data is null && elements > 0) throw new ArgumentException($"{name} has no data for its {elements} elements.", name);
        return ((nuint)tensor.Data + (nuint)tensor.ByteOffset) % (nuint)element.Size() == 0 || elements == 0
            ? (shape, strides, elements)
            : throw new ArgumentException($"{name} has its data at an address that is no multiple of {element.Size()}, the size of {element.Word()}.", name);
    }

    private void CheckTensorSpan<T>() where T : unmanaged
    {
        CheckAccess<T>();
        if (_fault is not null) throw new InvalidOperationException(_fault);
    }

    private void CheckAccess<T>() where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(IsReleased, this);
        if (ElementTypes.Of<T>() != Type) throw new InvalidOperationException($"The tensor holds {Type.Word()}, not {ElementTypes.Of<T>().Word()}.");
        if (!OnHost) throw new InvalidOperationException($"The tensor lies on cuda:{DeviceId}; spans are of the processor's memory.");
    }

    private void CheckSpan<T>() where T : unmanaged
    {
        CheckAccess<T>();
        if (!IsContiguous)
        {
            throw new InvalidOperationException($"The tensor has the strides [{string.Join(", ", _strides)}] for the shape [{string.Join(" × ", _shape)}]; a span has no gaps.");
        }
        if (Elements > Array.MaxLength) throw new InvalidOperationException($"The tensor has {Elements} elements; a span has at most {Array.MaxLength}.");
    }
}
