using System.Globalization;
using static GracefulKernels.Cli.Figures;

namespace GracefulKernels.Cli.Comparison;

/// <summary>A figure as a report shows it.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Value">With its unit.</param>
/// <param name="Meaning">In a few words; empty where the name says it.</param>
internal sealed record Figure(string Name, string Value, string Meaning);

/// <summary>An update's figures: those that reports show, and those that gates may name.</summary>
internal static class UpdateFigures
{
    /// <summary>The figures of gates, each a number, or NaN where it has no value.</summary>
    public static readonly IReadOnlyDictionary<string, Func<UpdateComparison, double>> OfGates = new SortedDictionary<string, Func<UpdateComparison, double>>(StringComparer.Ordinal)
    {
        ["accuracy-gain"] = u => (double)(u.Total.NewRight - u.Total.OldRight) / (u.Total.Samples == 0 ? double.NaN : u.Total.Samples),
        ["accuracy-new"] = u => u.Total.NewAccuracy,
        ["accuracy-old"] = u => u.Total.OldAccuracy,
        ["bec"] = u => u.Total.BackwardErrorCompatibility,
        ["btc"] = u => u.Total.BackwardTrustCompatibility,
        ["ce-new"] = u => u.NewCrossEntropy ?? double.NaN,
        ["ce-old"] = u => u.OldCrossEntropy ?? double.NaN,
        ["churn"] = u => u.Total.Churn,
        ["er-new"] = u => u.Total.NewErrorRate,
        ["er-old"] = u => u.Total.OldErrorRate,
        ["mcnemar-p"] = u => u.Total.McNemarP,
        ["negative-flips"] = u => u.Total.NegativeFlips,
        ["nfi"] = u => u.Total.NegativeFlipImpact,
        ["nfr"] = u => u.Total.NegativeFlipRate,
        ["nfr-high"] = u => u.Total.NegativeFlipRateInterval.High,
        ["nfr-low"] = u => u.Total.NegativeFlipRateInterval.Low,
        ["pfr"] = u => u.Total.PositiveFlipRate,
        ["positive-flips"] = u => u.Total.PositiveFlips,
        ["relative-nfr"] = u => u.Total.RelativeNegativeFlipRate,
    };

    /// <summary>Everything that is reported of all samples.</summary>
    public static IEnumerable<Figure> All(UpdateComparison update)
    {
        FlipCounts all = update.Total;
        (double low, double high) = all.NegativeFlipRateInterval;
        yield return new("samples", Count(all.Samples), "labelled rows that are not ignored");
        yield return new("both right", Count(all.BothRight), "");
        yield return new("both wrong", Count(all.BothWrong), "");
        yield return new("positive flips", Count(all.PositiveFlips), "old wrong, new right");
        yield return new("negative flips", Count(all.NegativeFlips), "old right, new wrong");
        yield return new("accuracy", $"{Percent(all.OldAccuracy)} → {Percent(all.NewAccuracy)}", "old → new");
        yield return new("error rate", $"{Percent(all.OldErrorRate)} → {Percent(all.NewErrorRate)}", "old → new");
        if (update is { OldCrossEntropy: { } before, NewCrossEntropy: { } after })
        {
            yield return new("cross-entropy", $"{Number(before)} → {Number(after)}", "old → new, mean, nats");
        }
        yield return new("NFR", Percent(all.NegativeFlipRate), $"negative flips / samples; 95 % interval {Percent(low)} to {Percent(high)} (Wilson)");
        yield return new("PFR", Percent(all.PositiveFlipRate), "positive flips / samples");
        yield return new("relative NFR", Percent(all.RelativeNegativeFlipRate), "NFR / (old accuracy · new error rate); 100 % = independent errors");
        yield return new("NFI", Percent(all.NegativeFlipImpact), "negative flips / new wrong");
        yield return new("BTC", Percent(all.BackwardTrustCompatibility), "both right / old right");
        yield return new("BEC", Percent(all.BackwardErrorCompatibility), "both wrong / new wrong");
        yield return new("churn", Percent(all.Churn), "predictions that differ / samples");
        yield return new("McNemar p", PValue(all.McNemarP), "exact, two-sided: are both kinds of flips equally likely?");
    }

    /// <summary>What is to be said of rows without a prediction; null where there are none.</summary>
    public static string? Undefined(UpdateComparison update)
    {
        FlipCounts all = update.Total;
        return all.UndefinedOld + all.UndefinedNew == 0
            ? null
            : $"Without a prediction, and counted as wrong (NaN, negative, or a class that is gone): {Count(all.UndefinedOld)} rows of old, {Count(all.UndefinedNew)} of new.";
    }

    private static string Number(double value) => value.ToString("0.00000", CultureInfo.InvariantCulture);

    private static string PValue(double value) => value.ToString(value < 1e-3 ? "0.0e+0" : "0.0000", CultureInfo.InvariantCulture);
}
