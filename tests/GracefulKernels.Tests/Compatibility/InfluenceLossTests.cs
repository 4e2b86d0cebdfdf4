namespace GracefulKernels.Tests;

/// <summary>The influence loss and the linear cross-entropy through their public entries: what the golden cases do not meet.</summary>
public abstract class InfluenceLossTests(KernelFamily family)
{
    private static readonly float[] E = RandomFloats.Uniform(1, 6 * 4), W = RandomFloats.Uniform(2, 5 * 4), B = RandomFloats.Uniform(3, 5);
    private static readonly float[] OldW = RandomFloats.Uniform(4, 3 * 4), OldB = RandomFloats.Uniform(5, 3);
    private static readonly int[] Labels = [0, 4, 2, -100, 3, 1];

    private static ClassifierHead Own => new(W, B, 5, 4);

    private static ClassifierHead Old => new(OldW, OldB, 3, 4);

    /// <summary>A map says what the old labels say.</summary>
    [Fact]
    public void AMapIsItsOldLabels()
    {
        var map = new ClassMap([2, 0, 4], 5);
        foreach (ComputeDevice device in family.Devices)
        {
            float[] byMap = new float[E.Length], byLabels = new float[E.Length];
            InfluenceResult a = InfluenceLoss.Evaluate(E, Labels, Own, Old, map, embeddingGradient: byMap, device: device);
            InfluenceResult b = InfluenceLoss.Evaluate(E, Labels, [1, 2, 0, -100, -100, -100], Own, Old, embeddingGradient: byLabels, device: device);
            Assert.Equal(a, b);
            Assert.Equal((5L, 3L), (a.ValidRows, a.MappedRows));
            Tolerance.AssertSameBits(byMap, byLabels);
        }
    }

    /// <summary>Without a map classes are the same; the two losses are those of two calls.</summary>
    [Fact]
    public void TheSumOfTwoLosses()
    {
        ClassifierHead old = new(RandomFloats.Uniform(8, 5 * 4), [], 5, 4);
        foreach (ComputeDevice device in family.Devices)
        {
            foreach (LossReduction reduction in Enum.GetValues<LossReduction>())
            {
                float[] de = new float[E.Length], first = new float[E.Length], second = new float[E.Length];
                InfluenceResult result = InfluenceLoss.Evaluate(E, Labels, Own, old, options: new() { Influence = 0.5f, Reduction = reduction }, embeddingGradient: de, device: device);
                LinearCrossEntropyResult a = LinearCrossEntropy.Evaluate(E, Labels, Own, new() { Reduction = reduction }, first, device: device);
                LinearCrossEntropyResult b = LinearCrossEntropy.Evaluate(E, Labels, old, new() { Reduction = reduction }, second, device: device);
                Assert.Equal((a.Loss, b.Loss, a.Loss + (0.5 * b.Loss)), (result.Own, result.Influence, result.Loss));
                Tolerance.AssertClose([.. first.Zip(second, (x, y) => x + (0.5 * y))], de, 1e-6, 1e-6);
                if (reduction == LossReduction.Sum) Assert.Equal(a.Loss / 5, LinearCrossEntropy.Evaluate(E, Labels, Own, device: device).Loss, 1e-12);
            }
        }
    }

    /// <summary>An ignored label takes its row out of the old head's loss as well, whatever its old label says.</summary>
    [Fact]
    public void IgnoredRowsHaveNoInfluence()
    {
        foreach (ComputeDevice device in family.Devices)
        {
            float[] rows = new float[6];
            InfluenceResult result = InfluenceLoss.Evaluate(E, Labels, [0, 1, 2, 0, 1, 2], Own, Old, influencePerSample: rows, device: device);
            Assert.Equal((5L, 5L), (result.ValidRows, result.MappedRows));
            Assert.Equal(0f, rows[3]);
            Assert.All(rows.Where((_, i) => i != 3), v => Assert.True(v > 0));
        }
    }

    [Fact]
    public void NoRowsInEitherLoss()
    {
        int[] none = [-100, -100, -100, -100, -100, -100];
        foreach (ComputeDevice device in family.Devices)
        {
            float[] de = RandomFloats.Uniform(1, E.Length), dw = RandomFloats.Uniform(1, W.Length), db = RandomFloats.Uniform(1, B.Length);
            // No old label: the own loss alone.
            InfluenceResult unmapped = InfluenceLoss.Evaluate(E, Labels, none, Own, Old, device: device);
            Assert.Equal((unmapped.Own, double.NaN, 0L), (unmapped.Loss, unmapped.Influence, unmapped.MappedRows));
            InfluenceResult ignored = InfluenceLoss.Evaluate(E, none, none, Own, Old, null, de, dw, db, device: device);
            Assert.Equal((double.NaN, double.NaN, 0L, 0L), (ignored.Loss, ignored.Own, ignored.ValidRows, ignored.MappedRows));
            Assert.All(de.Concat(dw).Concat(db), v => Assert.Equal(0f, v));
            InfluenceResult empty = InfluenceLoss.Evaluate([], [], [], Own, Old, new() { Reduction = LossReduction.Sum }, device: device);
            Assert.Equal((0.0, 0.0, 0.0), (empty.Loss, empty.Own, empty.Influence));
        }
    }

    /// <summary>λ = 0 leaves the old head's value, and nothing of it in loss or gradient, even of infinities.</summary>
    [Fact]
    public void AHeadWithoutWeightHasNoSay()
    {
        float[] weight = RandomFloats.Filled(3 * 4, float.PositiveInfinity);
        foreach (ComputeDevice device in family.Devices)
        {
            float[] de = new float[E.Length], alone = new float[E.Length];
            InfluenceResult result = InfluenceLoss.Evaluate(
                E, Labels, [0, 1, 2, 0, 1, 2], Own, new ClassifierHead(weight, [], 3, 4), new() { Influence = 0 }, de, device: device);
            LinearCrossEntropyResult own = LinearCrossEntropy.Evaluate(E, Labels, Own, null, alone, device: device);
            Assert.Equal(own.Loss, result.Loss);
            Tolerance.AssertSameBits(alone, de);
        }
    }

    /// <summary>A NaN in one embedding: that row's losses, the means, and every gradient of the head; other rows' gradients stay.</summary>
    [Fact]
    public void ANaNIsCountedAndStaysInItsRow()
    {
        float[] e = [.. E];
        e[(2 * 4) + 1] = float.NaN;
        foreach (ComputeDevice device in family.Devices)
        {
            float[] de = new float[E.Length], rows = new float[6];
            InfluenceResult result = InfluenceLoss.Evaluate(e, Labels, [0, 1, 2, 0, -100, 2], Own, Old, null, de, ownPerSample: rows, device: device);
            Assert.Equal((1L, 1L), (result.UndefinedRows, result.UndefinedMappedRows));
            Assert.True(double.IsNaN(result.Loss) && float.IsNaN(rows[2]));
            for (int i = 0; i < de.Length; i++) Assert.Equal(i / 4 == 2, float.IsNaN(de[i]));
        }
    }

    [Fact]
    public void GradientsAreAddedTo()
    {
        foreach (ComputeDevice device in family.Devices)
        {
            float[] once = new float[W.Length], twice = new float[W.Length];
            LinearCrossEntropy.Evaluate(E, Labels, Own, null, weightGradient: once, device: device);
            for (int i = 0; i < 2; i++) LinearCrossEntropy.Evaluate(E, Labels, Own, new() { AddToGradients = true }, weightGradient: twice, device: device);
            Tolerance.AssertClose([.. once.Select(v => 2.0 * v)], twice, 1e-6, 1e-7);
        }
    }
}

public sealed class InfluenceLossTestsOnCpu() : InfluenceLossTests(KernelFamily.Cpu);

public sealed class InfluenceLossTestsOnGpu() : InfluenceLossTests(KernelFamily.Gpu);
