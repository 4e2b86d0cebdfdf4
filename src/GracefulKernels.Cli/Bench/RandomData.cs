using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Inputs: uniform random numbers from a fixed seed, never zeros, which some hardware multiplies for less power.</summary>
internal static unsafe class RandomData
{
    // A prime, so that the repeats of the pattern never line up with rows.
    private const int Period = 1_000_003;
    private const int Seed = 20210619;

    /// <summary>Blocks of different <paramref name="stream"/> hold unrelated numbers, those of one stream and length the same.</summary>
    public static void Fill(Block<float> block, float low, float high, int stream = 0)
    {
        Random random = new(Seed + (int)(block.Length % 9973) + (10007 * stream));
        int first = (int)Math.Min(block.Length, Period);
        for (int i = 0; i < first; i++) block.Pointer[i] = low + ((high - low) * random.NextSingle());
        Repeat(block, first);
    }

    public static void Fill(Block<double> block, double low, double high)
    {
        Random random = new(Seed);
        int first = (int)Math.Min(block.Length, Period);
        for (int i = 0; i < first; i++) block.Pointer[i] = low + ((high - low) * random.NextDouble());
        Repeat(block, first);
    }

    /// <summary>Whole numbers in [0, <paramref name="below"/>).</summary>
    public static void Fill(Block<int> block, int below)
    {
        Random random = new(Seed);
        for (long i = 0; i < block.Length; i++) block.Pointer[i] = random.Next(below);
    }

    public static void FillBits<T>(Block<T> block) where T : unmanaged
    {
        Random random = new(Seed);
        random.NextBytes(new Span<byte>(block.Pointer, checked((int)(block.Length * sizeof(T)))));
    }

    private static void Repeat<T>(Block<T> block, long filled) where T : unmanaged
    {
        for (long have = filled; have < block.Length;)
        {
            long copy = Math.Min(filled, block.Length - have);
            NativeMemory.Copy(block.Pointer, block.Pointer + have, (nuint)(copy * sizeof(T)));
            have += copy;
        }
    }
}
