using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Device code that does one thing as fast as it goes: what the other kernels are measured against.</summary>
internal static class CeilingGpuKernels
{
    /// <summary>Multiply-adds of one thread in one round.</summary>
    public const int MultiplyAdds = 32;

    public static readonly GpuKernel<FmaArguments> Fma32 = new(MultiplyAdd32);
    public static readonly GpuKernel<FmaArguments> Fma64 = new(MultiplyAdd64);
    public static readonly GpuKernel<ReadArguments> Read = new(ReadQuads, traits: KernelTraits.Vectors);

    /// <summary>Rounds of <see cref="MultiplyAdds"/> on registers; the factors keep every value near 1.</summary>
    internal struct FmaArguments
    {
        public ArrayView<float> Result;
        public double Factor, Summand;
        public int Rounds;
    }

    /// <summary>Rounds over all quads; a thread's sum goes to the result where it is not what it cannot be.</summary>
    internal struct ReadArguments
    {
        public ArrayView<float> X, Result;
        public int Rounds;
    }

    /// <summary>Eight chains that do not wait for each other: more than the four cycles of a multiply-add.</summary>
    private static void MultiplyAdd32(FmaArguments g)
    {
        float a = (float)g.Factor, b = (float)g.Summand;
        float start = Group.IdxX * 1e-3f;
        float x0 = start, x1 = start + 1f, x2 = start + 2f, x3 = start + 3f, x4 = start + 4f, x5 = start + 5f, x6 = start + 6f, x7 = start + 7f;
        for (int i = 0; i < g.Rounds; i++)
        {
            Eight(a, b, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
            Eight(a, b, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
            Eight(a, b, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
            Eight(a, b, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
        }
        g.Result[Grid.GlobalLinearIndex] = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7;
    }

    private static void MultiplyAdd64(FmaArguments g)
    {
        double a = g.Factor, b = g.Summand, start = Group.IdxX * 1e-3;
        double x0 = start, x1 = start + 1, x2 = start + 2, x3 = start + 3, x4 = start + 4, x5 = start + 5, x6 = start + 6, x7 = start + 7;
        for (int i = 0; i < g.Rounds; i++)
        {
            Eight(a, b, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
            Eight(a, b, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
            Eight(a, b, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
            Eight(a, b, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
        }
        g.Result[Grid.GlobalLinearIndex] = (float)(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7);
    }

    private static void ReadQuads(ReadArguments g)
    {
        ArrayView<Float4> x = g.X.Cast<Float4>();
        long quads = g.X.Length >> 2, stride = (long)Grid.DimX * Group.DimX;
        float even = 0f, odd = 0f;
        for (int round = 0; round < g.Rounds; round++)
        {
            for (long i = Grid.GlobalLinearIndex; i < quads; i += stride)
            {
                Float4 v = x[i];
                even += v.X + v.Z;
                odd += v.Y + v.W;
            }
        }
        g.Result[Grid.GlobalLinearIndex] = even + odd;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(
        float a, float b, ref float x0, ref float x1, ref float x2, ref float x3, ref float x4, ref float x5, ref float x6, ref float x7)
    {
        x0 = (x0 * a) + b;
        x1 = (x1 * a) + b;
        x2 = (x2 * a) + b;
        x3 = (x3 * a) + b;
        x4 = (x4 * a) + b;
        x5 = (x5 * a) + b;
        x6 = (x6 * a) + b;
        x7 = (x7 * a) + b;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(
        double a, double b, ref double x0, ref double x1, ref double x2, ref double x3, ref double x4, ref double x5, ref double x6, ref double x7)
    {
        x0 = (x0 * a) + b;
        x1 = (x1 * a) + b;
        x2 = (x2 * a) + b;
        x3 = (x3 * a) + b;
        x4 = (x4 * a) + b;
        x5 = (x5 * a) + b;
        x6 = (x6 * a) + b;
        x7 = (x7 * a) + b;
    }
}
