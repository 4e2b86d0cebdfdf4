using System.Runtime.Intrinsics;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The emulation must give the bits of the instruction, or a processor without it would give other results.</summary>
public unsafe class FusedMultiplyAddTests
{
    [Fact]
    public void EmulationMatchesOnRandomBits()
    {
        var random = new Random(11);
        for (int i = 0; i < 500_000; i++)
        {
            Check(Bits(random), Bits(random), Bits(random), Bits(random));
            // Exponents close together, where products cancel against addends.
            float a = Near(random), b = Near(random);
            Check(a, b, -(a * b), MathF.BitIncrement(-(a * b)));
        }
    }

    [Fact]
    public void EmulationMatchesOnSubnormalsAndOverflow()
    {
        var random = new Random(12);
        for (int i = 0; i < 300_000; i++)
        {
            float tiny = BitConverter.Int32BitsToSingle(random.Next(1, 1 << 24)), small = MathF.ScaleB(Near(random), -random.Next(60, 80));
            Check(tiny, Near(random), -tiny, small * small);
            Check(small, small, tiny, -tiny);
            Check(MathF.ScaleB(Near(random), 64), MathF.ScaleB(Near(random), 63), float.MaxValue, -float.MaxValue);
        }
    }

    /// <summary>Products that fall exactly, or by one last bit of the product, beside the middle between two fp32 numbers.</summary>
    [Fact]
    public void EmulationMatchesOnHalfwayCases()
    {
        var random = new Random(13);
        for (int i = 0; i < 300_000; i++)
        {
            float c = Near(random);
            float half = (MathF.BitIncrement(c) - c) / 2;
            float one = MathF.BitIncrement(1f), below = MathF.BitDecrement(1f);
            Check(half, 1f, c, -c);
            Check(half, one, c, -c);
            Check(half, below, c, -c);
            Check(half, MathF.ScaleB(1f, -random.Next(0, 60)), c, half);
        }
    }

    [Fact]
    public void EmulationMatchesOnSpecialValues()
    {
        float[] values =
        [
            0f, -0f, 1f, -1f, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
            1.17549435E-38f, 1.1754942E-38f, 16777216f, 16777215f, 3f, 0.1f,
        ];
        foreach (float a in values)
        {
            foreach (float b in values)
            {
                foreach (float c in values) Check(a, b, c, -c);
            }
        }
    }

    [Fact]
    public void EveryRegisterRoundsOnce()
    {
        Check<Register512, Vector512<float>>(Vector512.IsHardwareAccelerated);
        Check<Register256, Vector256<float>>(Vector256.IsHardwareAccelerated);
        Check<Register128, Vector128<float>>(Vector128.IsHardwareAccelerated);
        Check<RegisterScalar, float>(true);
    }

    private static void Check<TRegister, TVector>(bool supported) where TRegister : struct, IRegister<TVector> where TVector : struct
    {
        if (!supported) return;
        var random = new Random(14);
        float* a = stackalloc float[16], b = stackalloc float[16], c = stackalloc float[16], r = stackalloc float[16];
        for (int round = 0; round < 1000; round++)
        {
            for (int i = 0; i < 16; i++) (a[i], b[i], c[i]) = (Near(random), Near(random), Near(random));
            TRegister.Store(r, TRegister.MultiplyAdd(TRegister.Load(a), TRegister.Broadcast(b), TRegister.Load(c)));
            for (int i = 0; i < TRegister.Width; i++) Assert.Equal(MathF.FusedMultiplyAdd(a[i], b[0], c[i]), r[i]);
        }
    }

    private static void Check(float a, float b, float c, float d)
    {
        Vector128<float> r = FusedMultiplyAdd.Emulate(Vector128.Create(a, a, b, b), Vector128.Create(b, b, a, a), Vector128.Create(c, d, c, d));
        Same(MathF.FusedMultiplyAdd(a, b, c), r[0], a, b, c);
        Same(MathF.FusedMultiplyAdd(a, b, d), r[1], a, b, d);
        Same(r[0], r[2], b, a, c);
        Same(r[1], r[3], b, a, d);
    }

    private static void Same(float expected, float actual, float a, float b, float c)
    {
        if (BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual) || (float.IsNaN(expected) && float.IsNaN(actual))) return;
        Assert.Fail($"{a:R}·{b:R} + {c:R}: {actual:R}, expected {expected:R}");
    }

    private static float Bits(Random random) => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));

    private static float Near(Random random) => MathF.ScaleB(1f + random.NextSingle(), random.Next(-4, 5)) * (random.Next(2) == 0 ? 1 : -1);
}
