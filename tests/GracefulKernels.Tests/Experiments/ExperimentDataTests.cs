using System.IO.Compression;
using GracefulKernels.Cli.Samples;
using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Results;

namespace GracefulKernels.Tests.Experiments;

public sealed class ExperimentDataTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void UpscalingKeepsWhatIsEvenAndRepeatsTheBorder()
    {
        float[] even = [.. Enumerable.Repeat(0.5f, 64)];
        Assert.All(Upscaled(even), v => Assert.Equal(0.5f, v));
        float[] left = [.. Enumerable.Range(0, 64).Select(i => i % 8 == 0 ? 1f : 0f)];
        float[] rgb = Upscaled(left);
        // The first pixel centre of 32 lies before that of 8; a ramp of four pixels follows: centres at 0.125, 0.375, … of the way.
        Assert.Equal([1f, 1f, 0.875f, 0.625f, 0.375f, 0.125f, 0f], Enumerable.Range(0, 7).Select(x => rgb[3 * x]));
        Assert.All(Enumerable.Range(0, 1024), p => Assert.True(rgb[3 * p] == rgb[(3 * p) + 1] && rgb[3 * p] == rgb[(3 * p) + 2]));

        static float[] Upscaled(float[] grey) => BilinearResize.Apply(grey, new Images("grey", 1, 8, 8, 1, null, grey), LabelledImages.Input);
    }

    [Fact]
    public void ALargerDrawHoldsTheSmaller()
    {
        int[] labels = [.. Enumerable.Range(0, 60).Select(i => i % 10)];
        float[] images = new float[60 * LabelledImages.Elements];
        for (int i = 0; i < 60; i++) images[i * LabelledImages.Elements] = i;
        var pool = new LabelledImages(images, labels);
        LabelledImages two = FewShot.Draw(pool, 2, seed: 5), four = FewShot.Draw(pool, 4, seed: 5);
        Assert.All(Enumerable.Range(0, 10), c => Assert.Equal((2, 4), (two.Labels.Count(l => l == c), four.Labels.Count(l => l == c))));
        HashSet<float> larger = [.. First(four)];
        Assert.All(First(two), image => Assert.Contains(image, larger));
        Assert.Contains("6 samples", Assert.Throws<ArgumentException>(() => FewShot.Draw(pool, 7, 5)).Message, StringComparison.Ordinal);

        static IEnumerable<float> First(LabelledImages data) => Enumerable.Range(0, data.Count).Select(i => data.Images[i * LabelledImages.Elements]);
    }

    [Fact]
    public void IdxFilesAreReadAndOthersRefused()
    {
        Assert.Equal([1, 2, 3, 4, 5, 6], IdxFile.ReadImages(Write([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6])).Bytes);
        Assert.Throws<InvalidDataException>(() => IdxFile.ReadImages(Write([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3])));
        Assert.Throws<InvalidDataException>(() => IdxFile.ReadImages(Write([0, 0, 13, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])));

        FileRange Write(byte[] bytes)
        {
            string path = Path.Combine(_folder, $"{Guid.NewGuid()}.gz");
            using var stream = new GZipStream(File.Create(path), CompressionMode.Compress);
            stream.Write(bytes);
            return FileRange.Parse(path);
        }
    }

    [Fact]
    public void ResultsGoOnWhereARunWasStopped()
    {
        string path = Path.Combine(_folder, "r.csv");
        var first = new ResultsFile(path, 2, "data", "seed", "error");
        first.Add("digits", 1, 12.5);
        Assert.True(first.Has("digits", 1));
        var again = new ResultsFile(path, 2, "data", "seed", "error");
        Assert.True(again.Has("digits", 1));
        Assert.False(again.Has("digits", 2));
        again.Add("digits", 2, 1 / 3.0);
        Assert.Equal(["data,seed,error", "digits,1,12.5", "digits,2,0.3333"], File.ReadAllLines(path));
        Assert.Throws<ArgumentException>(() => again.Add("a,b", 2, 1.0));
        Assert.Throws<InvalidDataException>(() => new ResultsFile(path, 2, "data", "seed", "other"));
    }
}
