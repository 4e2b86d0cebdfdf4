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
        double[,] values = matrix.Values(metric), shown;
        // A model without queries has no row, one without a gallery no column.
        int[] all = [.. Enumerable.Range(0, matrix.Models)];
        int[] rows = [.. all.Where(q => all.Any(g => matrix[q, g] is not null))], columns = [.. all.Where(g => all.Any(q => matrix[q, g] is not null))];
        shown = new double[rows.Length, columns.Length];
        for (int r = 0; r < rows.Length; r++)
        {
            for (int c = 0; c < columns.Length; c++) shown[r, c] = 100 * values[rows[r], columns[c]];
        }
        ScottPlot.Plot map = HeatMap.Create(
            $"{metric.Name}, against the gallery's own model",
            "gallery model",
            "query model",
            [.. columns.Select(g => matrix.Names[g])],
            [.. rows.Select(q => matrix.Names[q])],
            shown,
            (r, c) => Cell(run, metric, rows[r], columns[c]));
        Chart.SavePng(path, 460, (curves, 680), (map, 460));
    }

    /// <summary>The value, and whether it beats the gallery's own model.</summary>
    private static string Cell(CompatRun run, RetrievalMetric metric, int query, int gallery)
    {
        if (run.Matrix[query, gallery] is not { } result) return "";
        bool? beats = query == gallery ? null : run.Matrix.BeatsGalleryModel(metric, query, gallery);
        string verdict = beats is null ? "" : $"\n{(beats == true ? ">" : "≤")} {run.Matrix.Names[gallery]} / {run.Matrix.Names[gallery]}";
        return Figures.Percent(metric.Of(result)) + verdict;
    }
}
