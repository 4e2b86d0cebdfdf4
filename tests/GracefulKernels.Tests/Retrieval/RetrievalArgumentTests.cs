namespace GracefulKernels.Tests;

/// <summary>What cannot be searched is refused with names and shapes; the arithmetic of gains.</summary>
public class RetrievalArgumentTests
{
    private static readonly Embeddings Two = new([1, 2, 3, 4], 2);

    [Fact]
    public void Refusals()
    {
        Assert.Contains("[5]", Assert.Throws<ArgumentException>(() => new Embeddings(new float[5], 2)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Embeddings([], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Two[2].Length);
        using var gallery = new GallerySearch(Two);
        Assert.Contains("[1 × 3]", Assert.Throws<ArgumentException>(() => gallery.Search(new Embeddings(new float[3], 3), 1)).Message);
        Assert.Contains("2048", Assert.Throws<ArgumentOutOfRangeException>(() => gallery.Search(Two, 2049)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => gallery.Search(Two, 0));
        Assert.Throws<ArgumentException>(() => gallery.Search(Two, 1, [0]));
        Assert.Contains("exclude[1] is 2", Assert.Throws<ArgumentOutOfRangeException>(() => gallery.Search(Two, 1, [0, 2])).Message);
        Assert.Contains("galleryLabels is [1]", Assert.Throws<ArgumentException>(() => RetrievalEvaluation.Run(gallery, [0], Two, [0, 1])).Message);
        Assert.Contains("queryLabels is [3]", Assert.Throws<ArgumentException>(() => RetrievalEvaluation.Run(gallery, [0, 1], Two, [0, 1, 2])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => RetrievalEvaluation.Run(gallery, [0, 1], Two, [0, 1], new() { FalseAcceptRates = [1.5] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => RetrievalEvaluation.Run(gallery, [0, 1], Two, [0, 1], new() { FalsePositiveRates = [double.NaN] }));
        Assert.Throws<ArgumentException>(() => CompatibilityMatrix.Evaluate([], [], []));
    }

    [Fact]
    public void WidthsAreMadeToFit()
    {
        Assert.Same(Two, Two.WithWidth(2));
        Assert.Equal([1f, 3f], [.. Two.WithWidth(1)[0], .. Two.WithWidth(1)[1]]);
        Assert.Equal([3f, 4f, 0f], Two.WithWidth(3)[1].ToArray());
    }

    [Fact]
    public void Gains()
    {
        Assert.Equal(0.5, UpdateGain.Of(0.5, 0.625, 0.75));
        Assert.Equal(-1, UpdateGain.Of(0.5, 0.25, 0.75));
        Assert.True(double.IsNaN(UpdateGain.Of(0.5, 0.6, 0.5)));
        Assert.True(double.IsNaN(UpdateGain.Of(double.NaN, 0.6, 0.7)));
    }
}
