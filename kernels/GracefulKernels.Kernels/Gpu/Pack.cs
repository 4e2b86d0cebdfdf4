using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

/// <summary>Arithmetic of one float or of four, so that a kernel is written once for both.</summary>
/// <typeparam name="T">float or <see cref="Float4"/>.</typeparam>
/// <typeparam name="TDouble">The same in fp64.</typeparam>
internal interface IPack<T, TDouble>
    where T : unmanaged
    where TDouble : unmanaged
{
    T Broadcast(float value);

    T Add(T a, T b);

    /// <summary>a·b + c, which the device rounds once or twice.</summary>
    T MultiplyAdd(T a, T b, T c);

    T Divide(T a, float divisor);

    TDouble Widen(T a);

    TDouble Add(TDouble a, TDouble b);

    TDouble MultiplyAdd(TDouble a, TDouble b, TDouble c);

    /// <summary>a / divisor, rounded to fp32.</summary>
    T Mean(TDouble a, int divisor);
}

/// <summary>Four doubles.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Double4
{
    public double X, Y, Z, W;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Double4(double x, double y, double z, double w) => (X, Y, Z, W) = (x, y, z, w);
}

/// <summary>One float.</summary>
internal struct Singly : IPack<float, double>
{
    public readonly float Broadcast(float value) => value;

    public readonly float Add(float a, float b) => a + b;

    public readonly float MultiplyAdd(float a, float b, float c) => (a * b) + c;

    public readonly float Divide(float a, float divisor) => a / divisor;

    public readonly double Widen(float a) => a;

    public readonly double Add(double a, double b) => a + b;

    public readonly double MultiplyAdd(double a, double b, double c) => (a * b) + c;

    public readonly float Mean(double a, int divisor) => (float)(a / divisor);
}

/// <summary>Four floats: 16 bytes an access.</summary>
internal struct ByFour : IPack<Float4, Double4>
{
    public readonly Float4 Broadcast(float value) => new(value, value, value, value);

    public readonly Float4 Add(Float4 a, Float4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    public readonly Float4 MultiplyAdd(Float4 a, Float4 b, Float4 c)
        => new((a.X * b.X) + c.X, (a.Y * b.Y) + c.Y, (a.Z * b.Z) + c.Z, (a.W * b.W) + c.W);

    public readonly Float4 Divide(Float4 a, float divisor) => new(a.X / divisor, a.Y / divisor, a.Z / divisor, a.W / divisor);

    public readonly Double4 Widen(Float4 a) => new(a.X, a.Y, a.Z, a.W);

    public readonly Double4 Add(Double4 a, Double4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    public readonly Double4 MultiplyAdd(Double4 a, Double4 b, Double4 c)
        => new((a.X * b.X) + c.X, (a.Y * b.Y) + c.Y, (a.Z * b.Z) + c.Z, (a.W * b.W) + c.W);

    public readonly Float4 Mean(Double4 a, int divisor)
        => new((float)(a.X / divisor), (float)(a.Y / divisor), (float)(a.Z / divisor), (float)(a.W / divisor));
}
