namespace GracefulKernels.Tests;

/// <summary>What the linear cross-entropy and the influence loss refuse, before anything is written.</summary>
public class InfluenceArgumentTests
{
    private static readonly float[] E = new float[2 * 4], W = new float[3 * 4], B = new float[3];
    private static readonly int[] Labels = [2, 0];

    private static ClassifierHead Head => new(W, B, 3, 4);

    [Fact]
    public void HeadsAreCheckedWhenStated()
    {
        Refused<ArgumentException>(() => _ = new ClassifierHead(W, B, 3, 5).Classes, "weight", "weight is [12]; expected [3 × 5] (classes × features).");
        Refused<ArgumentException>(() => _ = new ClassifierHead(W, W, 3, 4).Classes, "bias", "bias is [12]; expected [3] (classes).");
        Refused<ArgumentOutOfRangeException>(() => _ = new ClassifierHead([], [], 0, 4).Classes, "classes", "classes is 0");
        Refused<ArgumentOutOfRangeException>(() => _ = new ClassifierHead([], [], 3, 0).Classes, "features", "features");
        Refused<ArgumentException>(() => LinearCrossEntropy.Evaluate(E, Labels, default), "head", "head is the default value");
        Refused<ArgumentException>(() => InfluenceLoss.Evaluate(E, Labels, Head, default), "old", "old is the default value");
    }

    [Fact]
    public void ShapesAreNamed()
    {
        Refused<ArgumentException>(() => LinearCrossEntropy.Evaluate(E[..4], Labels, Head), "embeddings", "embeddings is [1 × 4]; expected [2 × 4] (rows = labels.Length).");
        Refused<ArgumentException>(() => LinearCrossEntropy.Evaluate(E, Labels, Head, embeddingGradient: new float[4]), "embeddingGradient", "embeddingGradient is [1 × 4]; expected [2 × 4]");
        Refused<ArgumentException>(() => LinearCrossEntropy.Evaluate(E, Labels, Head, weightGradient: new float[8]), "weightGradient", "weightGradient is [2 × 4]; expected [3 × 4]");
        Refused<ArgumentException>(() => LinearCrossEntropy.Evaluate(E, Labels, Head, biasGradient: new float[4]), "biasGradient", "biasGradient is [4]; expected [3]");
        Refused<ArgumentException>(() => LinearCrossEntropy.Evaluate(E, Labels, Head, perSample: new float[3]), "perSample", "perSample is [3]; expected [2]");
        Refused<ArgumentException>(() => InfluenceLoss.Evaluate(E, Labels, new int[3], Head, Head), "oldLabels", "oldLabels is [3]; expected [2]");
        Refused<ArgumentException>(() => InfluenceLoss.Evaluate(E, Labels, Head, Head, ownPerSample: new float[1]), "ownPerSample", "ownPerSample is [1]; expected [2]");
        Refused<ArgumentException>(() => InfluenceLoss.Evaluate(E, Labels, Head, Head, influencePerSample: new float[1]), "influencePerSample", "influencePerSample is [1]; expected [2]");
    }

    [Fact]
    public void LabelsAndMapsAreNamed()
    {
        float[] gradient = [5, 5, 5, 5, 5, 5, 5, 5];
        Refused<ArgumentOutOfRangeException>(() => LinearCrossEntropy.Evaluate(E, [0, 3], Head, null, gradient), "labels", "labels[1] is 3; expected 0 to 2");
        Refused<ArgumentOutOfRangeException>(() => InfluenceLoss.Evaluate(E, Labels, [0, -1], Head, Head, null, gradient), "oldLabels", "oldLabels[1] is -1; expected 0 to 2");
        Assert.All(gradient, g => Assert.Equal(5, g));
        ClassifierHead small = new(E, [], 2, 4);
        string message = "map is null, but own has 3 classes and old 2";
        Refused<ArgumentException>(() => InfluenceLoss.Evaluate(E, Labels, Head, new ClassifierHead(E, [], 2, 4)), "map", message);
        Refused<ArgumentException>(
            () => InfluenceLoss.Evaluate(E, Labels, Head, new ClassifierHead(E, [], 2, 4), ClassMap.Grown(3, 3)), "map", "map is from 3 to 3 classes; expected from 2 (old) to 3 (own).");
        Assert.Equal(2, InfluenceLoss.Evaluate(E, Labels, Head, small, ClassMap.Grown(2, 3)).ValidRows);
    }

    [Fact]
    public void NoOutputOverlaps()
    {
        Refused<ArgumentException>(() => LinearCrossEntropy.Evaluate(E, Labels, Head, embeddingGradient: E), "embeddingGradient", "embeddingGradient overlaps embeddings.");
        Refused<ArgumentException>(() => LinearCrossEntropy.Evaluate(E, Labels, Head, weightGradient: W), "weightGradient", "weightGradient overlaps a head's weight.");
        Refused<ArgumentException>(() => LinearCrossEntropy.Evaluate(E, Labels, Head, biasGradient: B), "biasGradient", "biasGradient overlaps a head's bias.");
        Refused<ArgumentException>(() => LinearCrossEntropy.Evaluate(E, Labels, Head, perSample: E.AsSpan(0, 2)), "perSample", "perSample overlaps embeddings.");
        float[] both = new float[12];
        Refused<ArgumentException>(
            () => LinearCrossEntropy.Evaluate(E, Labels, Head, null, both.AsSpan(4), both), "embeddingGradient", "embeddingGradient overlaps weightGradient.");
        Refused<ArgumentException>(
            () => InfluenceLoss.Evaluate(E, Labels, Head, new ClassifierHead(both, [], 3, 4), embeddingGradient: both.AsSpan(0, 8)), "embeddingGradient", "embeddingGradient overlaps a head's weight.");
        Refused<ArgumentException>(
            () => InfluenceLoss.Evaluate(E, Labels, Head, Head, ownPerSample: both.AsSpan(0, 2), influencePerSample: both.AsSpan(1, 2)), "ownPerSample", "ownPerSample overlaps influencePerSample.");
    }

    [Fact]
    public void OptionsAreCheckedWhenSet()
    {
        foreach (float bad in new[] { -1f, float.NaN, float.PositiveInfinity })
        {
            Refused<ArgumentOutOfRangeException>(() => _ = new InfluenceOptions { Influence = bad }, "Influence", $"Influence is {bad}; expected a finite number ≥ 0.");
        }
        foreach (float bad in new[] { -0.1f, 1f, float.NaN })
        {
            Refused<ArgumentOutOfRangeException>(() => _ = new LinearCrossEntropyOptions { LabelSmoothing = bad }, "LabelSmoothing", $"LabelSmoothing is {bad}; expected in [0, 1).");
        }
        Refused<ArgumentOutOfRangeException>(() => _ = new InfluenceOptions { Reduction = (LossReduction)9 }, "Reduction", "Reduction is no LossReduction.");
        Refused<ArgumentOutOfRangeException>(() => _ = new LinearCrossEntropyOptions { Reduction = (LossReduction)9 }, "Reduction", "Reduction is no LossReduction.");
    }

    private static void Refused<T>(Action act, string name, string text) where T : ArgumentException
    {
        T e = Assert.Throws<T>(act);
        Assert.Equal(name, e.ParamName);
        Assert.StartsWith(text, e.Message, StringComparison.Ordinal);
    }
}
