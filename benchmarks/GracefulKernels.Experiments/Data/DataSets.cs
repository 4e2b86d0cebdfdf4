using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using SkiaSharp;

namespace GracefulKernels.Experiments.Data;

/// <summary>The data sets, read as they are stored; normalised for the networks.</summary>
internal static class DataSets
{
    /// <summary>Fashion-MNIST (Xiao et al. 2017), 28 × 28 grey, brought to 32 × 32 × 3.</summary>
    public static LabelledImages Fashion(bool train, int count = int.MaxValue)
    {
        string part = train ? "train" : "t10k";
        (int[] shape, byte[] pixels) = IdxFile.Read(DataFolders.Fashion($"{part}-images-idx3-ubyte.gz"), 3);
        (int[] labelShape, byte[] labels) = IdxFile.Read(DataFolders.Fashion($"{part}-labels-idx1-ubyte.gz"), 1);
        if (shape[0] != labelShape[0] || shape[1] != shape[2]) throw new InvalidDataException($"Fashion-MNIST has {shape[0]} images and {labelShape[0]} labels.");
        int n = Math.Min(count, shape[0]);
        float[] rgb = GreyImages.Upscale(pixels.AsSpan(0, n * shape[1] * shape[2]), shape[1], 255);
        return new LabelledImages(LabelledImages.Normalise(rgb), [.. labels.Take(n).Select(l => (int)l)]);
    }

    /// <summary>The 1,797 UCI digits, 8 × 8 grey, brought to 32 × 32 × 3.</summary>
    public static LabelledImages Digits()
    {
        using StreamReader text = new(new GZipStream(File.OpenRead(DataFolders.Data("digits/digits.csv.gz")), CompressionMode.Decompress));
        List<byte> pixels = [];
        List<int> labels = [];
        while (text.ReadLine() is { } line)
        {
            byte[] row = [.. line.Split(',').Select(f => (byte)float.Parse(f, CultureInfo.InvariantCulture))];
            if (row.Length != 65) throw new InvalidDataException($"digits.csv.gz: {row.Length} fields in line {labels.Count + 1}; expected 65.");
            pixels.AddRange(row.AsSpan(0, 64));
            labels.Add(row[64]);
        }
        return new LabelledImages(LabelledImages.Normalise(GreyImages.Upscale([.. pixels], 8, 16)), [.. labels]);
    }

    /// <summary>The CIFAR-10 test images, RGB in 0 to 1 before normalisation: a strip of one image a row.</summary>
    public static (float[] Rgb, int[] Labels) CifarTest()
    {
        string path = DataFolders.Data("cifar10/test_batch.png");
        using SKBitmap strip = SKBitmap.Decode(path) ?? throw new InvalidDataException($"{path} is no picture.");
        if (strip.Width != LabelledImages.Side * LabelledImages.Side) throw new InvalidDataException($"{path} is {strip.Width} wide; expected 1024.");
        using SKBitmap rgba = strip.Copy(SKColorType.Rgba8888);
        ReadOnlySpan<byte> bytes = rgba.GetPixelSpan();
        float[] rgb = new float[(long)strip.Height * LabelledImages.Elements];
        for (int p = 0; p < strip.Width * strip.Height; p++)
        {
            for (int c = 0; c < 3; c++) rgb[(3 * p) + c] = bytes[(4 * p) + c] / 255f;
        }
        int[] labels = JsonSerializer.Deserialize<int[]>(File.ReadAllText(DataFolders.Data("cifar10/test_lables.json")))!;
        if (labels.Length != strip.Height) throw new InvalidDataException($"{path} holds {strip.Height} images; there are {labels.Length} labels.");
        return (rgb, labels);
    }
}
