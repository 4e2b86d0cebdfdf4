namespace GracefulKernels.Experiments.Data;

/// <summary>A shift of the data that a network was trained on.</summary>
internal static class Corruption
{
    /// <summary>
    /// Gaussian noise of deviation <paramref name="sigma"/> on RGB in 0 to 1, clipped: the <c>gaussian_noise</c> of CIFAR-10-C (Hendrycks, Dietterich 2019), which at its
    /// severity 5 has σ = 0.10. In place; the same seed gives the same noise.
    /// </summary>
    public static float[] AddNoise(float[] rgb, double sigma, int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < rgb.Length; i++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            rgb[i] = (float)Math.Clamp(rgb[i] + (sigma * normal), 0, 1);
        }
        return rgb;
    }
}
