namespace GracefulKernels.Kernels;

/// <summary>
/// Some rows that take part: where they lie in the operands if no ignored one is among them, else gathered in scratch memory. Without the ignored rows a
/// product is smaller, and what is in them (a NaN times 0 is a NaN) reaches nothing.
/// </summary>
internal unsafe struct LinearLossChunk
{
    public int Rows;
    public bool IsGathered;
    public Block<float> Embeddings;
    public int LdEmbeddings;
    public Block<int> Labels;
    public Block<float> EmbeddingGradient;
    public int LdEmbeddingGradient;
    public Block<float> Values;

    private int _first, _end;

    /// <summary>Elements of scratch memory that gathering <paramref name="rows"/> rows takes: embeddings, their gradients, labels, values.</summary>
    public static long ScratchLength(int rows, int features) => ((2L * features) + 2) * rows;

    /// <summary>The rows from <paramref name="first"/> on, up to <paramref name="most"/> that take part. <paramref name="next"/>: the row behind them.</summary>
    public static LinearLossChunk Take(in LinearLossOptions options, in LinearLossOperands o, int first, int most, out int next)
    {
        int* labels = o.Labels.Pointer;
        // Ignored rows before the first and behind the last break no run.
        while (first < o.Rows && labels[first] == options.IgnoreIndex) first++;
        int rows = 0, end = first, last = first;
        for (; end < o.Rows && rows < most; end++)
        {
            if (labels[end] == options.IgnoreIndex) continue;
            rows++;
            last = end + 1;
        }
        next = last;
        if (rows == 0) next = o.Rows;
        LinearLossChunk chunk = new() { Rows = rows, _first = first, _end = last };
        if (last - first == rows) chunk.Lie(o);
        else chunk.Gather(options, o);
        return chunk;
    }

    /// <summary>Brings gathered results to their places.</summary>
    public readonly void Scatter(in LinearLossOptions options, in LinearLossOperands o)
    {
        if (!IsGathered) return;
        for (int row = _first, at = 0; row < _end; row++)
        {
            if (o.Labels.Pointer[row] == options.IgnoreIndex) continue;
            if (!Values.IsEmpty) o.Values.Pointer[row] = Values.Pointer[at];
            if (!EmbeddingGradient.IsEmpty) Copy(Row(EmbeddingGradient, LdEmbeddingGradient, at, o.Features), Row(o.EmbeddingGradient, o.LdEmbeddingGradient, row, o.Features));
            at++;
        }
    }

    /// <summary>What ignored rows get: a value of 0, and a gradient of 0 where it is not added to.</summary>
    public static void ClearIgnored(in LinearLossOptions options, in LinearLossOperands o)
    {
        bool clears = !o.EmbeddingGradient.IsEmpty && !options.AddToEmbeddings;
        for (int row = 0; row < o.Rows; row++)
        {
            if (o.Labels.Pointer[row] != options.IgnoreIndex) continue;
            if (!o.Values.IsEmpty) o.Values.Pointer[row] = 0f;
            if (clears) Row(o.EmbeddingGradient, o.LdEmbeddingGradient, row, o.Features).Clear();
        }
    }

    private void Lie(in LinearLossOperands o)
    {
        LdEmbeddings = o.LdEmbeddings;
        LdEmbeddingGradient = o.LdEmbeddingGradient;
        if (Rows == 0) return;
        Embeddings = o.Embeddings.Slice((long)_first * LdEmbeddings);
        Labels = o.Labels.Slice(_first, Rows);
        if (!o.EmbeddingGradient.IsEmpty) EmbeddingGradient = o.EmbeddingGradient.Slice((long)_first * LdEmbeddingGradient);
        if (!o.Values.IsEmpty) Values = o.Values.Slice(_first, Rows);
    }

    private void Gather(in LinearLossOptions options, in LinearLossOperands o)
    {
        IsGathered = true;
        LdEmbeddings = LdEmbeddingGradient = o.Features;
        long length = (long)Rows * o.Features;
        float* memory = Scratch.Get<float>(ScratchSlot.GatheredRows, ScratchLength(Rows, o.Features));
        Embeddings = new Block<float>(memory, length);
        if (!o.EmbeddingGradient.IsEmpty) EmbeddingGradient = new Block<float>(memory + length, length);
        Labels = new Block<int>((int*)(memory + (2 * length)), Rows);
        if (!o.Values.IsEmpty) Values = new Block<float>(memory + (2 * length) + Rows, Rows);
        for (int row = _first, at = 0; row < _end; row++)
        {
            int label = o.Labels.Pointer[row];
            if (label == options.IgnoreIndex) continue;
            Labels.Pointer[at] = label;
            Copy(Row(o.Embeddings, o.LdEmbeddings, row, o.Features), Row(Embeddings, LdEmbeddings, at, o.Features));
            if (options.AddToEmbeddings && !EmbeddingGradient.IsEmpty)
            {
                Copy(Row(o.EmbeddingGradient, o.LdEmbeddingGradient, row, o.Features), Row(EmbeddingGradient, LdEmbeddingGradient, at, o.Features));
            }
            at++;
        }
    }

    private static Span<float> Row(Block<float> matrix, int ld, int row, int columns) => new(matrix.Pointer + ((long)row * ld), columns);

    private static void Copy(Span<float> from, Span<float> to) => from.CopyTo(to);
}
