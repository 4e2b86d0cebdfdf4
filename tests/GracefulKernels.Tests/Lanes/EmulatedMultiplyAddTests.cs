using System.Runtime.Intrinsics;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The emulation that processors without the instruction use, checked on those that have it.</summary>
public class EmulatedMultiplyAddTests
{
    [Fact]
    public void AnyBits()
    {
        for (int round = 0; round < 100_000; round++)
        {
            Check(RandomFloats.AnyBits(3 * round, 4), RandomFloats.AnyBits((3 * round) + 1, 4), RandomFloats.AnyBits((3 * round) + 2, 4));
        }
    }

    [Fact]
    public void CancellationTiesAndUnderflow()
    {
        var random = new Random(11);
        float[] a = new float[4], b = new float[4], c = new float[4];
        for (int round = 0; round < 300_000; round++)
        {
            for (int i = 0; i < 4; i++)
            {
                a[i] = Scaled(random, random.Next(-80, 20));
                b[i] = Scaled(random, random.Next(-70, 20));
                float near = (float)(-(double)a[i] * b[i]);
                c[i] = random.Next(4) switch
                {
                    0 => near,
                    1 => MathF.BitIncrement(near),
                    2 => near * Scaled(random, random.Next(-60, 60)),
                    _ => Scaled(random, random.Next(-149, -120)),
                };
            }
            Check(a, b, c);
        }
    }

    [Fact]
    public void SumsThatRoundTwiceWouldMissTheTie()
    {
        // 1 + 2⁻²⁴ is a tie; what is 2⁻⁸⁰ above or below it decides, and a sum in fp64 loses it.
        float tie = MathF.ScaleB(1, -24), tiny = MathF.ScaleB(1, -40);
        Check([1 + (2 * tie), -1 - (2 * tie), tiny, tiny], [tie, tie, tiny, -tiny], [1, -1, 1, 1]);
        Check([tiny, -tiny, tiny, -tiny], [tiny, tiny, -tiny, -tiny], [float.Epsilon, float.Epsilon, 1.17549435e-38f, -1.17549435e-38f]);
    }

    private static float Scaled(Random random, int exponent) => MathF.ScaleB(1 + random.NextSingle(), exponent) * (random.Next(2) == 0 ? 1 : -1);

    private static void Check(float[] a, float[] b, float[] c)
    {
        Vector128<float> actual = FusedMultiplyAdd.Emulate(Vector128.Create(a), Vector128.Create(b), Vector128.Create(c));
        for (int i = 0; i < 4; i++)
        {
            float expected = MathF.FusedMultiplyAdd(a[i], b[i], c[i]);
            bool same = BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual[i]) || (float.IsNaN(expected) && float.IsNaN(actual[i]));
            Assert.True(same, $"{a[i]:R}·{b[i]:R} + {c[i]:R} = {expected:R}, emulated {actual[i]:R}");
        }
    }
}
