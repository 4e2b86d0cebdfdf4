using System.Numerics.Tensors;

namespace GracefulKernels;

/// <summary>
/// Tensor spans over raw pointers: how memory that no .NET object owns (of a trainer in C++, a GPU driver's page-locked memory, a memory map) enters the operations that take tensor spans, without a copy.
/// </summary>
/// <remarks>
/// A span owns nothing and keeps nothing alive. Whoever made the memory frees it, after the last use of the span; that is checked by nobody. No other thread may write to it during an operation that reads it.
/// </remarks>
public static unsafe class ForeignTensor
{
    /// <summary>Why nothing can be written.</summary>
    internal const string Repeated = "a stride of 0 repeats elements, which can be read and not written";

    private const int MostOnStack = 8;

    /// <summary>Memory to be read.</summary>
    /// <typeparam name="T">Type of the elements, in the machine's byte order.</typeparam>
    /// <param name="pointer">The element [0, 0, …]; null only where there are no elements.</param>
    /// <param name="lengths">Lengths of the dimensions, at least one.</param>
    /// <param name="strides">Elements from one to the next along each dimension; empty for row-major without gaps. That of a dimension of one element is not looked at.</param>
    /// <exception cref="ArgumentNullException">There are elements, and the pointer is null.</exception>
    /// <exception cref="ArgumentException">
    /// A length or a stride is negative, strides are fewer or more than lengths, elements overlap other than by a stride of 0, more elements than memory has addresses, or a pointer that is no multiple
    /// of the element's size.
    /// </exception>
    public static ReadOnlyTensorSpan<T> AsReadOnly<T>(T* pointer, scoped ReadOnlySpan<nint> lengths, scoped ReadOnlySpan<nint> strides = default) where T : unmanaged
    {
        Span<nint> filled = lengths.Length <= MostOnStack ? stackalloc nint[lengths.Length] : new nint[lengths.Length];
        nint reach = Checked(pointer, lengths, strides, filled);
        return ReadOnly(pointer, reach, lengths, filled);
    }

    /// <summary>Memory to be read and written.</summary>
    /// <inheritdoc cref="AsReadOnly"/>
    /// <exception cref="ArgumentException">As for memory to be read, or a stride of 0: an element would be written several times.</exception>
    public static TensorSpan<T> AsWritable<T>(T* pointer, scoped ReadOnlySpan<nint> lengths, scoped ReadOnlySpan<nint> strides = default) where T : unmanaged
    {
        Span<nint> filled = lengths.Length <= MostOnStack ? stackalloc nint[lengths.Length] : new nint[lengths.Length];
        nint reach = Checked(pointer, lengths, strides, filled);
        if (reach > 0 && Repeats(lengths, filled)) throw new ArgumentException(Named(lengths, strides, Repeated), nameof(strides));
        return Writable(pointer, reach, lengths, filled);
    }

    /// <summary>The span of what <see cref="Fault"/> has passed.</summary>
    internal static ReadOnlyTensorSpan<T> ReadOnly<T>(T* pointer, nint reach, scoped ReadOnlySpan<nint> lengths, scoped ReadOnlySpan<nint> filled) where T : unmanaged
        => reach == 0 ? new(Somewhere(pointer), 0, lengths, default) : new(pointer, reach, lengths, filled);

    /// <summary>The same, to be written.</summary>
    internal static TensorSpan<T> Writable<T>(T* pointer, nint reach, scoped ReadOnlySpan<nint> lengths, scoped ReadOnlySpan<nint> filled) where T : unmanaged
        => reach == 0 ? new(Somewhere(pointer), 0, lengths, default) : new(pointer, reach, lengths, filled);

    /// <summary>What makes lengths and strides no tensor span, or null.</summary>
    /// <param name="filled">[lengths] strides as tensor spans want them: 0 along a dimension of one element.</param>
    /// <param name="reach">Elements from the first to the last, the gaps included; 0 without any.</param>
    internal static string? Fault(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, int size, Span<nint> filled, out nint reach)
    {
        reach = 0;
        bool empty = false;
        UInt128 step = 1, last = 1, most = (UInt128)(nint.MaxValue / size);
        for (int i = lengths.Length - 1; i >= 0; i--)
        {
            if (lengths[i] < 0) return Named(lengths, strides, "no length may be negative");
            if (!strides.IsEmpty && strides[i] < 0 && lengths[i] > 1) return Named(lengths, strides, "no stride may be negative, tensor spans count forwards");
            UInt128 stride = strides.IsEmpty ? step : (UInt128)nint.Max(0, strides[i]);
            step *= (UInt128)nint.Max(1, lengths[i]);
            if (lengths[i] > 1) last += (UInt128)(lengths[i] - 1) * stride;
            // A zero does not hide an overflow: rows are products over parts of the lengths.
            if (step > most || last > most) return Named(lengths, strides, "more elements than memory has addresses");
            filled[i] = lengths[i] > 1 ? (nint)stride : 0;
            empty |= lengths[i] == 0;
        }
        if (empty) return null;
        reach = (nint)last;
        return Overlap(lengths, filled) ? Named(lengths, strides, "elements overlap") : null;
    }

    /// <summary>Whether an element has several indices.</summary>
    internal static bool Repeats(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> filled)
    {
        for (int i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] > 1 && filled[i] == 0) return true;
        }
        return false;
    }

    /// <summary>A fault with what it is about.</summary>
    internal static string Named(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, string fault)
    {
        string given = strides.IsEmpty ? "" : $" with the strides [{string.Join(", ", strides.ToArray())}]";
        return $"The tensor is [{string.Join(" × ", lengths.ToArray())}]{given}: {fault}.";
    }

    /// <summary>Tensor spans refuse null, without elements too: an address that is never read.</summary>
    private static T* Somewhere<T>(T* pointer) where T : unmanaged => pointer is null ? (T*)sizeof(T) : pointer;

    private static nint Checked<T>(T* pointer, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, Span<nint> filled) where T : unmanaged
    {
        if (lengths.IsEmpty) throw new ArgumentException("lengths is empty; expected one for each dimension, at least one.", nameof(lengths));
        if (!strides.IsEmpty && strides.Length != lengths.Length)
        {
            throw new ArgumentException($"strides is [{strides.Length}]; expected [{lengths.Length}] (one for each length), or none.", nameof(strides));
        }
        if (Fault(lengths, strides, sizeof(T), filled, out nint reach) is { } fault) throw new ArgumentException(fault, strides.IsEmpty ? nameof(lengths) : nameof(strides));
        if (reach > 0 && pointer is null) throw new ArgumentNullException(nameof(pointer), $"pointer is null; expected {reach} elements.");
        return (nuint)pointer % (nuint)sizeof(T) == 0 || reach == 0
            ? reach
            : throw new ArgumentException($"pointer is 0x{(nuint)pointer:x}; expected a multiple of {sizeof(T)}, the size of an element.", nameof(pointer));
    }

    /// <summary>Along the dimensions in the order of their strides, each step must pass everything that the smaller ones reach.</summary>
    private static bool Overlap(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> filled)
    {
        nint passed = 0, reach = 1;
        while (true)
        {
            int next = -1;
            for (int i = 0; i < filled.Length; i++)
            {
                if (filled[i] <= passed) continue;
                if (next >= 0 && filled[i] == filled[next]) return true;
                if (next < 0 || filled[i] < filled[next]) next = i;
            }
            if (next < 0) return false;
            if (filled[next] < reach) return true;
            passed = filled[next];
            reach += (lengths[next] - 1) * filled[next];
        }
    }
}
