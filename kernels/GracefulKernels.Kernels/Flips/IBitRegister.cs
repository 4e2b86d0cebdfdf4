using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GracefulKernels.Kernels;

/// <summary>One hardware register of bits, for counting: whole numbers, so its width changes no result.</summary>
/// <remarks><typeparamref name="TVector"/> is the bare vector, as in <see cref="IRegister{TVector}"/>.</remarks>
internal unsafe interface IBitRegister<TVector> where TVector : struct
{
    /// <summary>Number of 64-bit words.</summary>
    static abstract int Width { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Load(ulong* source);

    static abstract TVector And(TVector a, TVector b);

    /// <summary><c>a | (b ^ c)</c>.</summary>
    static abstract TVector OrDifferent(TVector a, TVector b, TVector c);

    /// <summary>Of three bits the lower digit of their sum.</summary>
    static abstract TVector Parity(TVector a, TVector b, TVector c);

    /// <summary>Of three bits the higher digit of their sum.</summary>
    static abstract TVector Majority(TVector a, TVector b, TVector c);

    /// <summary>Sum of 64-bit words.</summary>
    static abstract TVector Add(TVector a, TVector b);

    /// <summary>Number of ones in each word.</summary>
    static abstract TVector Counts(TVector a);

    /// <summary>Sum over the words.</summary>
    static abstract long Sum(TVector a);
}

internal readonly unsafe struct BitRegister512 : IBitRegister<Vector512<ulong>>
{
    public static int Width => 8;

    public static Vector512<ulong> Zero => Vector512<ulong>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Load(ulong* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> And(Vector512<ulong> a, Vector512<ulong> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> OrDifferent(Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c)
        => Avx512F.TernaryLogic(a, b, c, 0xF6);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Parity(Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c)
        => Avx512F.TernaryLogic(a, b, c, 0x96);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Majority(Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c)
        => Avx512F.TernaryLogic(a, b, c, 0xE8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Add(Vector512<ulong> a, Vector512<ulong> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Counts(Vector512<ulong> a)
    {
        Vector128<byte> quarter = BitRegister128.OnesOfNibble;
        Vector256<byte> half = Vector256.Create(quarter, quarter);
        Vector512<byte> ones = Vector512.Create(half, half), nibble = Vector512.Create((byte)15);
        Vector512<byte> low = Avx512BW.Shuffle(ones, a.AsByte() & nibble),
            high = Avx512BW.Shuffle(ones, (a >> 4).AsByte() & nibble);
        return Avx512BW.SumAbsoluteDifferences(low + high, Vector512<byte>.Zero).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Sum(Vector512<ulong> a) => BitRegister256.Sum(a.GetLower() + a.GetUpper());
}

internal readonly unsafe struct BitRegister256 : IBitRegister<Vector256<ulong>>
{
    public static int Width => 4;

    public static Vector256<ulong> Zero => Vector256<ulong>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Load(ulong* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> And(Vector256<ulong> a, Vector256<ulong> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> OrDifferent(Vector256<ulong> a, Vector256<ulong> b, Vector256<ulong> c) => a | (b ^ c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Parity(Vector256<ulong> a, Vector256<ulong> b, Vector256<ulong> c) => a ^ b ^ c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Majority(Vector256<ulong> a, Vector256<ulong> b, Vector256<ulong> c)
        => (a & b) | ((a ^ b) & c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Add(Vector256<ulong> a, Vector256<ulong> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Counts(Vector256<ulong> a)
    {
        Vector256<byte> ones = Vector256.Create(BitRegister128.OnesOfNibble, BitRegister128.OnesOfNibble),
            nibble = Vector256.Create((byte)15);
        Vector256<byte> low = Avx2.Shuffle(ones, a.AsByte() & nibble), high = Avx2.Shuffle(ones, (a >> 4).AsByte() & nibble);
        return Avx2.SumAbsoluteDifferences(low + high, Vector256<byte>.Zero).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Sum(Vector256<ulong> a) => BitRegister128.Sum(a.GetLower() + a.GetUpper());
}

internal readonly unsafe struct BitRegister128 : IBitRegister<Vector128<ulong>>
{
    /// <summary>Number of ones in each four-bit number.</summary>
    internal static Vector128<byte> OnesOfNibble
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    }

    public static int Width => 2;

    public static Vector128<ulong> Zero => Vector128<ulong>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Load(ulong* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> And(Vector128<ulong> a, Vector128<ulong> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> OrDifferent(Vector128<ulong> a, Vector128<ulong> b, Vector128<ulong> c) => a | (b ^ c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Parity(Vector128<ulong> a, Vector128<ulong> b, Vector128<ulong> c) => a ^ b ^ c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Majority(Vector128<ulong> a, Vector128<ulong> b, Vector128<ulong> c)
        => (a & b) | ((a ^ b) & c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Add(Vector128<ulong> a, Vector128<ulong> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Counts(Vector128<ulong> a)
    {
        if (!Ssse3.IsSupported)
        {
            return Vector128.Create(BitRegisterScalar.Counts(a.ToScalar()), BitRegisterScalar.Counts(a.GetElement(1)));
        }
        Vector128<byte> nibble = Vector128.Create((byte)15);
        Vector128<byte> low = Ssse3.Shuffle(OnesOfNibble, a.AsByte() & nibble),
            high = Ssse3.Shuffle(OnesOfNibble, (a >> 4).AsByte() & nibble);
        return Sse2.SumAbsoluteDifferences(low + high, Vector128<byte>.Zero).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Sum(Vector128<ulong> a) => (long)(a.ToScalar() + a.GetElement(1));
}
