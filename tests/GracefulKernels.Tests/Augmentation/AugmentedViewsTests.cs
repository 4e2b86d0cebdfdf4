namespace GracefulKernels.Tests;

/// <summary>Views of images against their definition, and what belongs to them.</summary>
public class AugmentedViewsTests
{
    private static readonly LayerShape Shape = new(5, 6, 2, false);

    [Fact]
    public void EachViewIsTheMirroredAndMovedImage()
    {
        var views = new AugmentedViews(Shape, 3, 49, new AugmentedViewsOptions { Shift = 2, Seed = 1 });
        float[] images = [.. Enumerable.Range(1, 3 * 60).Select(i => (float)i)], all = views.Apply(images);
        Assert.Equal((3 * 49, 3 * 49 * 60), (views.Count, all.Length));
        for (int row = 0; row < views.Count; row++)
        {
            ImageView v = views[row];
            Assert.Equal(row % 49 == 0, v.IsIdentity);
            Assert.Equal(row / 49, views.SampleOf(row));
            for (int e = 0; e < 60; e++)
            {
                int y = (e / 12) - v.Down, x = (e / 2 % 6) - v.Right, source = v.Mirrored ? 5 - x : x;
                float expected = y is >= 0 and < 5 && x is >= 0 and < 6 ? images[(row / 49 * 60) + (((y * 6) + source) * 2) + (e % 2)] : 0;
                Assert.Equal(expected, all[(row * 60) + e]);
            }
        }
        // 49 of the 50 there are: all of a sample differ.
        for (int i = 0; i < 3; i++) Assert.Equal(49, Enumerable.Range(i * 49, 49).Select(r => views[r]).Distinct().Count());
    }

    [Fact]
    public void TheOrderOfElementsDoesNotMatter()
    {
        var views = new AugmentedViews(Shape, 4, 6, new AugmentedViewsOptions { Shift = 1, Seed = 3 });
        float[] last = RandomNetworks.Normal(4 * 60, 1), first = new float[last.Length], back = new float[views.Count * 60];
        ChannelOrder.ToChannelsFirst(4, 2, 30, last, first);
        ChannelOrder.ToChannelsLast(views.Count, 2, 30, views.Apply(first, ImageLayout.Nchw), back);
        Tolerance.AssertSameBits(views.Apply(last), back, "views");
    }

    [Fact]
    public void ViewsDependOnSeedAndIndexAlone()
    {
        var options = new AugmentedViewsOptions { Shift = 1, Seed = 3 };
        ImageView[] few = Drawn(new AugmentedViews(Shape, 2, 5, options)), many = Drawn(new AugmentedViews(Shape, 9, 5, options));
        Assert.Equal(few, many[..10]);
        Assert.NotEqual(few, Drawn(new AugmentedViews(Shape, 2, 5, options with { Seed = 4 })));
        Assert.NotEqual(many[..5], many[5..10]);
        // More views of a sample are those it had and others.
        Assert.Equal(many[..5], Drawn(new AugmentedViews(Shape, 1, 8, options))[..5]);
        Assert.All(Drawn(new AugmentedViews(Shape, 5, 9, options with { Mirror = false })), v => Assert.False(v.Mirrored));

        static ImageView[] Drawn(AugmentedViews views) => [.. Enumerable.Range(0, views.Count).Select(r => views[r])];
    }

    [Fact]
    public void LabelsTargetsAndPredictionsFollow()
    {
        var views = new AugmentedViews(Shape, 3, 2);
        Assert.Equal([7, 7, 8, 8, 9, 9], views.Repeat<int>([7, 8, 9]));
        Targets t = views.Repeat(Targets.OneHot([1, 0, 1], 2).WithWeights([1, 2, 3]));
        Assert.Equal((6, 15.0), (t.Samples, t.Alpha));
        Assert.Equal(Targets.OneHot([1, 1, 0, 0, 1, 1], 2).Values.ToArray(), t.Values.ToArray());
        Assert.Equal([1f, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3], t.Weights.ToArray());
        Assert.True(views.Repeat(Targets.OneHot([1, 0, 1], 2)).Weights.IsEmpty);
        Assert.Equal([2f, 20, 6, 60, 0.5f, 0], views.Mean([1, 10, 3, 30, 5, 50, 7, 70, 1, -1, 0, 1], 2));
    }

    [Fact]
    public void TheProblemOnViewsIsOneLeastSquaresProblem()
    {
        // The optimum on n·v rows does not move when every row comes twice: the objective is a mean.
        Network network = RandomNetworks.Get("residual", 3);
        float[] images = RandomNetworks.Images(network, 6, 1);
        var views = new AugmentedViews(network.InputShape, 6, 3, new AugmentedViewsOptions { Shift = 2 });
        float[] all = views.Apply(images);
        Targets targets = views.Repeat(Targets.OneHot([0, 1, 2, 3, 0, 1], 4));
        float[] once = Solve(all, targets), twice = Solve([.. all, .. all], targets.Taken([.. Enumerable.Range(0, 36).Select(i => i % 18)]));
        // Both are solved to 1e-5 of their right side; λ = 0.1 bounds the condition.
        Tolerance.AssertRelativeNorm([.. once.Select(v => (double)v)], twice, 1e-3, "d");

        float[] Solve(float[] rows, Targets t)
        {
            using var linear = new LinearizedNetwork(network, rows, t.Samples);
            using var problem = new LinearQuadraticProblem(linear, t, 0.1);
            return Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-5, MaxIterations = 500 }).Update.ToArray();
        }
    }

    [Fact]
    public void BadArgumentsAreNamed()
    {
        AssertNamed("views is 3; there are 2 different ones with Shift 0, Mirror True.", () => new AugmentedViews(Shape, 1, 3, new AugmentedViewsOptions { Shift = 0 }));
        AssertNamed("Shift is 5; expected 0 to 4 for images [5 × 6 × 2].", () => new AugmentedViews(Shape, 1, 3, new AugmentedViewsOptions { Shift = 5 }));
        AssertNamed("views are of images", () => new AugmentedViews(new LayerShape(1, 1, 9, true), 1, 2));
        AssertNamed("views", () => new AugmentedViews(Shape, 1, 0));
        var views = new AugmentedViews(Shape, 3, 2);
        AssertNamed("expected [3 × 60]", () => views.Apply(new float[60]));
        AssertNamed("perSample is [2]; expected [3]", () => views.Repeat<int>([1, 2]));
        AssertNamed("targets has 2 samples; expected 3.", () => views.Repeat(Targets.OneHot([0, 1], 2)));
        AssertNamed("outputs is [3 × 2]; expected [6 × 2]", () => views.Mean(new float[6], 2));
        AssertNamed("row is 6; expected 0 to 5.", () => views.SampleOf(6));
    }

    private static void AssertNamed(string text, Func<object> call)
        => Assert.Contains(text, Assert.ThrowsAny<ArgumentException>(() => { _ = call(); }).Message, StringComparison.Ordinal);
}
