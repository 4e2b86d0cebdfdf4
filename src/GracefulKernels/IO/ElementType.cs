namespace GracefulKernels;

/// <summary>Types of array elements that files may hold, little-endian.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 single precision: <c>&lt;f4</c> in .npy, <c>F32</c> in safetensors.</summary>
    Float32,

    /// <summary>IEEE 754 double precision: <c>&lt;f8</c>, <c>F64</c>.</summary>
    Float64,

    /// <summary>Two's complement, 32 bits: <c>&lt;i4</c>, <c>I32</c>.</summary>
    Int32,

    /// <summary>Two's complement, 64 bits: <c>&lt;i8</c>, <c>I64</c>.</summary>
    Int64,

    /// <summary>Unsigned, 8 bits: <c>|u1</c>, <c>U8</c>.</summary>
    UInt8,

    /// <summary>One byte, 0 or 1: <c>|b1</c>; not among the safetensors types that are read here.</summary>
    Bool,
}

/// <summary>Sizes and CLR types of <see cref="ElementType"/>.</summary>
internal static class ElementTypes
{
    public static int Size(this ElementType type) => type switch
    {
        ElementType.Float32 or ElementType.Int32 => 4,
        ElementType.Float64 or ElementType.Int64 => 8,
        ElementType.UInt8 or ElementType.Bool => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    public static string Word(this ElementType type) => type.ToString().ToLowerInvariant();

    /// <summary>The element type that <typeparamref name="T"/> holds.</summary>
    /// <exception cref="NotSupportedException">There is none; the message names those that there are.</exception>
    public static ElementType Of<T>() where T : unmanaged
        => typeof(T) == typeof(float) ? ElementType.Float32
        : typeof(T) == typeof(double) ? ElementType.Float64
        : typeof(T) == typeof(int) ? ElementType.Int32
        : typeof(T) == typeof(long) ? ElementType.Int64
        : typeof(T) == typeof(byte) ? ElementType.UInt8
        : typeof(T) == typeof(bool) ? ElementType.Bool
        : throw new NotSupportedException($"Elements of type {typeof(T).Name} are in no file; expected float, double, int, long, byte or bool.");
}
