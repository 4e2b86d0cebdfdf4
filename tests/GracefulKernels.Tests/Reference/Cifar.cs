using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>The CIFAR-10 test set, normalised as the ResNets of ../shared/data want it.</summary>
internal static class Cifar
{
    private static readonly Lazy<(float[] Images, int[] Labels)> Set = new(Read);

    /// <summary>[10000 × 32 × 32 × 3], channels last.</summary>
    public static float[] Images => Set.Value.Images;

    public static int[] Labels => Set.Value.Labels;

    private static (float[] Images, int[] Labels) Read()
    {
        (int width, int height, byte[] rgb) = Png.Read(Golden.Data("cifar10/test_batch.png"));
        Assert.Equal((1024, 10000), (width, height));
        float[] mean = [0.485f, 0.456f, 0.406f], deviation = [0.229f, 0.224f, 0.225f], images = new float[rgb.Length];
        for (int i = 0; i < images.Length; i++) images[i] = ((rgb[i] / 255f) - mean[i % 3]) / deviation[i % 3];
        int[] labels = JsonSerializer.Deserialize<int[]>(File.ReadAllText(Golden.Data("cifar10/test_lables.json")))!;
        return (images, labels);
    }
}
