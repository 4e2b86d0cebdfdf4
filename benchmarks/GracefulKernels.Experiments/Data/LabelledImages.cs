using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Experiments.Data;

/// <summary>Images with their labels.</summary>
/// <param name="Images">[n × 32 × 32 × 3], channels last: RGB/255, minus (.485 .456 .406), over (.229 .224 .225), as the ResNets want it.</param>
/// <param name="Labels">[n], 0 to 9.</param>
internal sealed record LabelledImages(float[] Images, int[] Labels)
{
    public const int Side = 32, Channels = 3, Elements = Side * Side * Channels, Classes = 10;

    public static readonly LayerShape Input = new(Side, Side, Channels, IsFlat: false);

    private static readonly float[] Mean = [0.485f, 0.456f, 0.406f], Deviation = [0.229f, 0.224f, 0.225f];

    public int Count => Labels.Length;

    /// <summary>The images of these rows, in this order.</summary>
    public LabelledImages Take(ReadOnlySpan<int> rows)
    {
        float[] images = new float[rows.Length * Elements];
        int[] labels = new int[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            Images.AsSpan(rows[i] * Elements, Elements).CopyTo(images.AsSpan(i * Elements));
            labels[i] = Labels[rows[i]];
        }
        return new LabelledImages(images, labels);
    }

    /// <summary>The first rows.</summary>
    public LabelledImages First(int count) => new(Images[..(count * Elements)], Labels[..count]);

    /// <summary>Grey images as the networks want them: brought to 32 × 32, repeated in three channels, normalised.</summary>
    public static float[] FromGrey(Images grey) => Normalise(BilinearResize.Apply(grey.ToFloats(), grey, Input));

    /// <summary>Normalised images from RGB in 0 to 1, [n × 32 × 32 × 3]; in place.</summary>
    public static float[] Normalise(float[] rgb)
    {
        for (int i = 0; i < rgb.Length; i++) rgb[i] = (rgb[i] - Mean[i % Channels]) / Deviation[i % Channels];
        return rgb;
    }
}
