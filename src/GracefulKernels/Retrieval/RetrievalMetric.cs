using System.Globalization;

namespace GracefulKernels;

/// <summary>One number of a <see cref="RetrievalResult"/>, larger is better.</summary>
/// <param name="Name">For tables.</param>
/// <param name="Of">Takes it out of a result.</param>
public sealed record RetrievalMetric(string Name, Func<RetrievalResult, double> Of)
{
    /// <summary><see cref="RetrievalResult.MeanAveragePrecision"/>.</summary>
    public static RetrievalMetric MeanAveragePrecision { get; } = new("mAP", r => r.MeanAveragePrecision);

    /// <summary><see cref="RetrievalResult.Recall"/> at <paramref name="k"/>.</summary>
    public static RetrievalMetric RecallAt(int k) => new(string.Create(CultureInfo.InvariantCulture, $"recall@{k}"), r => r.Recall(k));

    /// <summary>TAR at the false accept rate number <paramref name="index"/> of the options, which is <paramref name="rate"/>.</summary>
    public static RetrievalMetric TrueAcceptAt(double rate, int index) => new(string.Create(CultureInfo.InvariantCulture, $"TAR@{rate:0.###e-0}"), r => r.Verification[index].TrueAcceptRate);

    /// <summary>TPIR at the false positive rate number <paramref name="index"/> of the options, which is <paramref name="rate"/>.</summary>
    public static RetrievalMetric TruePositiveAt(double rate, int index) => new(string.Create(CultureInfo.InvariantCulture, $"TPIR@{rate:0.###e-0}"), r => r.Identification[index].TruePositiveRate);
}
