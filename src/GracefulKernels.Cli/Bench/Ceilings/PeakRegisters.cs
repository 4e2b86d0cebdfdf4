using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>One hardware register of fp32 or fp64 numbers, for <see cref="FmaPeak"/>.</summary>
internal interface IPeakRegister<TSelf> where TSelf : struct, IPeakRegister<TSelf>
{
    /// <summary>Numbers in it.</summary>
    static abstract int Width { get; }

    static abstract TSelf Broadcast(double value);

    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>Its first number, so that the chain has a use.</summary>
    static abstract double First(TSelf a);
}

internal readonly struct Single512 : IPeakRegister<Single512>
{
    private readonly Vector512<float> _v;

    private Single512(Vector512<float> v) => _v = v;

    public static int Width => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Single512 Broadcast(double value) => new(Vector512.Create((float)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Single512 MultiplyAdd(Single512 a, Single512 b, Single512 c) => new(Vector512.FusedMultiplyAdd(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double First(Single512 a) => a._v[0];
}

internal readonly struct Double512 : IPeakRegister<Double512>
{
    private readonly Vector512<double> _v;

    private Double512(Vector512<double> v) => _v = v;

    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double512 Broadcast(double value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double512 MultiplyAdd(Double512 a, Double512 b, Double512 c) => new(Vector512.FusedMultiplyAdd(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double First(Double512 a) => a._v[0];
}

internal readonly struct Single256 : IPeakRegister<Single256>
{
    private readonly Vector256<float> _v;

    private Single256(Vector256<float> v) => _v = v;

    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Single256 Broadcast(double value) => new(Vector256.Create((float)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Single256 MultiplyAdd(Single256 a, Single256 b, Single256 c) => new(Vector256.FusedMultiplyAdd(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double First(Single256 a) => a._v[0];
}

internal readonly struct Double256 : IPeakRegister<Double256>
{
    private readonly Vector256<double> _v;

    private Double256(Vector256<double> v) => _v = v;

    public static int Width => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double256 Broadcast(double value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double256 MultiplyAdd(Double256 a, Double256 b, Double256 c) => new(Vector256.FusedMultiplyAdd(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double First(Double256 a) => a._v[0];
}

internal readonly struct Single128 : IPeakRegister<Single128>
{
    private readonly Vector128<float> _v;

    private Single128(Vector128<float> v) => _v = v;

    public static int Width => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Single128 Broadcast(double value) => new(Vector128.Create((float)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Single128 MultiplyAdd(Single128 a, Single128 b, Single128 c) => new(FusedMultiplyAdd.Vector(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double First(Single128 a) => a._v[0];
}

internal readonly struct Double128 : IPeakRegister<Double128>
{
    private readonly Vector128<double> _v;

    private Double128(Vector128<double> v) => _v = v;

    public static int Width => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double128 Broadcast(double value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Double128 MultiplyAdd(Double128 a, Double128 b, Double128 c) => new(Vector128.FusedMultiplyAdd(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double First(Double128 a) => a._v[0];
}

internal readonly struct SingleScalar : IPeakRegister<SingleScalar>
{
    private readonly float _v;

    private SingleScalar(float v) => _v = v;

    public static int Width => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleScalar Broadcast(double value) => new((float)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleScalar MultiplyAdd(SingleScalar a, SingleScalar b, SingleScalar c) => new(MathF.FusedMultiplyAdd(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double First(SingleScalar a) => a._v;
}

internal readonly struct DoubleScalar : IPeakRegister<DoubleScalar>
{
    private readonly double _v;

    private DoubleScalar(double v) => _v = v;

    public static int Width => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar Broadcast(double value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar MultiplyAdd(DoubleScalar a, DoubleScalar b, DoubleScalar c) => new(Math.FusedMultiplyAdd(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double First(DoubleScalar a) => a._v;
}
