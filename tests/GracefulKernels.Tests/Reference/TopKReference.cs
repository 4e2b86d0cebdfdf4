namespace GracefulKernels.Tests;

/// <summary>The best k by scoring and sorting everything in fp64.</summary>
internal static class TopKReference
{
    public static double Score(float[] queries, float[] gallery, float[] offsets, int width, int query, int row)
    {
        double sum = offsets.Length > 0 ? offsets[row] : 0;
        for (int j = 0; j < width; j++) sum += (double)queries[(query * width) + j] * gallery[(row * width) + j];
        return sum;
    }

    /// <summary>Indices and scores [queries × k], padded with −1 and NaN.</summary>
    public static (int[] Indices, double[] Scores) Of(float[] queries, float[] gallery, float[] offsets, int[] excluded, int width, int k)
    {
        int count = queries.Length / width, rows = gallery.Length / width;
        int[] indices = new int[count * k];
        double[] scores = new double[count * k];
        Array.Fill(indices, -1);
        Array.Fill(scores, double.NaN);
        for (int q = 0; q < count; q++)
        {
            (int Row, double Score)[] best =
            [
                .. Enumerable.Range(0, rows).Where(r => excluded.Length == 0 || excluded[q] != r)
                    .Select(r => (Row: r, Score: Score(queries, gallery, offsets, width, q, r)))
                    .OrderByDescending(p => p.Score).ThenBy(p => p.Row).Take(k),
            ];
            for (int i = 0; i < best.Length; i++) (indices[(q * k) + i], scores[(q * k) + i]) = best[i];
        }
        return (indices, scores);
    }
}
