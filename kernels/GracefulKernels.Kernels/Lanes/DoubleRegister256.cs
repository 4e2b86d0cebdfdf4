using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GracefulKernels.Kernels;

/// <summary>A register of 256 bits.</summary>
internal readonly unsafe struct DoubleRegister256 : IDoubleRegister<DoubleRegister256>
{
    private readonly Vector256<double> _v;

    private DoubleRegister256(Vector256<double> v) => _v = v;

    public static int Width => 4;

    public static int TileRows => 6;

    public static DoubleRegister256 Zero => new(Vector256<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister256 Load(double* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister256 Broadcast(double* source) => new(Vector256.Create(*source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* destination, DoubleRegister256 value) => value._v.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister256 operator +(DoubleRegister256 a, DoubleRegister256 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister256 operator -(DoubleRegister256 a, DoubleRegister256 b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegister256 MultiplyAdd(DoubleRegister256 a, DoubleRegister256 b, DoubleRegister256 c)
        => new(Vector256.FusedMultiplyAdd(a._v, b._v, c._v));
}
