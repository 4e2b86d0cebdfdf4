using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Sixteen lanes in sixteen scalars: no vector instruction at all. The reference that the other widths must match bit for bit.</summary>
internal unsafe struct LanesScalar : ILanes<LanesScalar, DoubleLanesScalar>
{
    private Sixteen _v;

    public static string Name => "scalar";

    public static bool IsSupported => true;

    public static LanesScalar Zero => default;

    public static LanesScalar Broadcast(float value)
    {
        Unsafe.SkipInit(out LanesScalar r);
        for (int i = 0; i < 16; i++) r._v[i] = value;
        return r;
    }

    public static LanesScalar Load(float* source)
    {
        Unsafe.SkipInit(out LanesScalar r);
        for (int i = 0; i < 16; i++) r._v[i] = source[i];
        return r;
    }

    public static LanesScalar LoadPartial(float* source, int count)
    {
        LanesScalar r = default;
        for (int i = 0; i < count; i++) r._v[i] = source[i];
        return r;
    }

    public static void Store(float* destination, LanesScalar value)
    {
        for (int i = 0; i < 16; i++) destination[i] = value._v[i];
    }

    public static void StoreStreaming(float* destination, LanesScalar value) => Store(destination, value);

    public static void StorePartial(float* destination, int count, LanesScalar value)
    {
        for (int i = 0; i < count; i++) destination[i] = value._v[i];
    }

    public static LanesScalar LoadUInt16(ushort* source, int count)
    {
        LanesScalar r = default;
        for (int i = 0; i < count; i++) r._v[i] = source[i];
        return r;
    }

    public static void StoreUInt16(ushort* destination, int count, LanesScalar value)
    {
        for (int i = 0; i < count; i++) destination[i] = (ushort)value._v[i];
    }

    public static LanesScalar operator +(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] += b._v[i];
        return a;
    }

    public static LanesScalar operator -(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] -= b._v[i];
        return a;
    }

    public static LanesScalar operator *(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] *= b._v[i];
        return a;
    }

    public static LanesScalar operator /(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] /= b._v[i];
        return a;
    }

    public static LanesScalar operator -(LanesScalar a)
    {
        for (int i = 0; i < 16; i++) a._v[i] = -a._v[i];
        return a;
    }

    public static LanesScalar MultiplyAdd(LanesScalar a, LanesScalar b, LanesScalar c)
    {
        for (int i = 0; i < 16; i++) c._v[i] = MathF.FusedMultiplyAdd(a._v[i], b._v[i], c._v[i]);
        return c;
    }

    public static LanesScalar Abs(LanesScalar a)
    {
        for (int i = 0; i < 16; i++) a._v[i] = MathF.Abs(a._v[i]);
        return a;
    }

    public static LanesScalar Sqrt(LanesScalar a)
    {
        for (int i = 0; i < 16; i++) a._v[i] = MathF.Sqrt(a._v[i]);
        return a;
    }

    public static LanesScalar Round(LanesScalar a)
    {
        for (int i = 0; i < 16; i++) a._v[i] = MathF.Round(a._v[i]);
        return a;
    }

    public static LanesScalar Max(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) b._v[i] = a._v[i] > b._v[i] ? a._v[i] : b._v[i];
        return b;
    }

    public static LanesScalar Min(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) b._v[i] = a._v[i] < b._v[i] ? a._v[i] : b._v[i];
        return b;
    }

    public static LanesScalar GreaterThan(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] = Mask(a._v[i] > b._v[i]);
        return a;
    }

    public static LanesScalar GreaterThanOrEqual(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] = Mask(a._v[i] >= b._v[i]);
        return a;
    }

    public static LanesScalar Equal(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] = Mask(a._v[i] == b._v[i]);
        return a;
    }

    public static LanesScalar Select(LanesScalar mask, LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++)
        {
            int m = BitConverter.SingleToInt32Bits(mask._v[i]);
            b._v[i] = BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(a._v[i]) & m)
                | (BitConverter.SingleToInt32Bits(b._v[i]) & ~m));
        }
        return b;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanesScalar WhereGreater(LanesScalar a, LanesScalar b, LanesScalar x, LanesScalar y) => Select(GreaterThan(a, b), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanesScalar WhereEqual(LanesScalar a, LanesScalar b, LanesScalar x, LanesScalar y) => Select(Equal(a, b), x, y);

    public static uint ToBits(LanesScalar mask)
    {
        uint bits = 0;
        for (int i = 0; i < 16; i++) bits |= (BitConverter.SingleToUInt32Bits(mask._v[i]) >> 31) << i;
        return bits;
    }

    public static LanesScalar FromBits(uint bits)
    {
        Unsafe.SkipInit(out LanesScalar r);
        for (int i = 0; i < 16; i++) r._v[i] = Mask(((bits >> i) & 1) != 0);
        return r;
    }

    public static LanesScalar Scale(LanesScalar a, LanesScalar n)
    {
        for (int i = 0; i < 16; i++)
        {
            // Two exact steps, as in the wider lanes; a lane that is never used may hold any n, so the conversion must not throw.
            int whole = unchecked((int)n._v[i]);
            int half = whole >> 1;
            a._v[i] = a._v[i] * BitConverter.Int32BitsToSingle((half + 127) << 23)
                * BitConverter.Int32BitsToSingle((whole - half + 127) << 23);
        }
        return a;
    }

    public static LanesScalar Split(LanesScalar a, out LanesScalar n)
    {
        Unsafe.SkipInit(out n);
        for (int i = 0; i < 16; i++)
        {
            int above = BitConverter.SingleToInt32Bits(a._v[i]) - LaneMath.BitsOfRootHalf;
            n._v[i] = above >> 23;
            a._v[i] = BitConverter.Int32BitsToSingle((above & LaneMath.MantissaBits) + LaneMath.BitsOfRootHalf);
        }
        return a;
    }

    public static LanesScalar FromInt32(int* source)
    {
        Unsafe.SkipInit(out LanesScalar r);
        for (int i = 0; i < 16; i++) r._v[i] = source[i];
        return r;
    }

    public static float Sum(LanesScalar a)
    {
        for (int step = 8; step > 0; step >>= 1)
        {
            for (int i = 0; i < step; i++) a._v[i] += a._v[i + step];
        }
        return a._v[0];
    }

    public static float MaxAcross(LanesScalar a)
    {
        for (int step = 8; step > 0; step >>= 1)
        {
            for (int i = 0; i < step; i++) a._v[i] = a._v[i] > a._v[i + step] ? a._v[i] : a._v[i + step];
        }
        return a._v[0];
    }

    public static void Widen(LanesScalar a, out DoubleLanesScalar low, out DoubleLanesScalar high)
    {
        double* wide = stackalloc double[16];
        for (int i = 0; i < 16; i++) wide[i] = a._v[i];
        low = DoubleLanesScalar.Load(wide);
        high = DoubleLanesScalar.Load(wide + 8);
    }

    public static LanesScalar Narrow(DoubleLanesScalar low, DoubleLanesScalar high)
    {
        double* wide = stackalloc double[16];
        DoubleLanesScalar.Store(wide, low);
        DoubleLanesScalar.Store(wide + 8, high);
        Unsafe.SkipInit(out LanesScalar r);
        for (int i = 0; i < 16; i++) r._v[i] = (float)wide[i];
        return r;
    }

    private static float Mask(bool value) => BitConverter.Int32BitsToSingle(value ? -1 : 0);

    [InlineArray(16)]
    private struct Sixteen
    {
        private float _element;
    }
}

/// <summary>Eight fp64 lanes in eight scalars.</summary>
internal unsafe struct DoubleLanesScalar : IDoubleLanes<DoubleLanesScalar>
{
    private Eight _v;

    public static DoubleLanesScalar Zero => default;

    public static DoubleLanesScalar Broadcast(double value)
    {
        Unsafe.SkipInit(out DoubleLanesScalar r);
        for (int i = 0; i < 8; i++) r._v[i] = value;
        return r;
    }

    public static DoubleLanesScalar Load(double* source)
    {
        Unsafe.SkipInit(out DoubleLanesScalar r);
        for (int i = 0; i < 8; i++) r._v[i] = source[i];
        return r;
    }

    public static DoubleLanesScalar LoadPartial(double* source, int count)
    {
        DoubleLanesScalar r = default;
        for (int i = 0; i < count; i++) r._v[i] = source[i];
        return r;
    }

    public static void Store(double* destination, DoubleLanesScalar value)
    {
        for (int i = 0; i < 8; i++) destination[i] = value._v[i];
    }

    public static void StorePartial(double* destination, int count, DoubleLanesScalar value)
    {
        for (int i = 0; i < count; i++) destination[i] = value._v[i];
    }

    public static DoubleLanesScalar operator +(DoubleLanesScalar a, DoubleLanesScalar b)
    {
        for (int i = 0; i < 8; i++) a._v[i] += b._v[i];
        return a;
    }

    public static DoubleLanesScalar operator -(DoubleLanesScalar a, DoubleLanesScalar b)
    {
        for (int i = 0; i < 8; i++) a._v[i] -= b._v[i];
        return a;
    }

    public static DoubleLanesScalar operator *(DoubleLanesScalar a, DoubleLanesScalar b)
    {
        for (int i = 0; i < 8; i++) a._v[i] *= b._v[i];
        return a;
    }

    public static DoubleLanesScalar operator /(DoubleLanesScalar a, DoubleLanesScalar b)
    {
        for (int i = 0; i < 8; i++) a._v[i] /= b._v[i];
        return a;
    }

    public static DoubleLanesScalar MultiplyAdd(DoubleLanesScalar a, DoubleLanesScalar b, DoubleLanesScalar c)
    {
        for (int i = 0; i < 8; i++) c._v[i] = Math.FusedMultiplyAdd(a._v[i], b._v[i], c._v[i]);
        return c;
    }

    public static double Sum(DoubleLanesScalar a)
    {
        for (int step = 4; step > 0; step >>= 1)
        {
            for (int i = 0; i < step; i++) a._v[i] += a._v[i + step];
        }
        return a._v[0];
    }

    [InlineArray(8)]
    private struct Eight
    {
        private double _element;
    }
}
