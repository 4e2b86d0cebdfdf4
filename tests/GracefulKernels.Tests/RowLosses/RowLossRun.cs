using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>One call of the row-loss kernel on plain arrays, with all its outputs.</summary>
internal sealed unsafe class RowLossRun
{
    public RowLossRun(IKernels kernels, in RowLossOptions options, float[] zNew, float[]? zOld, int[] labels, int classes,
        int ld = 0, float[]? reference = null)
    {
        if (ld == 0) ld = classes;
        int rows = labels.Length;
        Gradient = new float[rows * classes];
        Values = new float[rows];
        PredictionsNew = new int[rows];
        PredictionsOld = new int[rows];
        fixed (float* n = zNew, o = zOld, f = reference, g = Gradient, v = Values)
        fixed (int* y = labels, pn = PredictionsNew, po = PredictionsOld)
        {
            Sums = kernels.RowLoss(
                options,
                new RowLossOperands
                {
                    Rows = rows,
                    Classes = classes,
                    New = new Block<float>(n, zNew.Length),
                    LdNew = ld,
                    Old = new Block<float>(o, zOld?.Length ?? 0),
                    LdOld = ld,
                    Reference = new Block<float>(f, reference?.Length ?? 0),
                    LdReference = ld,
                    Labels = new Block<int>(y, rows),
                    Gradient = new Block<float>(g, Gradient.Length),
                    Values = new Block<float>(v, rows),
                    PredictionsNew = new Block<int>(pn, rows),
                    PredictionsOld = new Block<int>(po, rows),
                });
        }
    }

    public RowLossSums Sums { get; }

    public float[] Gradient { get; }

    public float[] Values { get; }

    public int[] PredictionsNew { get; }

    public int[] PredictionsOld { get; }

    /// <summary>What LDI can be: K within, at and beyond the classes, ranked by either model, each kind of power.</summary>
    public static IEnumerable<RowLossOptions> TopDifferences()
    {
        RowLossOptions ldi = new() { Distance = OldDistance.LogitDifference, DistanceWeight = 0.5f, GradientScale = 0.25f };
        yield return ldi with { TopK = 1, Power = 1 };
        yield return ldi with { TopK = 3, RankBy = RankSource.New, Margin = 0.5f };
        yield return ldi with { TopK = 10, RankBy = RankSource.New, ExcludeTrueClass = true, Power = 2.5f, Base = BaseLoss.None };
        yield return ldi with { TopK = 16, OneSided = true, LabelSmoothing = 0.1f };
        yield return ldi with { TopK = 17, OneSided = true, ExcludeTrueClass = true, Power = 1, Base = BaseLoss.Squared, TargetScale = 3f };
        yield return ldi with { TopK = 100, RankBy = RankSource.New, Power = 3, Margin = 0.25f };
        yield return ldi with { TopK = int.MaxValue, OneSided = true, ExcludeTrueClass = true, Base = BaseLoss.None };
    }

    /// <summary>Every base loss with every distance, and every kind of temperature beside cross-entropy.</summary>
    public static IEnumerable<RowLossOptions> AllOptions() => [.. Combinations(), .. TopDifferences()];

    private static IEnumerable<RowLossOptions> Combinations()
    {
        foreach (BaseLoss loss in Enum.GetValues<BaseLoss>())
        {
            foreach (float smoothing in loss == BaseLoss.CrossEntropy ? new[] { 0f, 0.1f } : [0f])
            {
                foreach (OldDistance distance in Enum.GetValues<OldDistance>())
                {
                    bool kl = distance is OldDistance.KlOldNew or OldDistance.KlNewOld;
                    if (smoothing > 0 && distance is (OldDistance.KlNewOld or OldDistance.LogitMatching)) continue;
                    float[] temperatures = !kl ? [1f] : loss == BaseLoss.CrossEntropy && smoothing == 0
                        ? [1f, 2f, 4f, 3.5f, 100f] : [1f, 2f];
                    foreach (float tau in temperatures)
                    {
                        yield return new RowLossOptions
                        {
                            Base = loss,
                            LabelSmoothing = smoothing,
                            TargetScale = 3f,
                            Distance = distance,
                            DistanceWeight = 0.5f,
                            Temperature = tau,
                            TemperatureSquared = tau > 1,
                            GradientScale = 0.25f,
                        };
                    }
                }
            }
        }
    }

    /// <summary>Logits of two related models: some rows nearly the same, some far apart, with ties and ignored labels.</summary>
    public static (float[] New, float[] Old, int[] Labels) Sample(int rows, int classes, int seed, int ld = 0)
    {
        if (ld == 0) ld = classes;
        var random = new Random(seed);
        float[] zNew = new float[rows * ld], zOld = new float[rows * ld];
        int[] labels = new int[rows];
        for (int r = 0; r < rows; r++)
        {
            double apart = new[] { 0, 1e-3, 0.3, 3, 12 }[r % 5], spread = new[] { 1.0, 4, 10 }[r % 3];
            for (int c = 0; c < classes; c++)
            {
                zOld[(r * ld) + c] = (float)(spread * Normal(random));
                zNew[(r * ld) + c] = (float)(zOld[(r * ld) + c] + (apart * Normal(random)));
            }
            if (r % 7 == 6) zNew[r * ld] = zNew[(r * ld) + classes - 1] = 20;
            labels[r] = r % 11 == 10 ? -100 : random.Next(3) == 0
                ? LossReference.Argmax(zOld.AsSpan(r * ld, classes)) : random.Next(classes);
        }
        return (zNew, zOld, labels);
    }

    private static double Normal(Random random)
        => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
