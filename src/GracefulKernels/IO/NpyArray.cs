namespace GracefulKernels;

/// <summary>An array read from a .npy file, with the type it has there.</summary>
public abstract class NpyArray
{
    private protected NpyArray(ElementType type, IReadOnlyList<long> shape)
    {
        Type = type;
        Shape = shape;
    }

    /// <summary>Type of the elements.</summary>
    public ElementType Type { get; }

    /// <summary>Length of each dimension, outermost first; empty for a single number.</summary>
    public IReadOnlyList<long> Shape { get; }
}

/// <summary>An array read from a .npy file.</summary>
/// <typeparam name="T"><see cref="float"/>, <see cref="double"/>, <see cref="int"/>, <see cref="long"/>, <see cref="byte"/> or <see cref="bool"/>.</typeparam>
public sealed class NpyArray<T> : NpyArray where T : unmanaged
{
    internal NpyArray(IReadOnlyList<long> shape, T[] values) : base(ElementTypes.Of<T>(), shape) => Values = values;

    /// <summary>The elements in C order (the last index runs fastest), dense.</summary>
    public T[] Values { get; }
}
