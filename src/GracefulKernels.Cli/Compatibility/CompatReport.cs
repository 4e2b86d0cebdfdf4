using System.Text.Json;
using Spectre.Console;
using static GracefulKernels.Cli.Figures;

namespace GracefulKernels.Cli.Compatibility;

/// <summary>Compatibility as a table and as JSON.</summary>
internal static class CompatReport
{
    private const int Old = CompatRun.Old, New = CompatRun.New;

    /// <summary>Ranks of the CMC curves in the JSON and the picture.</summary>
    public const int CurveRanks = 50;

    public static void Print(Report report, CompatRun run)
    {
        CompatibilityMatrix matrix = run.Matrix;
        report.WriteLine(Asked(run));
        (int Query, int Gallery)[] pairs = Pairs(run);
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("queries / gallery");
        foreach ((int q, int g) in pairs) table.AddColumn(new TableColumn($"{matrix.Names[q]} / {matrix.Names[g]}").RightAligned());
        table.AddColumn(new TableColumn("new/old > old/old")).AddColumn(new TableColumn("update gain").RightAligned());
        foreach (RetrievalMetric metric in run.Metrics)
        {
            double[,] values = matrix.Values(metric);
            table.AddRow([metric.Name, .. pairs.Select(p => Percent(values[p.Query, p.Gallery])), Word(run.IsCompatible(metric)), Percent(run.Gain(metric))]);
        }
        report.Write(table);
        report.WriteLine(Verdict(run));
        report.WriteLine(Best(run));
        foreach (string note in Notes(run)) report.WriteLine(note);
    }

    /// <summary>What was searched for where, in a sentence.</summary>
    public static string Asked(CompatRun run)
    {
        RetrievalResult first = run.Matrix[New, Old]!;
        return $"{Count(first.Queries)} queries over {Count(first.GalleryRows)} gallery items by {NameOf(run.Similarity)}"
            + (run.ExcludesSelf ? "; the queries are the gallery's images, none of which sees itself." : ".");
    }

    public static void Write(Utf8JsonWriter json, CompatRun run)
    {
        CompatibilityMatrix matrix = run.Matrix;
        json.WriteString("similarity", NameOf(run.Similarity));
        json.WriteBoolean("excludesSelf", run.ExcludesSelf);
        json.WriteStrings("models", matrix.Names);
        if (AllCompatible(run) is bool compatible) json.WriteBoolean("compatible", compatible);
        else json.WriteNull("compatible");
        json.WriteStartArray("metrics");
        foreach (RetrievalMetric metric in run.Metrics)
        {
            double[,] values = matrix.Values(metric);
            json.WriteStartObject();
            json.WriteString("name", metric.Name);
            json.WriteFinite("oldOld", values[Old, Old]);
            json.WriteFinite("newOld", values[New, Old]);
            json.WriteFinite("newNew", values[New, New]);
            if (run.Best != New) json.WriteFinite("bestBest", values[run.Best, run.Best]);
            if (run.IsCompatible(metric) is bool meets) json.WriteBoolean("compatible", meets);
            else json.WriteNull("compatible");
            json.WriteFinite("updateGain", run.Gain(metric));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("pairs");
        for (int q = 0; q < matrix.Models; q++)
        {
            for (int g = 0; g < matrix.Models; g++)
            {
                if (matrix[q, g] is { } result) WritePair(json, matrix.Names[q], matrix.Names[g], result);
            }
        }
        json.WriteEndArray();
    }

    /// <summary>Whether the criterion holds by every metric; null where it is unknown for one and holds by the others.</summary>
    public static bool? AllCompatible(CompatRun run)
    {
        bool?[] verdicts = [.. run.Metrics.Select(run.IsCompatible)];
        return verdicts.Contains(false) ? false : verdicts.Contains(null) ? null : true;
    }

    /// <summary>The pairs of the criterion and the gain: old/old, new/old, new/new, and the unconstrained model by itself.</summary>
    public static (int Query, int Gallery)[] Pairs(CompatRun run)
    {
        (int Query, int Gallery)[] all = [(Old, Old), (New, Old), (New, New), (run.Best, run.Best)];
        return [.. all.Distinct().Where(p => run.Matrix[p.Query, p.Gallery] is not null)];
    }

    public static string NameOf(Similarity similarity) => similarity switch
    {
        Similarity.Euclidean => "Euclidean distance",
        Similarity.InnerProduct => "inner product",
        _ => "cosine",
    };

    /// <summary>Whether the criterion holds, in a sentence.</summary>
    public static string Verdict(CompatRun run)
    {
        string Names(bool? verdict) => string.Join(", ", run.Metrics.Where(m => run.IsCompatible(m) == verdict).Select(m => m.Name));
        return AllCompatible(run) switch
        {
            true => "Compatible: by every metric the new queries on the old gallery beat the old model.",
            false when Names(true) is { Length: > 0 } holds => $"Compatible by {holds}; not by {Names(false)}.",
            false => "Not compatible: by no metric do the new queries on the old gallery beat the old model.",
            null => "The criterion is not known" + (run.Matrix[Old, Old] is null ? " without --old-queries." : $" by {Names(null)}."),
        };
    }

    /// <summary>What the update gain is a part of.</summary>
    public static string Best(CompatRun run)
    {
        string best = run.Best == New ? "new / new (give --best-queries and --best-gallery for a new model without constraint)" : "new* / new*";
        return $"Update gain: (new/old − old/old) / (best − old/old), best = {best}.";
    }

    /// <summary>What was left out, or found nothing.</summary>
    public static IEnumerable<string> Notes(CompatRun run)
    {
        RetrievalResult first = run.Matrix[New, Old]!;
        int left = first.Queries - first.QueriesWithMatch;
        if (left > 0) yield return $"Queries without an item of their label in the gallery: {Count(left)}; left out of recall and mAP, the non-mated ones of TPIR.";
        foreach ((int q, int g) in Pairs(run))
        {
            RetrievalResult r = run.Matrix[q, g]!;
            string pair = $"{run.Matrix.Names[q]} / {run.Matrix.Names[g]}";
            int zero = r.ZeroQueries + r.ZeroGalleryRows, notFinite = r.NotFiniteQueries + r.NotFiniteGalleryRows;
            if (zero > 0 && run.Similarity == Similarity.Cosine) yield return $"{pair}: {Count(r.ZeroQueries)} queries and {Count(r.ZeroGalleryRows)} items of norm 0, whose cosine is 0.";
            if (notFinite > 0) yield return $"{pair}: {Count(r.NotFiniteQueries)} queries and {Count(r.NotFiniteGalleryRows)} items with a NaN or an infinity, which find nothing and are never found.";
        }
    }

    private static void WritePair(Utf8JsonWriter json, string query, string gallery, RetrievalResult result)
    {
        json.WriteStartObject();
        json.WriteString("queryModel", query);
        json.WriteString("galleryModel", gallery);
        json.WriteNumber("queries", result.Queries);
        json.WriteNumber("queriesWithMatch", result.QueriesWithMatch);
        json.WriteNumber("gallery", result.GalleryRows);
        json.WriteNumber("zeroQueries", result.ZeroQueries);
        json.WriteNumber("zeroGallery", result.ZeroGalleryRows);
        json.WriteNumber("notFiniteQueries", result.NotFiniteQueries);
        json.WriteNumber("notFiniteGallery", result.NotFiniteGalleryRows);
        json.WriteFinite("mAP", result.MeanAveragePrecision);
        json.WriteStartArray("cmc");
        for (int k = 1; k <= Math.Min(CurveRanks, result.GalleryRows); k++) json.WriteFinite(result.Recall(k));
        json.WriteEndArray();
        json.WriteObjects("tarAtFar", result.Verification, p =>
        {
            json.WriteNumber("far", p.FalseAcceptRate);
            json.WriteFinite("tar", p.TrueAcceptRate);
            json.WriteFinite("threshold", p.Threshold);
            json.WriteNumber("genuinePairs", p.GenuinePairs);
            json.WriteNumber("impostorPairs", p.ImpostorPairs);
            json.WriteNumber("acceptedGenuine", p.AcceptedGenuine);
            json.WriteNumber("acceptedImpostors", p.AcceptedImpostors);
        });
        json.WriteObjects("tpirAtFpir", result.Identification, p =>
        {
            json.WriteNumber("fpir", p.FalsePositiveRate);
            json.WriteFinite("tpir", p.TruePositiveRate);
            json.WriteFinite("threshold", p.Threshold);
            json.WriteNumber("mated", p.Mated);
            json.WriteNumber("nonMated", p.NonMated);
            json.WriteNumber("identified", p.Identified);
            json.WriteNumber("acceptedNonMated", p.AcceptedNonMated);
        });
        json.WriteEndObject();
    }

    /// <summary>yes, no, or not known.</summary>
    public static string Word(bool? holds) => holds switch { true => "yes", false => "no", null => "—" };
}
