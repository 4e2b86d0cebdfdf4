using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>One fp32 number.</summary>
internal readonly unsafe struct RegisterScalar : IRegister<RegisterScalar>
{
    private readonly float _v;

    private RegisterScalar(float v) => _v = v;

    public static int Width => 1;

    public static RegisterScalar Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RegisterScalar Load(float* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RegisterScalar Broadcast(float* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, RegisterScalar value) => *destination = value._v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RegisterScalar operator +(RegisterScalar a, RegisterScalar b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RegisterScalar MultiplyAdd(RegisterScalar a, RegisterScalar b, RegisterScalar c) => new(MathF.FusedMultiplyAdd(a._v, b._v, c._v));
}
