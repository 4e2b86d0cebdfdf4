using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GracefulKernels.Kernels;

/// <summary>A register of 512 bits.</summary>
internal readonly unsafe struct DoubleRegister512 : IDoubleRegister<DoubleRegister512>
{
    private readonly Vector512<double> _v;

    private DoubleRegister512(Vector512<double> v) => _v = v;

    public static int Width => 8;

    public static int TileRows => 12;

    public static DoubleRegister512 Zero => new(Vector512<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister512 Load(double* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister512 Broadcast(double* source) => new(Vector512.Create(*source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* destination, DoubleRegister512 value) => value._v.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister512 operator +(DoubleRegister512 a, DoubleRegister512 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister512 operator -(DoubleRegister512 a, DoubleRegister512 b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister512 MultiplyAdd(DoubleRegister512 a, DoubleRegister512 b, DoubleRegister512 c)
        => new(Vector512.FusedMultiplyAdd(a._v, b._v, c._v));
}
