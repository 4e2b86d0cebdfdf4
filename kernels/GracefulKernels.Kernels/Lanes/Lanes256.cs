using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GracefulKernels.Kernels;

/// <summary>Sixteen lanes in two registers of 256 bits.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Lanes256, DoubleLanes256>
{
    private readonly Vector256<float> _a;
    private readonly Vector256<float> _b;

    private Lanes256(Vector256<float> a, Vector256<float> b)
    {
        _a = a;
        _b = b;
    }

    public static string Name => "avx2";

    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    public static Lanes256 Zero => new(Vector256<float>.Zero, Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value)
    {
        Vector256<float> v = Vector256.Create(value);
        return new(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) => new(Vector256.Load(source), Vector256.Load(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadPartial(float* source, int count)
        => new(Avx.MaskLoad(source, Below(count, 0)), Avx.MaskLoad(source + 8, Below(count, 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Lanes256 value)
    {
        value._a.Store(destination);
        value._b.Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreStreaming(float* destination, Lanes256 value)
    {
        value._a.StoreAlignedNonTemporal(destination);
        value._b.StoreAlignedNonTemporal(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(float* destination, int count, Lanes256 value)
    {
        Avx.MaskStore(destination, Below(count, 0), value._a);
        Avx.MaskStore(destination + 8, Below(count, 8), value._b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadUInt16(ushort* source, int count)
    {
        Vector256<ushort> words = count == 16 ? Vector256.Load(source) : PartialWords.Load(source, count);
        return new(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(words.GetLower())),
            Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(words.GetUpper())));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreUInt16(ushort* destination, int count, Lanes256 value)
    {
        Vector256<ushort> words = Vector256.Narrow(
            Avx.ConvertToVector256Int32(value._a).AsUInt32(), Avx.ConvertToVector256Int32(value._b).AsUInt32());
        if (count == 16) words.Store(destination);
        else PartialWords.Store(destination, count, words);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(a._a + b._a, a._b + b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(a._a - b._a, a._b - b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(a._a * b._a, a._b * b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 a, Lanes256 b) => new(a._a / b._a, a._b / b._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a) => new(-a._a, -a._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c)
        => new(Vector256.FusedMultiplyAdd(a._a, b._a, c._a),
            Vector256.FusedMultiplyAdd(a._b, b._b, c._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Abs(Lanes256 a) => new(Vector256.Abs(a._a), Vector256.Abs(a._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Sqrt(Lanes256 a) => new(Vector256.Sqrt(a._a), Vector256.Sqrt(a._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Round(Lanes256 a) => new(Vector256.Round(a._a), Vector256.Round(a._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b)
        => new(Avx.Max(a._a, b._a),
            Avx.Max(a._b, b._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Min(Lanes256 a, Lanes256 b)
        => new(Avx.Min(a._a, b._a),
            Avx.Min(a._b, b._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 GreaterThan(Lanes256 a, Lanes256 b)
        => new(Vector256.GreaterThan(a._a, b._a),
            Vector256.GreaterThan(a._b, b._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 GreaterThanOrEqual(Lanes256 a, Lanes256 b)
        => new(Vector256.GreaterThanOrEqual(a._a, b._a),
            Vector256.GreaterThanOrEqual(a._b, b._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Equal(Lanes256 a, Lanes256 b)
        => new(Vector256.Equals(a._a, b._a),
            Vector256.Equals(a._b, b._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Select(Lanes256 mask, Lanes256 a, Lanes256 b)
        => new(Vector256.ConditionalSelect(mask._a, a._a, b._a),
            Vector256.ConditionalSelect(mask._b, a._b, b._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 WhereGreater(Lanes256 a, Lanes256 b, Lanes256 x, Lanes256 y) => Select(GreaterThan(a, b), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 WhereEqual(Lanes256 a, Lanes256 b, Lanes256 x, Lanes256 y) => Select(Equal(a, b), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ToBits(Lanes256 mask)
        => mask._a.ExtractMostSignificantBits() | (mask._b.ExtractMostSignificantBits() << 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 FromBits(uint bits)
    {
        Vector256<uint> lane = Vector256.Create(1u, 2u, 4u, 8u, 16u, 32u, 64u, 128u);
        return new(Vector256.Equals(Vector256.Create(bits) & lane, lane).AsSingle(),
            Vector256.Equals(Vector256.Create(bits >> 8) & lane, lane).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Scale(Lanes256 a, Lanes256 n)
        => new(Scale(a._a, n._a),
            Scale(a._b, n._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Split(Lanes256 a, out Lanes256 n)
    {
        Vector256<float> ma = Split(a._a, out Vector256<float> na);
        Vector256<float> mb = Split(a._b, out Vector256<float> nb);
        n = new(na, nb);
        return new(ma, mb);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 FromInt32(int* source)
        => new(Vector256.ConvertToSingle(Vector256.Load(source)),
            Vector256.ConvertToSingle(Vector256.Load(source + 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes256 a)
    {
        Vector256<float> eight = a._a + a._b;
        return HorizontalFold.Sum(eight.GetLower() + eight.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(Lanes256 a)
    {
        Vector256<float> eight = Avx.Max(a._a, a._b);
        return HorizontalFold.Max(HorizontalFold.Max(eight.GetLower(), eight.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen(Lanes256 a, out DoubleLanes256 low, out DoubleLanes256 high)
    {
        low = new(Vector256.WidenLower(a._a), Vector256.WidenUpper(a._a));
        high = new(Vector256.WidenLower(a._b), Vector256.WidenUpper(a._b));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Narrow(DoubleLanes256 low, DoubleLanes256 high)
        => new(Vector256.Narrow(low.A, low.B), Vector256.Narrow(high.A, high.B));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Below(int count, int first)
        => Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count - first)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Split(Vector256<float> a, out Vector256<float> n)
    {
        Vector256<int> root = Vector256.Create(LaneMath.BitsOfRootHalf);
        Vector256<int> above = a.AsInt32() - root;
        n = Vector256.ConvertToSingle(above >> 23);
        return ((above & Vector256.Create(LaneMath.MantissaBits)) + root).AsSingle();
    }

    /// <summary>By exponent arithmetic in two exact steps: only the last product can round, as VSCALEFPS rounds once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scale(Vector256<float> a, Vector256<float> n)
    {
        Vector256<int> whole = Vector256.ConvertToInt32(n);
        Vector256<int> half = whole >> 1;
        Vector256<int> bias = Vector256.Create(127);
        return a * ((half + bias) << 23).AsSingle() * ((whole - half + bias) << 23).AsSingle();
    }
}

/// <summary>Eight fp64 lanes in two registers of 256 bits.</summary>
internal readonly unsafe struct DoubleLanes256 : IDoubleLanes<DoubleLanes256>
{
    internal readonly Vector256<double> A;
    internal readonly Vector256<double> B;

    internal DoubleLanes256(Vector256<double> a, Vector256<double> b)
    {
        A = a;
        B = b;
    }

    public static DoubleLanes256 Zero => new(Vector256<double>.Zero, Vector256<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Broadcast(double value)
    {
        Vector256<double> v = Vector256.Create(value);
        return new(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Load(double* source) => new(Vector256.Load(source), Vector256.Load(source + 4));

    public static DoubleLanes256 LoadPartial(double* source, int count)
    {
        double* padded = stackalloc double[8];
        for (int i = 0; i < 8; i++) padded[i] = i < count ? source[i] : 0;
        return Load(padded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* destination, DoubleLanes256 value)
    {
        value.A.Store(destination);
        value.B.Store(destination + 4);
    }

    public static void StorePartial(double* destination, int count, DoubleLanes256 value)
    {
        double* whole = stackalloc double[8];
        Store(whole, value);
        for (int i = 0; i < count; i++) destination[i] = whole[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 operator +(DoubleLanes256 a, DoubleLanes256 b) => new(a.A + b.A, a.B + b.B);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 operator -(DoubleLanes256 a, DoubleLanes256 b) => new(a.A - b.A, a.B - b.B);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 operator *(DoubleLanes256 a, DoubleLanes256 b) => new(a.A * b.A, a.B * b.B);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 operator /(DoubleLanes256 a, DoubleLanes256 b) => new(a.A / b.A, a.B / b.B);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 MultiplyAdd(DoubleLanes256 a, DoubleLanes256 b, DoubleLanes256 c)
        => new(Vector256.FusedMultiplyAdd(a.A, b.A, c.A),
            Vector256.FusedMultiplyAdd(a.B, b.B, c.B));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(DoubleLanes256 a)
    {
        Vector256<double> four = a.A + a.B;
        Vector128<double> two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];
    }
}
