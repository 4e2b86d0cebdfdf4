using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GracefulKernels.Kernels;

/// <summary>Sixteen lanes in four registers of 128 bits.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Lanes128, DoubleLanes128>
{
    private readonly Vector128<float> _a;
    private readonly Vector128<float> _b;
    private readonly Vector128<float> _c;
    private readonly Vector128<float> _d;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes128(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        _a = a;
        _b = b;
        _c = c;
        _d = d;
    }

    public static string Name => "vector128";

    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    public static Lanes128 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector128<float>.Zero, Vector128<float>.Zero, Vector128<float>.Zero, Vector128<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value)
    {
        Vector128<float> v = Vector128.Create(value);
        return new(v, v, v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* source) => new(Vector128.Load(source), Vector128.Load(source + 4), Vector128.Load(source + 8), Vector128.Load(source + 12));

    public static Lanes128 LoadPartial(float* source, int count)
    {
        float* padded = stackalloc float[16];
        for (int i = 0; i < 16; i++) padded[i] = i < count ? source[i] : 0f;
        return Load(padded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Lanes128 value)
    {
        value._a.Store(destination);
        value._b.Store(destination + 4);
        value._c.Store(destination + 8);
        value._d.Store(destination + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreStreaming(float* destination, Lanes128 value)
    {
        value._a.StoreAlignedNonTemporal(destination);
        value._b.StoreAlignedNonTemporal(destination + 4);
        value._c.StoreAlignedNonTemporal(destination + 8);
        value._d.StoreAlignedNonTemporal(destination + 12);
    }

    public static void StorePartial(float* destination, int count, Lanes128 value)
    {
        float* whole = stackalloc float[16];
        Store(whole, value);
        for (int i = 0; i < count; i++) destination[i] = whole[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadUInt16(ushort* source, int count)
    {
        Vector256<ushort> words = count == 16
            ? Vector256.Create(Vector128.Load(source), Vector128.Load(source + 8))
            : PartialWords.Load(source, count);
        Vector128<ushort> low = words.GetLower(), high = words.GetUpper();
        return new(Vector128.ConvertToSingle(Vector128.WidenLower(low).AsInt32()),
            Vector128.ConvertToSingle(Vector128.WidenUpper(low).AsInt32()),
            Vector128.ConvertToSingle(Vector128.WidenLower(high).AsInt32()),
            Vector128.ConvertToSingle(Vector128.WidenUpper(high).AsInt32()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreUInt16(ushort* destination, int count, Lanes128 value)
    {
        Vector128<ushort> low = Vector128.Narrow(
            Vector128.ConvertToInt32Native(value._a).AsUInt32(), Vector128.ConvertToInt32Native(value._b).AsUInt32());
        Vector128<ushort> high = Vector128.Narrow(
            Vector128.ConvertToInt32Native(value._c).AsUInt32(), Vector128.ConvertToInt32Native(value._d).AsUInt32());
        if (count == 16)
        {
            low.Store(destination);
            high.Store(destination + 8);
        }
        else
        {
            PartialWords.Store(destination, count, Vector256.Create(low, high));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 a, Lanes128 b) => new(a._a + b._a, a._b + b._b, a._c + b._c, a._d + b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 a, Lanes128 b) => new(a._a - b._a, a._b - b._b, a._c - b._c, a._d - b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 a, Lanes128 b) => new(a._a * b._a, a._b * b._b, a._c * b._c, a._d * b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 a, Lanes128 b) => new(a._a / b._a, a._b / b._b, a._c / b._c, a._d / b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 a) => new(-a._a, -a._b, -a._c, -a._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c)
        => new(FusedMultiplyAdd.Vector(a._a, b._a, c._a),
            FusedMultiplyAdd.Vector(a._b, b._b, c._b),
            FusedMultiplyAdd.Vector(a._c, b._c, c._c),
            FusedMultiplyAdd.Vector(a._d, b._d, c._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Abs(Lanes128 a) => new(Vector128.Abs(a._a), Vector128.Abs(a._b), Vector128.Abs(a._c), Vector128.Abs(a._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Sqrt(Lanes128 a) => new(Vector128.Sqrt(a._a), Vector128.Sqrt(a._b), Vector128.Sqrt(a._c), Vector128.Sqrt(a._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Round(Lanes128 a) => new(Vector128.Round(a._a), Vector128.Round(a._b), Vector128.Round(a._c), Vector128.Round(a._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 a, Lanes128 b)
        => new(HorizontalFold.Max(a._a, b._a),
            HorizontalFold.Max(a._b, b._b),
            HorizontalFold.Max(a._c, b._c),
            HorizontalFold.Max(a._d, b._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Min(Lanes128 a, Lanes128 b)
        => new(HorizontalFold.Min(a._a, b._a),
            HorizontalFold.Min(a._b, b._b),
            HorizontalFold.Min(a._c, b._c),
            HorizontalFold.Min(a._d, b._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 GreaterThan(Lanes128 a, Lanes128 b)
        => new(Vector128.GreaterThan(a._a, b._a),
            Vector128.GreaterThan(a._b, b._b),
            Vector128.GreaterThan(a._c, b._c),
            Vector128.GreaterThan(a._d, b._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 GreaterThanOrEqual(Lanes128 a, Lanes128 b)
        => new(Vector128.GreaterThanOrEqual(a._a, b._a),
            Vector128.GreaterThanOrEqual(a._b, b._b),
            Vector128.GreaterThanOrEqual(a._c, b._c),
            Vector128.GreaterThanOrEqual(a._d, b._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Equal(Lanes128 a, Lanes128 b)
        => new(Vector128.Equals(a._a, b._a),
            Vector128.Equals(a._b, b._b),
            Vector128.Equals(a._c, b._c),
            Vector128.Equals(a._d, b._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Select(Lanes128 mask, Lanes128 a, Lanes128 b)
        => new(Vector128.ConditionalSelect(mask._a, a._a, b._a),
            Vector128.ConditionalSelect(mask._b, a._b, b._b),
            Vector128.ConditionalSelect(mask._c, a._c, b._c),
            Vector128.ConditionalSelect(mask._d, a._d, b._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 WhereGreater(Lanes128 a, Lanes128 b, Lanes128 x, Lanes128 y) => Select(GreaterThan(a, b), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 WhereEqual(Lanes128 a, Lanes128 b, Lanes128 x, Lanes128 y) => Select(Equal(a, b), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ToBits(Lanes128 mask)
        => mask._a.ExtractMostSignificantBits() | (mask._b.ExtractMostSignificantBits() << 4) | (mask._c.ExtractMostSignificantBits() << 8) | (mask._d.ExtractMostSignificantBits() << 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 FromBits(uint bits)
    {
        Vector128<uint> lane = Vector128.Create(1u, 2u, 4u, 8u);
        return new(Vector128.Equals(Vector128.Create(bits) & lane, lane).AsSingle(),
            Vector128.Equals(Vector128.Create(bits >> 4) & lane, lane).AsSingle(),
            Vector128.Equals(Vector128.Create(bits >> 8) & lane, lane).AsSingle(),
            Vector128.Equals(Vector128.Create(bits >> 12) & lane, lane).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Scale(Lanes128 a, Lanes128 n)
        => new(Scale(a._a, n._a),
            Scale(a._b, n._b),
            Scale(a._c, n._c),
            Scale(a._d, n._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Split(Lanes128 a, out Lanes128 n)
    {
        Vector128<float> ma = Split(a._a, out Vector128<float> na);
        Vector128<float> mb = Split(a._b, out Vector128<float> nb);
        Vector128<float> mc = Split(a._c, out Vector128<float> nc);
        Vector128<float> md = Split(a._d, out Vector128<float> nd);
        n = new(na, nb, nc, nd);
        return new(ma, mb, mc, md);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 FromInt32(int* source)
        => new(Vector128.ConvertToSingle(Vector128.Load(source)),
            Vector128.ConvertToSingle(Vector128.Load(source + 4)),
            Vector128.ConvertToSingle(Vector128.Load(source + 8)),
            Vector128.ConvertToSingle(Vector128.Load(source + 12)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes128 a) => HorizontalFold.Sum((a._a + a._c) + (a._b + a._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(Lanes128 a)
        => HorizontalFold.Max(HorizontalFold.Max(HorizontalFold.Max(a._a, a._c), HorizontalFold.Max(a._b, a._d)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen(Lanes128 a, out DoubleLanes128 low, out DoubleLanes128 high)
    {
        low = new(Vector128.WidenLower(a._a), Vector128.WidenUpper(a._a), Vector128.WidenLower(a._b), Vector128.WidenUpper(a._b));
        high = new(Vector128.WidenLower(a._c), Vector128.WidenUpper(a._c), Vector128.WidenLower(a._d), Vector128.WidenUpper(a._d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Narrow(DoubleLanes128 low, DoubleLanes128 high)
        => new(
            Vector128.Narrow(low.A, low.B),
            Vector128.Narrow(low.C, low.D),
            Vector128.Narrow(high.A, high.B),
            Vector128.Narrow(high.C, high.D));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Split(Vector128<float> a, out Vector128<float> n)
    {
        Vector128<int> root = Vector128.Create(LaneMath.BitsOfRootHalf);
        Vector128<int> above = a.AsInt32() - root;
        n = Vector128.ConvertToSingle(above >> 23);
        return ((above & Vector128.Create(LaneMath.MantissaBits)) + root).AsSingle();
    }

    /// <summary>By exponent arithmetic in two exact steps: only the last product can round, as VSCALEFPS rounds once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Scale(Vector128<float> a, Vector128<float> n)
    {
        Vector128<int> whole = Vector128.ConvertToInt32(n);
        Vector128<int> half = whole >> 1;
        Vector128<int> bias = Vector128.Create(127);
        return a * ((half + bias) << 23).AsSingle() * ((whole - half + bias) << 23).AsSingle();
    }
}

/// <summary>Eight fp64 lanes in four registers of 128 bits.</summary>
internal readonly unsafe struct DoubleLanes128 : IDoubleLanes<DoubleLanes128>
{
    internal readonly Vector128<double> A;
    internal readonly Vector128<double> B;
    internal readonly Vector128<double> C;
    internal readonly Vector128<double> D;

    internal DoubleLanes128(Vector128<double> a, Vector128<double> b, Vector128<double> c, Vector128<double> d)
    {
        A = a;
        B = b;
        C = c;
        D = d;
    }

    public static DoubleLanes128 Zero => new(Vector128<double>.Zero, Vector128<double>.Zero, Vector128<double>.Zero, Vector128<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Broadcast(double value)
    {
        Vector128<double> v = Vector128.Create(value);
        return new(v, v, v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Load(double* source) => new(Vector128.Load(source), Vector128.Load(source + 2), Vector128.Load(source + 4), Vector128.Load(source + 6));

    public static DoubleLanes128 LoadPartial(double* source, int count)
    {
        double* padded = stackalloc double[8];
        for (int i = 0; i < 8; i++) padded[i] = i < count ? source[i] : 0;
        return Load(padded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* destination, DoubleLanes128 value)
    {
        value.A.Store(destination);
        value.B.Store(destination + 2);
        value.C.Store(destination + 4);
        value.D.Store(destination + 6);
    }

    public static void StorePartial(double* destination, int count, DoubleLanes128 value)
    {
        double* whole = stackalloc double[8];
        Store(whole, value);
        for (int i = 0; i < count; i++) destination[i] = whole[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 operator +(DoubleLanes128 a, DoubleLanes128 b) => new(a.A + b.A, a.B + b.B, a.C + b.C, a.D + b.D);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 operator -(DoubleLanes128 a, DoubleLanes128 b) => new(a.A - b.A, a.B - b.B, a.C - b.C, a.D - b.D);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 operator *(DoubleLanes128 a, DoubleLanes128 b) => new(a.A * b.A, a.B * b.B, a.C * b.C, a.D * b.D);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 operator /(DoubleLanes128 a, DoubleLanes128 b) => new(a.A / b.A, a.B / b.B, a.C / b.C, a.D / b.D);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 MultiplyAdd(DoubleLanes128 a, DoubleLanes128 b, DoubleLanes128 c)
        => new(Vector128.FusedMultiplyAdd(a.A, b.A, c.A),
            Vector128.FusedMultiplyAdd(a.B, b.B, c.B),
            Vector128.FusedMultiplyAdd(a.C, b.C, c.C),
            Vector128.FusedMultiplyAdd(a.D, b.D, c.D));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(DoubleLanes128 a)
    {
        Vector128<double> two = (a.A + a.C) + (a.B + a.D);
        return two[0] + two[1];
    }
}
