namespace GracefulKernels;

/// <summary>Conversions that change no value, or name the first element that they would change.</summary>
internal static class ExactConversion
{
    /// <summary>Converts to fp32; returns the first index whose value fp32 does not have, or −1. NaN stays NaN.</summary>
    public static int ToFloats<T>(ReadOnlySpan<T> from, Span<float> to) where T : unmanaged
    {
        for (int i = 0; i < from.Length; i++)
        {
            if (typeof(T) == typeof(float)) to[i] = (float)(object)from[i];
            else if (typeof(T) == typeof(byte)) to[i] = (byte)(object)from[i];
            else if (typeof(T) == typeof(bool)) to[i] = (bool)(object)from[i] ? 1 : 0;
            else if (typeof(T) == typeof(double))
            {
                double value = (double)(object)from[i];
                to[i] = (float)value;
                if (to[i] != value && !double.IsNaN(value)) return i;
            }
            else
            {
                long value = typeof(T) == typeof(int) ? (int)(object)from[i] : (long)(object)from[i];
                to[i] = value;
                // In 128 bits, which have both exactly: 2⁶³, to which the largest long rounds, is no long.
                if ((Int128)to[i] != value) return i;
            }
        }
        return -1;
    }

    /// <summary>Converts integers and booleans to int32; returns the first index whose value int32 does not have, or −1.</summary>
    public static int ToInts<T>(ReadOnlySpan<T> from, Span<int> to) where T : unmanaged
    {
        for (int i = 0; i < from.Length; i++)
        {
            long value = typeof(T) == typeof(int) ? (int)(object)from[i]
                : typeof(T) == typeof(long) ? (long)(object)from[i]
                : typeof(T) == typeof(byte) ? (byte)(object)from[i]
                : (bool)(object)from[i] ? 1 : 0;
            to[i] = (int)value;
            if (to[i] != value) return i;
        }
        return -1;
    }
}
