namespace GracefulKernels;

/// <summary>Embeddings as a search takes them: of unit length for cosines, and what is special about them counted.</summary>
internal sealed class PreparedRows
{
    private PreparedRows(float[] values, int width, double[] squares, int zero, int notFinite)
    {
        Values = values;
        Width = width;
        Squares = squares;
        Zero = zero;
        NotFinite = notFinite;
    }

    public int Rows => Squares.Length;

    public int Width { get; }

    /// <summary>[rows × width]. A row with a NaN or an infinity is all NaN, so that its scores are NaN.</summary>
    public float[] Values { get; }

    /// <summary><c>‖x‖²</c> of the rows as they were given; NaN where one is not finite.</summary>
    public double[] Squares { get; }

    /// <summary>Rows of norm 0.</summary>
    public int Zero { get; }

    /// <summary>Rows with a NaN or an infinity.</summary>
    public int NotFinite { get; }

    /// <summary>Prepares several sets as one, row behind row.</summary>
    public static PreparedRows Of(ReadOnlySpan<Embeddings> sets, Similarity similarity)
    {
        int width = sets[0].Width;
        long rows = 0;
        foreach (Embeddings set in sets) rows += set.Rows;
        if (rows * width > Array.MaxLength) throw new ArgumentException($"The embeddings are [{rows} × {width}]; at most {Array.MaxLength:N0} elements can be searched at once.");
        float[] values = new float[rows * width];
        double[] squares = new double[rows];
        int at = 0;
        foreach (Embeddings set in sets)
        {
            float[] from = set.Values;
            int first = at;
            Parallel.For(0, set.Rows, r => squares[first + r] = Prepare(from.AsSpan(r * width, width), values.AsSpan((first + r) * width, width), similarity));
            at += set.Rows;
        }
        return new PreparedRows(values, width, squares, squares.Count(s => s == 0), squares.Count(double.IsNaN));
    }

    /// <summary>Norms in fp64: no square overflows, and an element is rounded once.</summary>
    private static double Prepare(ReadOnlySpan<float> from, Span<float> to, Similarity similarity)
    {
        double square = 0;
        foreach (float v in from) square += (double)v * v;
        if (!double.IsFinite(square))
        {
            to.Fill(float.NaN);
            return double.NaN;
        }
        if (similarity != Similarity.Cosine || square == 0)
        {
            from.CopyTo(to);
            return square;
        }
        double norm = Math.Sqrt(square);
        for (int j = 0; j < from.Length; j++) to[j] = (float)(from[j] / norm);
        return square;
    }
}
