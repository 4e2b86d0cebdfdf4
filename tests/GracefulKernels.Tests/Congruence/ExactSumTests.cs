using System.Numerics;

namespace GracefulKernels.Tests;

public sealed class ExactSumTests
{
    [Fact]
    public void TheSumIsTheExactOneRoundedOnce()
    {
        foreach (float[] values in Arrays())
        {
            ExactSum sum = default;
            sum.Add(values);
            // In units of the smallest fp32 number every fp32 number is a whole one.
            BigInteger whole = values.Aggregate(BigInteger.Zero, (s, v) => s + new BigInteger(Math.ScaleB((double)v, 149)));
            Assert.Equal(Nearest(whole), sum.Value);
        }
    }

    [Fact]
    public void PartsInAnyOrderAreTheWhole()
    {
        foreach (float[] values in Arrays())
        {
            ExactSum whole = default, first = default, second = default;
            whole.Add(values);
            first.Add(values.AsSpan(0, values.Length / 3));
            second.Add(values.AsSpan(values.Length / 3));
            second.Add(first);
            Assert.Equal(BitConverter.DoubleToInt64Bits(whole.Value), BitConverter.DoubleToInt64Bits(second.Value));
        }
    }

    [Theory]
    [InlineData(new float[0], 0.0)]
    [InlineData(new[] { 1f, float.NaN }, double.NaN)]
    [InlineData(new[] { 1f, float.PositiveInfinity }, double.PositiveInfinity)]
    [InlineData(new[] { 1f, float.NegativeInfinity }, double.NegativeInfinity)]
    [InlineData(new[] { float.PositiveInfinity, float.NegativeInfinity }, double.NaN)]
    [InlineData(new[] { float.MaxValue, float.Epsilon, -float.MaxValue }, (double)float.Epsilon)]
    [InlineData(new[] { -1f, 0.5f }, -0.5)]
    public void EdgeCases(float[] values, double expected)
    {
        ExactSum sum = default;
        sum.Add(values);
        Assert.Equal(expected, sum.Value);
    }

    /// <summary>Numbers of every size and both signs, subnormal ones with them; and numbers of like size, whose sums come near ties.</summary>
    private static IEnumerable<float[]> Arrays()
    {
        Random random = new(11);
        for (int i = 0; i < 2000; i++)
        {
            float[] values = new float[random.Next(60)];
            for (int k = 0; k < values.Length; k++)
            {
                float any = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
                values[k] = i % 2 == 0 && float.IsFinite(any) ? any : MathF.ScaleB(random.Next(1 << 24), random.Next(-60, -20)) * (random.Next(4) - 1);
            }
            yield return values;
        }
    }

    /// <summary>Round to nearest, ties to even, by whole numbers alone.</summary>
    private static double Nearest(BigInteger units)
    {
        BigInteger magnitude = BigInteger.Abs(units);
        int drop = Math.Max(0, (int)magnitude.GetBitLength() - 53);
        BigInteger kept = magnitude >> drop, rest = magnitude - (kept << drop), half = drop == 0 ? 1 : BigInteger.One << (drop - 1);
        if (rest > half || (rest == half && drop > 0 && !kept.IsEven)) kept++;
        return units.Sign * Math.ScaleB((double)(long)kept, drop - 149);
    }
}
