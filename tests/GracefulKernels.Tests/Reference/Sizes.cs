namespace GracefulKernels.Tests;

/// <summary>
/// Sizes for tests in guarded memory: each dimension from 1 to 70 on its own, the others small, then combinations at random. A kernel's
/// whole registers, its rests and what lies between two tiles are all met.
/// </summary>
internal static class Sizes
{
    private const int Largest = 70;

    /// <param name="small">What a dimension is while another one grows.</param>
    /// <param name="largest">What it is at most in a combination.</param>
    public static IEnumerable<int[]> OneByOneAndCombined(int[] small, int[] largest, int combinations, int seed)
    {
        for (int axis = 0; axis < small.Length; axis++)
        {
            for (int size = 1; size <= Largest; size++)
            {
                int[] sizes = [.. small];
                sizes[axis] = size;
                yield return sizes;
            }
        }
        var random = new Random(seed);
        for (int i = 0; i < combinations; i++) yield return [.. largest.Select(most => random.Next(1, most + 1))];
    }
}
