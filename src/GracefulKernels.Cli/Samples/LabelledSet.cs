namespace GracefulKernels.Cli.Samples;

/// <summary>Images brought to a network's input, with their labels.</summary>
/// <param name="Source">Where the images come from, for messages and reports.</param>
/// <param name="LabelSource">Where the labels come from.</param>
/// <param name="Raw">The images as the file has them, for pictures.</param>
/// <param name="Images">[n × height × width × channels] of the network's input, normalised.</param>
/// <param name="Labels">[n].</param>
internal sealed record LabelledSet(FileRange Source, FileRange LabelSource, Images Raw, float[] Images, int[] Labels)
{
    /// <summary>n.</summary>
    public int Count => Labels.Length;

    /// <summary>Largest label plus one.</summary>
    public int Classes => Labels.Length == 0 ? 0 : Labels.Max() + 1;

    /// <exception cref="InvalidDataException">A file is damaged, the counts differ, or a label is negative.</exception>
    public static LabelledSet Read(string images, string labels, LayerShape input, FileLayout layout, Preprocessing preprocessing)
    {
        FileRange source = FileRange.Parse(images), labelSource = FileRange.Parse(labels);
        int[] y = ImageFiles.ReadLabels(labelSource);
        Images raw = ImageFiles.Read(source, input, layout);
        if (raw.Count != y.Length) throw new InvalidDataException($"{source} has {raw.Count} images and {labelSource} {y.Length} labels; expected as many of both.");
        int bad = Array.FindIndex(y, label => label < 0);
        if (bad >= 0) throw new InvalidDataException($"{labelSource}: label {bad} is {y[bad]}; expected a class, counted from 0.");
        return new LabelledSet(source, labelSource, raw, preprocessing.Apply(raw, input), y);
    }

    /// <summary>The samples of these rows.</summary>
    public (float[] Images, int[] Labels) Take(ReadOnlySpan<int> rows)
    {
        int size = Images.Length / Count;
        float[] images = new float[(long)rows.Length * size];
        int[] labels = new int[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            Images.AsSpan(rows[i] * size, size).CopyTo(images.AsSpan(i * size));
            labels[i] = Labels[rows[i]];
        }
        return (images, labels);
    }

    /// <summary>One image as a tile of a picture, its own range brought to 0 … 1.</summary>
    public Charts.ImageTile Tile(int sample, string caption, ScottPlot.Color? frame = null) => Raw.Tile(sample, caption, frame);
}
