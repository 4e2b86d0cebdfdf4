namespace GracefulKernels;

/// <summary>Embeddings of some images by one model: a matrix [rows × width], row-major.</summary>
public sealed class Embeddings
{
    /// <param name="values">[rows × width]; kept, not copied.</param>
    /// <param name="width">Elements of an embedding, at least 1.</param>
    /// <exception cref="ArgumentException"><paramref name="values"/> is no whole number of rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="width"/> is below 1.</exception>
    public Embeddings(float[] values, int width)
    {
        ArgumentNullException.ThrowIfNull(values);
        Check.Positive(width);
        if (values.Length % width != 0) throw new ArgumentException($"values is [{values.Length}]; expected whole rows of {width} (width).", nameof(values));
        Values = values;
        Width = width;
        Rows = values.Length / width;
    }

    /// <summary>Number of embeddings.</summary>
    public int Rows { get; }

    /// <summary>Elements of an embedding.</summary>
    public int Width { get; }

    internal float[] Values { get; }

    /// <summary>Embedding number <paramref name="row"/>, [width].</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    public ReadOnlySpan<float> this[int row] => (uint)row < (uint)Rows
        ? Values.AsSpan(row * Width, Width)
        : throw new ArgumentOutOfRangeException(nameof(row), row, $"row is {row}; expected 0 to {Rows - 1}.");

    /// <summary>
    /// Embeddings of another width, as backward-compatible training defines it (Shen et al. 2020): the leading columns of wider ones, zeros behind narrower
    /// ones.
    /// </summary>
    /// <param name="width">The width wanted, at least 1.</param>
    /// <returns>This where the width is right already, else a copy.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="width"/> is below 1.</exception>
    public Embeddings WithWidth(int width)
    {
        Check.Positive(width);
        if (width == Width) return this;
        float[] values = new float[checked(Rows * width)];
        int kept = Math.Min(width, Width);
        for (int r = 0; r < Rows; r++) Values.AsSpan(r * Width, kept).CopyTo(values.AsSpan(r * width));
        return new Embeddings(values, width);
    }
}
