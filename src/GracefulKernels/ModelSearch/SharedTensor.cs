namespace GracefulKernels;

/// <summary>A tensor of the largest network of a family, of which others take the leading rows and columns; with its velocity. In PyTorch's layouts.</summary>
/// <param name="shape">[out, in, kernel, kernel], [out, in] or [out].</param>
/// <param name="values">Of the largest network.</param>
internal sealed class SharedTensor(IReadOnlyList<int> shape, float[] values)
{
    private readonly float[] _velocity = new float[values.Length];

    /// <summary>Elements of a row: all inputs and taps of one output.</summary>
    private int Row => values.Length / shape[0];

    /// <summary>The slice of a smaller shape.</summary>
    public void Gather(IReadOnlyList<int> part, Span<float> to)
    {
        int row = to.Length / part[0];
        for (int o = 0; o < part[0]; o++) values.AsSpan(o * Row, row).CopyTo(to.Slice(o * row, row));
    }

    /// <summary><c>v ← μv + scale·g + decay·w</c>, <c>w ← w − ηv</c> in the slice of a smaller shape.</summary>
    public void Step(IReadOnlyList<int> part, ReadOnlySpan<float> gradient, float scale, float eta, float momentum, float decay)
    {
        int row = gradient.Length / part[0];
        for (int o = 0; o < part[0]; o++)
        {
            Span<float> w = values.AsSpan(o * Row, row), v = _velocity.AsSpan(o * Row, row);
            ReadOnlySpan<float> g = gradient.Slice(o * row, row);
            for (int i = 0; i < row; i++)
            {
                v[i] = (momentum * v[i]) + (scale * g[i]) + (decay * w[i]);
                w[i] -= eta * v[i];
            }
        }
    }
}
