namespace GracefulKernels.Tests;

/// <summary>Seeded operands.</summary>
internal static class RandomFloats
{
    private static readonly float[] Special =
    [
        0f, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue,
        1.17549435e-38f, 1f, -1f, 0.5f, 1.5f, 2.5f, -2.5f, 8388607.5f, 16777216f,
    ];

    /// <summary>Uniform in [−1, 1).</summary>
    public static float[] Uniform(int seed, long count)
    {
        var random = new Random(seed);
        float[] values = new float[count];
        for (long i = 0; i < count; i++) values[i] = (random.NextSingle() * 2) - 1;
        return values;
    }

    /// <summary>Whole numbers in [−3, 3], so that equal ones meet often.</summary>
    public static float[] Small(int seed, long count)
    {
        var random = new Random(seed);
        float[] values = new float[count];
        for (long i = 0; i < count; i++) values[i] = random.Next(-3, 4);
        return values;
    }

    /// <summary>Any 32 bits: every exponent, subnormal numbers, infinities and NaN; one in four from a list of edge cases.</summary>
    public static float[] AnyBits(int seed, long count)
    {
        var random = new Random(seed);
        float[] values = new float[count];
        for (long i = 0; i < count; i++)
        {
            values[i] = random.Next(4) == 0 ? Special[random.Next(Special.Length)] : BitConverter.Int32BitsToSingle((int)random.NextInt64());
        }
        return values;
    }

    public static float[] Filled(long count, float value)
    {
        float[] values = new float[count];
        Array.Fill(values, value);
        return values;
    }
}
