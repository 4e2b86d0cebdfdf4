namespace GracefulKernels.Kernels;

/// <summary>One of several correlations that read the same source: a convolution is one alone, its transpose with stride one for each residue.</summary>
internal unsafe struct CorrelationPhase<TWeights> where TWeights : unmanaged, ITapWeights
{
    public Correlation Correlation;
    public TWeights Weights;

    /// <summary>Where the packed weights of this phase begin, in elements.</summary>
    public long PackedOffset;

    /// <summary>The axes that hold all that the phases read, tap by tap one source position apart.</summary>
    public static void Union(CorrelationPhase<TWeights>* phases, int count, out TapAxis y, out TapAxis x)
    {
        y = phases->Correlation.Y;
        x = phases->Correlation.X;
        for (int p = 1; p < count; p++)
        {
            y = Union(y, phases[p].Correlation.Y);
            x = Union(x, phases[p].Correlation.X);
        }
    }

    private static TapAxis Union(in TapAxis a, in TapAxis b)
    {
        int grid = Math.Max(a.Grid, b.Grid);
        if (a.Count == 0 || b.Count == 0) return (a.Count == 0 ? b : a) with { Grid = grid };
        int start = Math.Min(a.Start, b.Start), last = Math.Max(a.Start + ((a.Count - 1) * a.Step), b.Start + ((b.Count - 1) * b.Step));
        return new TapAxis(a.Source, grid, a.Stride, start, 1, last - start + 1);
    }
}
