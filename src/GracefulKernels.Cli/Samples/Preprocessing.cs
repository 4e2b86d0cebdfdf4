namespace GracefulKernels.Cli.Samples;

/// <summary>
/// From a file's images to what a network takes: bytes over 255, resized and repeated over channels where asked, minus the mean, over the deviation, channel by
/// channel.
/// </summary>
/// <param name="Mean">One a channel, one for all, or none.</param>
/// <param name="Deviation">Likewise.</param>
/// <param name="Resize">Whether images of another size are brought to the network's by bilinear interpolation, and grey ones repeated over its channels.</param>
internal sealed record Preprocessing(IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation, bool Resize)
{
    /// <summary>[n × height × width × channels] of the network's input.</summary>
    /// <exception cref="InvalidDataException">The images have another shape and may not be resized, or an element is not finite.</exception>
    public float[] Apply(Images images, LayerShape input)
    {
        float[] values = images.ToFloats();
        int bad = Array.FindIndex(values, v => !float.IsFinite(v));
        if (bad >= 0) throw new InvalidDataException($"{images.Source}: element {bad % images.Elements} of image {bad / images.Elements} is {values[bad]}; every pixel must be finite.");
        bool fits = (images.Height, images.Width, images.Channels) == (input.Height, input.Width, input.Channels) || (input.IsFlat && images.Elements == input.Elements);
        if (!fits)
        {
            bool possible = Resize && !input.IsFlat && (images.Channels == input.Channels || images.Channels == 1);
            if (!possible)
            {
                string hint = Resize || input.IsFlat ? "" : " --resize brings them to this size.";
                throw new InvalidDataException($"{images.Source}: found images {images.Shape}; expected {input}, the network's input.{hint}");
            }
            values = BilinearResize.Apply(values, images, input);
        }
        else if (ReferenceEquals(values, images.Floats)) values = [.. values];
        Normalize(values, input.Channels);
        return values;
    }

    /// <exception cref="ArgumentException">Mean or deviation do not go with the network's channels.</exception>
    public void Check(LayerShape input)
    {
        if (Mean.Count > 1 && Mean.Count != input.Channels) throw new ArgumentException($"--mean has {Mean.Count} numbers; expected 1 or {input.Channels}, the channels of the network's input.");
        if (Deviation.Count > 1 && Deviation.Count != input.Channels) throw new ArgumentException($"--std has {Deviation.Count} numbers; expected 1 or {input.Channels}, the channels of the network's input.");
    }

    private void Normalize(float[] values, int channels)
    {
        if (Mean.Count == 0 && Deviation.Count == 0) return;
        for (int i = 0; i < values.Length; i++) values[i] = (values[i] - At(Mean, i % channels, 0f)) / At(Deviation, i % channels, 1f);
    }

    private static float At(IReadOnlyList<float> numbers, int channel, float none) => numbers.Count == 0 ? none : numbers[numbers.Count == 1 ? 0 : channel];
}
