using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Losses where the old model has other classes, against the fp64 reference on the shared ones.</summary>
public abstract class MappedLossTests(KernelFamily family)
{
    private static readonly CongruenceOptions[] Options =
    [
        new() { Distance = CongruenceDistance.None },
        new() { Distance = CongruenceDistance.Naive, DistanceWeight = 0.5f },
        new() { Distance = CongruenceDistance.KlOldNew, Temperature = 2, TemperatureSquared = true },
        new() { Distance = CongruenceDistance.KlNewOld, LabelSmoothing = 0.1f, UnknownLabels = UnknownLabelPolicy.Exclude },
        new() { Distance = CongruenceDistance.LogitMatching, Base = LabelLoss.Squared, Reduction = LossReduction.Sum, FocalAlpha = 0.5f },
        new() { Distance = CongruenceDistance.LogitMatching, Base = LabelLoss.None, UnknownLabels = UnknownLabelPolicy.Exclude },
        new() { Distance = CongruenceDistance.LogitDifference, TopK = 3, RankBy = RankBy.New, ExcludeTrueClass = true },
        new() { Distance = CongruenceDistance.LogitDifference, TopK = 4, RankBy = RankBy.Reference, OneSided = true, Margin = 0.125f },
        // An ignore index that is the kernels' own name for an unknown label.
        new() { Distance = CongruenceDistance.KlOldNew, IgnoreIndex = -1 },
    ];

    /// <summary>Grown at the end, in the middle, numbered anew with a class gone, with none in common; few and many classes.</summary>
    private static IEnumerable<ClassMap> Maps()
    {
        yield return ClassMap.Grown(5, 8);
        yield return new ClassMap([2, 3, 4], 9);
        yield return new ClassMap([3, -1, 0, 5, 1], 7);
        yield return new ClassMap([-1, -1], 3);
        yield return new ClassMap([1], 4);
        yield return new ClassMap([1, 0], 2);
        yield return ClassMap.Grown(140, 150);
        int[] shuffled = [.. Enumerable.Range(0, 200)];
        new Random(4).Shuffle(shuffled);
        yield return new ClassMap([.. shuffled[..160].Select(c => c % 11 == 0 ? -1 : c)], 200);
    }

    [Fact]
    public void ValuesGradientsAndFlipsAreTheReferences()
    {
        foreach (ClassMap map in Maps())
        {
            foreach (CongruenceOptions options in Options) Check(map, options, 40);
        }
    }

    [Fact]
    public void BlocksOfRowsAddUp()
    {
        // Blocks are 2²⁰ logits: 5,242 rows.
        if (family.IsCpu) Check(new ClassMap([.. Enumerable.Range(0, 100).Select(c => 199 - c)], 200), Options[2], 6000);
    }

    [Fact]
    public void TheIdentityIsTheFusedPass()
    {
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(30, 6, 1);
        float[] mapped = new float[180], fused = new float[180];
        Assert.Equal(
            CongruenceLoss.Evaluate(zNew, zOld, labels, 6, gradient: fused, device: family.Device),
            CongruenceLoss.Evaluate(zNew, zOld, labels, 6, gradient: mapped, device: family.Device, classMap: ClassMap.Grown(6, 6)));
        Tolerance.AssertSameBits(fused, mapped);
    }

    [Fact]
    public void RenumberedClassesGiveWhatTheSameNumbersGive()
    {
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(30, 6, 1);
        int[] newOfOld = [4, 2, 0, 5, 1, 3];
        float[] renumbered = new float[180], fused = new float[180], mapped = new float[180];
        for (int i = 0; i < 180; i++) renumbered[i] = zOld[(i / 6 * 6) + newOfOld[i % 6]];
        foreach (CongruenceDistance distance in Enum.GetValues<CongruenceDistance>())
        {
            // Ties of the old logits go to the lowest old class: there are none here.
            var options = new CongruenceOptions { Distance = distance, TopK = 3 };
            CongruenceResult expected = CongruenceLoss.Evaluate(zNew, zOld, labels, 6, options, fused, device: family.Device);
            CongruenceResult actual = CongruenceLoss.Evaluate(zNew, renumbered, labels, 6, options, mapped, device: family.Device, classMap: new ClassMap(newOfOld, 6));
            Assert.Equal(expected.Flips, actual.Flips);
            // Two gradients rounded and added, against one.
            Assert.Equal(expected.Loss, actual.Loss, 5e-6 * expected.Loss);
            double largest = fused.Max(Math.Abs);
            for (int i = 0; i < 180; i++) Assert.Equal(fused[i], mapped[i], 5e-6 * largest);
        }
    }

    [Fact]
    public void TheGradientMayReplaceTheLogits()
    {
        ClassMap map = new([3, -1, 0, 5, 1], 7);
        (float[] zNew, _, int[] labels) = RowLossRun.Sample(20, 7, 2);
        float[] zOld = RowLossRun.Sample(20, 5, 3).Old;
        foreach (CongruenceOptions options in Options.Where(o => o.RankBy != RankBy.Reference && o.IgnoreIndex == -100))
        {
            float[] apart = new float[140], inPlace = [.. zNew];
            CongruenceResult expected = CongruenceLoss.Evaluate(zNew, zOld, labels, 7, options, apart, device: family.Device, classMap: map);
            Assert.Equal(expected, CongruenceLoss.Evaluate(inPlace, zOld, labels, 7, options, inPlace, device: family.Device, classMap: map));
            Tolerance.AssertSameBits(apart, inPlace);
        }
    }

    [Fact]
    public void ShapesAreNamed()
    {
        ArgumentException wrong = Assert.Throws<ArgumentException>(() => CongruenceLoss.Evaluate(new float[8], new float[8], [0, 1], 4, classMap: ClassMap.Grown(3, 4)));
        Assert.StartsWith("oldLogits is [8]; expected [2 × 3]", wrong.Message, StringComparison.Ordinal);
        wrong = Assert.Throws<ArgumentException>(() => CongruenceLoss.Evaluate(new float[8], new float[6], [0, 1], 4, classMap: ClassMap.Grown(3, 5)));
        Assert.Equal(("classMap", true), (wrong.ParamName, wrong.Message.StartsWith("classMap is of 5 new classes; expected 4", StringComparison.Ordinal)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CongruenceOptions { UnknownLabels = (UnknownLabelPolicy)5 });
    }

    [Fact]
    public void EmptyAndIgnoredBatchesHaveNoMean()
    {
        CongruenceResult empty = CongruenceLoss.Evaluate([], [], [], 4, device: family.Device, classMap: ClassMap.Grown(3, 4));
        Assert.Equal((double.NaN, 0L, default), (empty.Loss, empty.ValidRows, empty.Flips));
        float[] gradient = [1, 1, 1, 1];
        CongruenceResult ignored = CongruenceLoss.Evaluate([1, 2, 3, 4], [1, 2, 3], [-100], 4, gradient: gradient, device: family.Device, classMap: ClassMap.Grown(3, 4));
        Assert.Equal((double.NaN, 0L, default), (ignored.Loss, ignored.ValidRows, ignored.Flips));
        Assert.All(gradient, g => Assert.Equal(0f, g));
    }

    private void Check(ClassMap map, CongruenceOptions options, int rows)
    {
        int classes = map.NewClasses, oldClasses = map.OldClasses;
        (float[] zNew, float[] follow, int[] labels) = RowLossRun.Sample(rows, classes, 7);
        float[] zOld = RowLossRun.Sample(rows, oldClasses, 8).Old, reference = RowLossRun.Sample(rows, classes, 9).New;
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < oldClasses; c++)
            {
                // Most rows near the new model, as after a real update.
                if (r % 4 != 0 && map.NewOfOld[c] >= 0) zOld[(r * oldClasses) + c] = follow[(r * classes) + map.NewOfOld[c]];
            }
            if (labels[r] == -100) labels[r] = options.IgnoreIndex;
        }
        if (rows > 10) zNew[(9 * classes) + 1] = float.NaN;
        bool ranked = options.RankBy == RankBy.Reference;
        float[] gradient = new float[zNew.Length], perSample = new float[rows];
        int[] news = new int[rows], olds = new int[rows];
        CongruenceResult result = CongruenceLoss.Evaluate(
            zNew, zOld, labels, classes, options, gradient, perSample, news, olds, family.Device, ranked ? reference : [], map);

        int[] shared = [.. Enumerable.Range(0, classes).Where(c => map.OldOfNew[c] >= 0)];
        long valid = labels.LongCount(y => y != options.IgnoreIndex);
        double scale = options.Reduction == LossReduction.Mean ? 1.0 / valid : 1, baseSum = 0, weightedSum = 0;
        bool naive = options.Distance == CongruenceDistance.Naive;
        for (int r = 0; r < rows; r++)
        {
            float[] n = zNew[(r * classes)..((r + 1) * classes)], o = zOld[(r * oldClasses)..((r + 1) * oldClasses)];
            int argmax = LossReference.Argmax(o), old = argmax < 0 ? -1 : map.NewOfOld[argmax], label = labels[r];
            Assert.Equal(LossReference.Argmax(n), news[r]);
            Assert.Equal(old, olds[r]);
            float[] found = gradient[(r * classes)..((r + 1) * classes)];
            if (label == options.IgnoreIndex)
            {
                Assert.Equal(0f, perSample[r]);
                Assert.All(found, g => Assert.Equal(0f, g));
                continue;
            }
            RowLossOptions own = CongruenceLoss.KernelOptions(options, 1f);
            LossReference.Row main = LossReference.Evaluate(own with { Distance = OldDistance.None }, n, [], label);
            double weight = (naive ? 0 : options.FocalAlpha) + (old == label ? options.FocalBeta : 0);
            if (options.UnknownLabels == UnknownLabelPolicy.Exclude && map.OldOfNew[label] < 0) weight = 0;
            double pull = options.Distance == CongruenceDistance.None ? 0 : weight * options.DistanceWeight, distance = naive ? main.Base : 0;
            double[] slopes = new double[classes];
            if (naive) main.Gradient.CopyTo(slopes, 0);
            else if (shared.Length > 0 && options.Distance != CongruenceDistance.None)
            {
                LossReference.Row part = LossReference.Evaluate(
                    own with { Base = BaseLoss.None, DistanceWeight = 1, FocalAlpha = 1, FocalBeta = 0 },
                    [.. shared.Select(c => n[c])],
                    [.. shared.Select(c => o[map.OldOfNew[c]])],
                    Array.IndexOf(shared, label),
                    [.. shared.Select(c => reference[(r * classes) + c])]);
                distance = part.Distance;
                for (int j = 0; j < shared.Length; j++) slopes[shared[j]] = part.Gradient[j];
            }
            double value = main.Base + (pull == 0 && !double.IsNaN(distance) ? 0 : pull * distance), factor = options.TemperatureSquared ? 4 : 1;
            if (double.IsNaN(value))
            {
                Assert.Equal(float.NaN, perSample[r]);
                continue;
            }
            string what = $"{oldClasses} → {classes}, row {r}, {options}";
            // Each part as the fused pass has it, and a rounding each of product and sum.
            Assert.True(Math.Abs(value - perSample[r]) <= (5.5e-6 * Math.Abs(value)) + (1e-7 * factor), $"{what}: {perSample[r]}, expected {value}");
            double norm = 0, difference = 0;
            for (int k = 0; k < classes; k++)
            {
                norm += Math.Pow(main.Gradient[k], 2) + Math.Pow(pull * slopes[k], 2);
                difference += Math.Pow((found[k] / scale) - main.Gradient[k] - (pull * slopes[k]), 2);
            }
            Assert.True(Math.Sqrt(difference) <= (8e-6 * Math.Sqrt(norm)) + 1e-7, $"{what}: gradient off by {Math.Sqrt(difference):E2} of {Math.Sqrt(norm):E2}");
            baseSum += main.Base;
            weightedSum += weight * distance;
        }
        Assert.Equal(valid, result.ValidRows);
        Assert.Equal(perSample.LongCount(float.IsNaN), result.UndefinedRows);
        Assert.Equal(FlipCounts.FromPredictions(olds, news, labels, classes, options.IgnoreIndex), result.Flips);
        if (result.UndefinedRows > 0) return;
        Assert.Equal(baseSum * scale, result.BaseLoss, 5e-6 * Math.Abs(baseSum * scale));
        Assert.Equal(weightedSum * scale, result.WeightedDistance, (5e-6 * Math.Abs(weightedSum * scale)) + 1e-6);
    }
}

public sealed class MappedLossTestsOnCpu() : MappedLossTests(KernelFamily.Cpu);

public sealed class MappedLossTestsOnGpu() : MappedLossTests(KernelFamily.Gpu);
