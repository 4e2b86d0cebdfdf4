using GracefulKernels.Cli.Charts;

namespace GracefulKernels.Cli.Compatibility;

/// <summary>CMC curves of the pairs that matter, and beside them the matrix of all pairs.</summary>
internal static class CompatPicture
{
    public static void Draw(string path, CompatRun run)
    {
        CompatibilityMatrix matrix = run.Matrix;
        int last = Math.Max(1, Math.Min(CompatReport.CurveRanks, matrix[CompatRun.New, CompatRun.Old]!.GalleryRows - (run.ExcludesSelf ? 1 : 0)));
        double[] ranks = [.. Enumerable.Range(1, last).Select(k => (double)k)];
        ScottPlot.Plot curves = Lines.Create(
            "Queries / gallery: matches among the first k", "k", "recall@k, % of queries",
            [
                .. CompatReport.Pairs(run).Select(p => new LineSeries(
                    $"{matrix.Names[p.Query]} / {matrix.Names[p.Gallery]}", ranks, [.. ranks.Select(k => 100 * matrix[p.Query, p.Gallery]!.Recall((int)k))])),
            ]);
        RetrievalMetric metric = run.Metrics[0];
        double[,] values = matrix.Values(metric);
        for (int q = 0; q < matrix.Models; q++)
        {
            for (int g = 0; g < matrix.Models; g++) values[q, g] *= 100;
        }
        ScottPlot.Plot map = HeatMap.Create(
            $"{metric.Name}, %", "gallery model", "query model", matrix.Names, matrix.Names, values, (q, g) => Cell(run, metric, q, g));
        Chart.SavePng(path, 460, (curves, 680), (map, 460));
    }

    /// <summary>The value, and whether it beats the gallery's own model.</summary>
    private static string Cell(CompatRun run, RetrievalMetric metric, int query, int gallery)
    {
        if (run.Matrix[query, gallery] is not { } result) return "";
        string verdict = query == gallery ? "" : run.Matrix.BeatsGalleryModel(metric, query, gallery) switch
        {
            true => $"\nbeats {run.Matrix.Names[gallery]} / {run.Matrix.Names[gallery]}",
            false => $"\nnot above {run.Matrix.Names[gallery]} / {run.Matrix.Names[gallery]}",
            null => "",
        };
        return CompatReport.Percent(metric.Of(result)) + verdict;
    }
}
