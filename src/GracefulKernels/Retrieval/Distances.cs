namespace GracefulKernels;

/// <summary>Euclidean distances of what a search found.</summary>
internal static class Distances
{
    /// <summary>
    /// Replaces scores by <c>‖q − x‖</c>, summed in fp64, and orders each query's items by them, the lowest index first among equals: the fp32 score
    /// <c>q·x − ½‖x‖²</c> finds the nearest, but cancels where a distance is small against the norms.
    /// </summary>
    public static void Refine(PreparedRows queries, PreparedRows gallery, int k, int[] indices, float[] scores)
    {
        int width = gallery.Width;
        Parallel.For(0, queries.Rows, q =>
        {
            Span<int> own = indices.AsSpan(q * k, k);
            int found = own.IndexOf(-1);
            if (found < 0) found = k;
            own = own[..found];
            // The lowest index first: a stable order of equal distances.
            own.Sort();
            Span<(float Distance, int Index)> order = new (float, int)[found];
            ReadOnlySpan<float> query = queries.Values.AsSpan(q * width, width);
            for (int i = 0; i < found; i++)
            {
                double sum = 0;
                int row = own[i] * width;
                for (int j = 0; j < width; j++)
                {
                    double d = (double)query[j] - gallery.Values[row + j];
                    sum += d * d;
                }
                order[i] = ((float)Math.Sqrt(sum), own[i]);
            }
            order.Sort();
            for (int i = 0; i < found; i++) (scores[(q * k) + i], indices[(q * k) + i]) = order[i];
        });
    }
}
