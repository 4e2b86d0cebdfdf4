using System.Globalization;
using System.IO.Compression;
using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Experiments.Data;

/// <summary>The data sets, read by the tool's loaders; normalised for the networks.</summary>
internal static class DataSets
{
    /// <summary>Fashion-MNIST (Xiao et al. 2017), 28 × 28 grey, brought to 32 × 32 × 3.</summary>
    public static LabelledImages Fashion(bool train, int count = int.MaxValue)
    {
        string part = train ? "train" : "t10k";
        FileRange all = FileRange.Parse(DataFolders.Fashion($"{part}-labels-idx1-ubyte.gz"));
        int n = Math.Min(count, IdxFile.ReadLabels(all).Length);
        Images images = IdxFile.ReadImages(new FileRange(DataFolders.Fashion($"{part}-images-idx3-ubyte.gz"), 0, n));
        return new LabelledImages(LabelledImages.FromGrey(images), IdxFile.ReadLabels(all with { Last = n }));
    }

    /// <summary>The 1,797 UCI digits, 8 × 8 grey from 0 to 16, brought to 32 × 32 × 3.</summary>
    public static LabelledImages Digits()
    {
        string path = DataFolders.Data("digits/digits.csv.gz");
        using StreamReader text = new(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        List<float> pixels = [];
        List<int> labels = [];
        while (text.ReadLine() is { } line)
        {
            float[] row = [.. line.Split(',').Select(f => float.Parse(f, CultureInfo.InvariantCulture))];
            if (row.Length != 65) throw new InvalidDataException($"digits.csv.gz: {row.Length} fields in line {labels.Count + 1}; expected 65.");
            pixels.AddRange(row.Take(64).Select(v => v / 16));
            labels.Add((int)row[64]);
        }
        return new LabelledImages(LabelledImages.FromGrey(new Images(path, labels.Count, 8, 8, 1, null, [.. pixels])), [.. labels]);
    }

    /// <summary>The CIFAR-10 test images, RGB in 0 to 1 before normalisation.</summary>
    public static (float[] Rgb, int[] Labels) CifarTest()
    {
        Images images = PngStrip.Read(FileRange.Parse(DataFolders.Data("cifar10/test_batch.png")), LabelledImages.Input);
        int[] labels = LabelFiles.ReadJson(FileRange.Parse(DataFolders.Data("cifar10/test_lables.json")));
        if (labels.Length != images.Count) throw new InvalidDataException($"{images.Source} holds {images.Count} images; there are {labels.Length} labels.");
        return (images.ToFloats(), labels);
    }
}
