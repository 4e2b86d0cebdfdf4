using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GracefulKernels.Cli.Bench;

/// <summary>The widest register that moves bytes, for <see cref="MemoryRates{TRegister}"/>.</summary>
internal unsafe interface IByteRegister<TSelf> where TSelf : struct, IByteRegister<TSelf>
{
    /// <summary>Bytes in it.</summary>
    static abstract int Bytes { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Load(byte* source);

    static abstract void Store(byte* destination, TSelf value);

    /// <summary>A store that passes the caches by; an ordinary one where the processor has none.</summary>
    static abstract void StoreNonTemporal(byte* destination, TSelf value);

    static abstract TSelf operator ^(TSelf a, TSelf b);

    /// <summary>A part of its contents, so that loads have a use.</summary>
    static abstract ulong First(TSelf a);
}

internal readonly unsafe struct Bytes512 : IByteRegister<Bytes512>
{
    private readonly Vector512<ulong> _v;

    private Bytes512(Vector512<ulong> v) => _v = v;

    public static int Bytes => 64;

    public static Bytes512 Zero => new(Vector512<ulong>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Load(byte* source) => new(Vector512.Load((ulong*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* destination, Bytes512 value) => value._v.Store((ulong*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreNonTemporal(byte* destination, Bytes512 value) => value._v.StoreAlignedNonTemporal((ulong*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 operator ^(Bytes512 a, Bytes512 b) => new(a._v ^ b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong First(Bytes512 a) => a._v[0];
}

internal readonly unsafe struct Bytes256 : IByteRegister<Bytes256>
{
    private readonly Vector256<ulong> _v;

    private Bytes256(Vector256<ulong> v) => _v = v;

    public static int Bytes => 32;

    public static Bytes256 Zero => new(Vector256<ulong>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 Load(byte* source) => new(Vector256.Load((ulong*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* destination, Bytes256 value) => value._v.Store((ulong*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreNonTemporal(byte* destination, Bytes256 value) => value._v.StoreAlignedNonTemporal((ulong*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 operator ^(Bytes256 a, Bytes256 b) => new(a._v ^ b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong First(Bytes256 a) => a._v[0];
}

internal readonly unsafe struct Bytes128 : IByteRegister<Bytes128>
{
    private readonly Vector128<ulong> _v;

    private Bytes128(Vector128<ulong> v) => _v = v;

    public static int Bytes => 16;

    public static Bytes128 Zero => new(Vector128<ulong>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 Load(byte* source) => new(Vector128.Load((ulong*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* destination, Bytes128 value) => value._v.Store((ulong*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreNonTemporal(byte* destination, Bytes128 value) => value._v.StoreAlignedNonTemporal((ulong*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 operator ^(Bytes128 a, Bytes128 b) => new(a._v ^ b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong First(Bytes128 a) => a._v[0];
}
