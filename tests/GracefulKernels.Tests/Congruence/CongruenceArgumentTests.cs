using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>What losses refuse, and what a call allocates.</summary>
public class CongruenceArgumentTests
{
    private static readonly float[] New = [1, 2, 3, 3, 2, 1], Old = [3, 2, 1, 1, 2, 3];
    private static readonly int[] Labels = [2, 0];

    [Fact]
    public void OptionsAreCheckedWhenSet()
    {
        static void Refused(Func<CongruenceOptions> make, string name, string text)
        {
            ArgumentOutOfRangeException e = Assert.Throws<ArgumentOutOfRangeException>(make);
            Assert.Equal(name, e.ParamName);
            Assert.StartsWith(text, e.Message, StringComparison.Ordinal);
        }
        foreach (float bad in new[] { 0f, -1f, float.NaN, float.PositiveInfinity })
        {
            Refused(() => new() { Temperature = bad }, "Temperature", $"Temperature is {bad}; expected a positive number between 1e-18 and 1e18.");
        }
        foreach (float bad in new[] { -1f, float.NaN, float.PositiveInfinity })
        {
            Refused(() => new() { FocalBeta = bad }, "FocalBeta", $"FocalBeta is {bad}; expected a finite number ≥ 0.");
            Refused(() => new() { FocalAlpha = bad }, "FocalAlpha", $"FocalAlpha is {bad}; expected a finite number ≥ 0.");
            Refused(() => new() { DistanceWeight = bad }, "DistanceWeight", $"DistanceWeight is {bad}; expected a finite number ≥ 0.");
        }
        foreach (float bad in new[] { -0.1f, 1f, float.NaN })
        {
            Refused(() => new() { LabelSmoothing = bad }, "LabelSmoothing", $"LabelSmoothing is {bad}; expected in [0, 1).");
        }
        foreach (int bad in new[] { 0, -1, int.MinValue }) Refused(() => new() { TopK = bad }, "TopK", $"TopK is {bad}; expected at least 1.");
        foreach (float bad in new[] { -1f, float.NaN, float.PositiveInfinity }) Refused(() => new() { Margin = bad }, "Margin", $"Margin is {bad}; expected a finite number ≥ 0.");
        foreach (float bad in new[] { 0.9f, float.NaN, float.PositiveInfinity }) Refused(() => new() { Power = bad }, "Power", $"Power is {bad}; expected a finite number ≥ 1.");
        Refused(() => new() { RankBy = (RankBy)9 }, "RankBy", "RankBy is no RankBy.");
        Refused(() => new() { TargetScale = float.NaN }, "TargetScale", "TargetScale is NaN; expected a finite number.");
        Refused(() => new() { Distance = (CongruenceDistance)9 }, "Distance", "Distance is no CongruenceDistance.");
        Refused(() => new() { Base = (LabelLoss)9 }, "Base", "Base is no LabelLoss.");
        Refused(() => new() { Reduction = (LossReduction)9 }, "Reduction", "Reduction is no LossReduction.");
    }

    [Fact]
    public void ShapesAreNamed()
    {
        static void Refused(Action act, string name, string text)
        {
            ArgumentException e = Assert.Throws<ArgumentException>(act);
            Assert.Equal(name, e.ParamName);
            Assert.StartsWith(text, e.Message, StringComparison.Ordinal);
        }
        Refused(() => CongruenceLoss.Evaluate(New[..3], Old, Labels, 3), "newLogits", "newLogits is [1 × 3]; expected [2 × 3] (rows = labels.Length).");
        Refused(() => CongruenceLoss.Evaluate(New, Old[..5], Labels, 3), "oldLogits", "oldLogits is [5]; expected [2 × 3] (rows = labels.Length).");
        Refused(() => CongruenceLoss.Evaluate(New, [], Labels, 3), "oldLogits", "oldLogits is empty; the distance KlOldNew needs [2 × 3].");
        Refused(() => CongruenceLoss.Evaluate(New, Old, Labels, 3, gradient: new float[7]), "gradient", "gradient is [7]; expected [2 × 3] (rows = labels.Length).");
        Refused(() => CongruenceLoss.Evaluate(New, Old, Labels, 3, perSample: new float[3]), "perSample", "perSample is [3]; expected [2] (rows = labels.Length).");
        Refused(() => CongruenceLoss.Evaluate(New, Old, Labels, 3, newPredictions: new int[1]), "newPredictions", "newPredictions is [1]; expected [2]");
        Refused(
            () => CongruenceLoss.Evaluate(New, [], Labels, 3, new() { Distance = CongruenceDistance.None }, oldPredictions: new int[2]),
            "oldPredictions",
            "oldPredictions cannot be filled: oldLogits is empty.");
        CongruenceOptions ranked = new() { Distance = CongruenceDistance.LogitDifference, RankBy = RankBy.Reference };
        Refused(() => CongruenceLoss.Evaluate(New, Old, Labels, 3, ranked), "referenceLogits", "referenceLogits is [0 × 3]; expected [2 × 3] (rows = labels.Length).");
        Refused(
            () => CongruenceLoss.Evaluate(New, Old, Labels, 3, ranked with { RankBy = RankBy.New }, referenceLogits: New),
            "referenceLogits",
            "referenceLogits has 6 elements; expected none but for LogitDifference ranked by Reference.");
        float[] memory = new float[20];
        Refused(
            () => CongruenceLoss.Evaluate(memory.AsSpan(0, 6), Old, Labels, 3, gradient: memory.AsSpan(1, 6)),
            "gradient",
            "gradient overlaps newLogits without being the same memory.");
        Refused(() => CongruenceLoss.Evaluate(New, memory.AsSpan(0, 6), Labels, 3, gradient: memory.AsSpan(0, 6)), "gradient", "gradient overlaps oldLogits.");
        Refused(() => CongruenceLoss.Evaluate(memory.AsSpan(0, 6), Old, Labels, 3, perSample: memory.AsSpan(5, 2)), "perSample", "perSample overlaps newLogits.");
        Refused(() => FlipCounts.FromLogits(Old, New[..3], Labels, 3), "newLogits", "newLogits is [1 × 3]; expected [2 × 3]");
        Refused(() => FlipCounts.FromPredictions([0], [0, 1], Labels, 3), "oldPredictions", "oldPredictions is [1]; expected [2]");
        Refused(() => PairwiseFlips.FromPredictions([0, 1, 2], 2, Labels, 3), "predictions", "predictions is [3]; expected [2 × 2] (models × labels.Length).");
    }

    [Fact]
    public void ValuesOutOfRangeAreNamedAndNothingIsWritten()
    {
        float[] gradient = [7, 7, 7, 7, 7, 7];
        foreach (int bad in new[] { 3, -1, int.MinValue, int.MaxValue })
        {
            ArgumentOutOfRangeException e = Assert.Throws<ArgumentOutOfRangeException>(() => CongruenceLoss.Evaluate(New, Old, [2, bad], 3, gradient: gradient));
            Assert.Equal("labels", e.ParamName);
            Assert.StartsWith($"labels[1] is {bad}; expected 0 to 2, or -100 for a row to leave out.", e.Message, StringComparison.Ordinal);
        }
        Assert.All(gradient, g => Assert.Equal(7f, g));
        Assert.Equal("classes", Assert.Throws<ArgumentOutOfRangeException>(() => CongruenceLoss.Evaluate([], [], [], 0)).ParamName);
        Assert.Equal("classes", Assert.Throws<ArgumentOutOfRangeException>(() => FlipCounts.FromLogits([], [], [], (1 << 24) + 1)).ParamName);
        Assert.Equal("newPredictions", Assert.Throws<ArgumentOutOfRangeException>(() => FlipCounts.FromPredictions([0, 1], [0, 3], Labels, 3)).ParamName);
        Assert.Equal("models", Assert.Throws<ArgumentOutOfRangeException>(() => PairwiseFlips.FromPredictions([], 0, [], 3)).ParamName);
        Assert.Equal("newModel", Assert.Throws<ArgumentOutOfRangeException>(() => PairwiseFlips.FromPredictions([0, 0], 1, Labels, 3).NegativeFlips(0, 1)).ParamName);
    }

    [Fact]
    public void AnEvaluationAllocatesNothingAfterItsFirstRun()
    {
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(40, 10, 2);
        float[] gradient = new float[400];
        var options = new CongruenceOptions();
        using ComputeDevice device = ComputeDevice.Cpu(threads: 1);
        for (int i = 0; i < 3; i++) CongruenceLoss.Evaluate(zNew, zOld, labels, 10, options, gradient, device: device);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++) CongruenceLoss.Evaluate(zNew, zOld, labels, 10, options, gradient, device: device);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void TheRowKernelsTrustWhatTheEdgeChecked()
    {
        // The public enumerations are cast to the kernels': the names must stay in step.
        Assert.Equal(Enum.GetNames<BaseLoss>(), Enum.GetNames<LabelLoss>());
        Assert.Equal(Enum.GetNames<OldDistance>(), Enum.GetNames<CongruenceDistance>());
        Assert.Equal(Enum.GetNames<RankSource>(), Enum.GetNames<RankBy>());
    }
}
