using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Maximum and its place as one number, so that the argmax of parts is the largest of their keys: the value's bits in an order that integers
/// have, then the place, lowest first. A NaN beats everything; no element at all is 0.
/// </summary>
internal static class RowGpuKey
{
    private const ulong NaN = ulong.MaxValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(float value, int index, bool holdsNaN)
    {
        // Both zeros are one value. Negative numbers have all bits turned, others the sign alone.
        uint bits = Interop.FloatAsInt(value == 0f ? 0f : value);
        uint ordered = bits ^ ((uint)((int)bits >> 31) | 0x80000000u);
        ulong key = ((ulong)ordered << 32) | (uint)~index;
        return holdsNaN ? NaN : key;
    }

    /// <summary>The lowest place of the maximum, −1 where there is a NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Index(ulong key) => key == NaN ? -1 : ~(int)(uint)key;

    /// <summary>The maximum, NaN where there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Value(ulong key)
    {
        uint ordered = (uint)(key >> 32);
        uint bits = ordered ^ ((uint)((int)~ordered >> 31) | 0x80000000u);
        return key == NaN ? float.NaN : Interop.IntAsFloat(bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Larger(ulong a, ulong b) => a > b ? a : b;
}

/// <summary>The best of one thread's elements so far.</summary>
internal struct RowGpuBest
{
    private float _value;
    private int _index;
    private bool _holdsNaN;

    /// <summary>Begins with the thread's lowest element, <paramref name="first"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RowGpuBest(int first)
    {
        _value = float.NegativeInfinity;
        _index = first;
        _holdsNaN = false;
    }

    /// <summary>Elements behind the last class are −∞ and never larger than what is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Float4 z, int first, int step)
    {
        Add(z.X, first);
        Add(z.Y, first + step);
        Add(z.Z, first + (2 * step));
        Add(z.W, first + (3 * step));
    }

    /// <summary>Places come in ascending order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float z, int index)
    {
        _holdsNaN |= float.IsNaN(z);
        bool larger = z > _value;
        _value = larger ? z : _value;
        _index = larger ? index : _index;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong Key(int first, int classes) => first < classes ? RowGpuKey.Of(_value, _index, _holdsNaN) : 0UL;
}
