namespace GracefulKernels;

/// <summary>
/// Random numbers as a function of a seed and a counter (SplitMix64: Steele, Lea, Flood 2014): the same on every machine and for every order of asking,
/// so that a sample's numbers do not depend on how the data are cut in batches.
/// </summary>
internal readonly struct CounterRandom(ulong seed)
{
    private readonly ulong _key = Mix(seed + 0x9E3779B97F4A7C15UL);

    public ulong Bits(ulong counter) => Mix(_key + (counter * 0x9E3779B97F4A7C15UL));

    /// <summary>Uniform in (0, 1).</summary>
    public double Uniform(ulong counter) => ((Bits(counter) >> 11) + 0.5) * (1.0 / (1UL << 53));

    /// <summary>Standard normal (Box, Muller 1958); takes counters 2i and 2i + 1.</summary>
    public double Normal(ulong counter)
        => Math.Sqrt(-2 * Math.Log(Uniform(2 * counter))) * Math.Cos(2 * Math.PI * Uniform((2 * counter) + 1));

    /// <summary>A permutation of 0 … n − 1 (Fisher, Yates), from counters first … first + n.</summary>
    public int[] Permutation(int n, ulong first = 0)
    {
        int[] order = [.. Enumerable.Range(0, n)];
        for (int i = n - 1; i > 0; i--)
        {
            int j = (int)Math.BigMul(Bits(first + (ulong)i), (ulong)(i + 1), out _);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
