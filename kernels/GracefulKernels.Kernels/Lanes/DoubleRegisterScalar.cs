using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>One fp64 number.</summary>
internal readonly unsafe struct DoubleRegisterScalar : IDoubleRegister<DoubleRegisterScalar>
{
    private readonly double _v;

    private DoubleRegisterScalar(double v) => _v = v;

    public static int Width => 1;

    public static int TileRows => 6;

    public static DoubleRegisterScalar Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegisterScalar Load(double* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegisterScalar Broadcast(double* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* destination, DoubleRegisterScalar value) => *destination = value._v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegisterScalar operator +(DoubleRegisterScalar a, DoubleRegisterScalar b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegisterScalar operator -(DoubleRegisterScalar a, DoubleRegisterScalar b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleRegisterScalar MultiplyAdd(DoubleRegisterScalar a, DoubleRegisterScalar b, DoubleRegisterScalar c)
        => new(Math.FusedMultiplyAdd(a._v, b._v, c._v));
}
