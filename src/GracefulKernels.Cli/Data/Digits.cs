using System.Globalization;
using System.IO.Compression;
using System.Reflection;

namespace GracefulKernels.Cli.Data;

/// <summary>Handwritten digits, or a part of them: images [n, 8, 8, 1] (NHWC) scaled to 0–1, and their labels.</summary>
internal sealed class Digits
{
    public const int Side = 8, Pixels = Side * Side, Classes = 10;

    private const float FullInk = 16;

    private static readonly Lazy<Digits> Embedded = new(Read);

    private Digits(float[] images, int[] labels)
    {
        Images = images;
        Labels = labels;
    }

    /// <summary>The 1,797 digits embedded in the tool.</summary>
    public static Digits All => Embedded.Value;

    /// <summary>[n, 8, 8, 1] in C order, 0 (paper) to 1 (ink), exact multiples of 1/16.</summary>
    public float[] Images { get; }

    /// <summary>0 to 9, one an image.</summary>
    public int[] Labels { get; }

    public int Count => Labels.Length;

    /// <summary>The digits of these rows, in this order.</summary>
    public Digits Take(ReadOnlySpan<int> rows)
    {
        float[] images = new float[rows.Length * Pixels];
        int[] labels = new int[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            Images.AsSpan(rows[i] * Pixels, Pixels).CopyTo(images.AsSpan(i * Pixels));
            labels[i] = Labels[rows[i]];
        }
        return new Digits(images, labels);
    }

    /// <summary>Splits at random into parts that have the same share of every digit, within one image.</summary>
    /// <param name="seed">The same seed gives the same parts.</param>
    /// <param name="shares">Share of each part, positive, with a sum of 1.</param>
    /// <returns>The parts; every digit is in exactly one of them, in the order of the whole.</returns>
    /// <exception cref="ArgumentException">A share is not positive, or their sum is not 1.</exception>
    public Digits[] Split(int seed, params ReadOnlySpan<double> shares) => [.. SplitRows(Labels, seed, shares).Select(rows => Take(rows))];

    /// <summary>The rows of each part, ascending.</summary>
    public static int[][] SplitRows(ReadOnlySpan<int> labels, int seed, params ReadOnlySpan<double> shares)
    {
        double sum = 0;
        foreach (double share in shares)
        {
            if (!(share > 0)) throw new ArgumentException($"A share is {share}; expected positive ones.", nameof(shares));
            sum += share;
        }
        if (!(Math.Abs(sum - 1) < 1e-9)) throw new ArgumentException($"The shares add up to {sum}; expected 1.", nameof(shares));
        Random random = new(seed);
        List<int>[] parts = [.. Enumerable.Range(0, shares.Length).Select(_ => new List<int>())];
        for (int label = 0; label < Classes; label++)
        {
            List<int> rows = [];
            for (int i = 0; i < labels.Length; i++)
            {
                if (labels[i] == label) rows.Add(i);
            }
            int[] shuffled = [.. rows];
            random.Shuffle(shuffled);
            double upTo = 0;
            int taken = 0;
            for (int p = 0; p < shares.Length; p++)
            {
                upTo += shares[p];
                int end = p == shares.Length - 1 ? shuffled.Length : (int)Math.Round(upTo * shuffled.Length);
                parts[p].AddRange(shuffled[taken..end]);
                taken = end;
            }
        }
        return [.. parts.Select(p => p.Order().ToArray())];
    }

    private static Digits Read()
    {
        using Stream packed = Assembly.GetExecutingAssembly().GetManifestResourceStream("digits.csv.gz")!;
        using StreamReader text = new(new GZipStream(packed, CompressionMode.Decompress));
        List<float> images = [];
        List<int> labels = [];
        while (text.ReadLine() is { } line)
        {
            string[] fields = line.Split(',');
            if (fields.Length != Pixels + 1)
            {
                throw new InvalidDataException($"digits.csv.gz: found {fields.Length} fields in line {labels.Count + 1}; expected {Pixels + 1}.");
            }
            for (int i = 0; i < Pixels; i++) images.Add(float.Parse(fields[i], CultureInfo.InvariantCulture) / FullInk);
            labels.Add(int.Parse(fields[Pixels], CultureInfo.InvariantCulture));
        }
        return new Digits([.. images], [.. labels]);
    }
}
