using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GracefulKernels.Kernels;

/// <summary>A register of 128 bits.</summary>
internal readonly unsafe struct DoubleRegister128 : IDoubleRegister<DoubleRegister128>
{
    private readonly Vector128<double> _v;

    private DoubleRegister128(Vector128<double> v) => _v = v;

    public static int Width => 2;

    public static int TileRows => 6;

    public static DoubleRegister128 Zero => new(Vector128<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister128 Load(double* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister128 Broadcast(double* source) => new(Vector128.Create(*source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* destination, DoubleRegister128 value) => value._v.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister128 operator +(DoubleRegister128 a, DoubleRegister128 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister128 operator -(DoubleRegister128 a, DoubleRegister128 b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister128 MultiplyAdd(DoubleRegister128 a, DoubleRegister128 b, DoubleRegister128 c)
        => new(Vector128.FusedMultiplyAdd(a._v, b._v, c._v));
}
