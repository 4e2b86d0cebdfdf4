namespace GracefulKernels.Kernels;

/// <summary>Taps along one axis: source positions <c>Start + t·Step</c> relative to a grid position, t below <see cref="Count"/>.</summary>
internal readonly record struct TapAxis(int Source, int Grid, int Stride, int Start, int Step, int Count)
{
    /// <summary>First source position that any grid position from <paramref name="grid"/> onward reads; may lie outside the source.</summary>
    public int First(int grid) => (grid * Stride) + Start;

    /// <summary>Source positions that <paramref name="count"/> grid positions read, those outside the source included.</summary>
    public int Extent(int count) => ((count - 1) * Stride) + ((Count - 1) * Step) + 1;

    /// <summary>Whether no grid position reads outside the source.</summary>
    public bool IsInside => Start >= 0 && Start + Extent(Grid) <= Source;
}

/// <summary>
/// What a convolution and its transpose have in common: at each position of a grid, the channels of some taps of one or two images meet a
/// matrix of weights. The transpose of a convolution with stride is one of these for each residue of the position.
/// </summary>
internal readonly unsafe struct Correlation
{
    public required int Batch { get; init; }

    public required int Channels { get; init; }

    public required TapAxis Y { get; init; }

    public required TapAxis X { get; init; }

    public required float* Source1 { get; init; }

    /// <summary>The second image of a pair, or null.</summary>
    public float* Source2 { get; init; }

    public required float* Target { get; init; }

    /// <summary>Columns of the product: channels of the target.</summary>
    public required int Columns { get; init; }

    /// <summary>Elements of the target from image to image, from grid row to grid row, and from position to position.</summary>
    public required long TargetImage { get; init; }

    public required long TargetRow { get; init; }

    public required long TargetPosition { get; init; }

    public int Sources => Source2 == null ? 1 : 2;

    /// <summary>Length of the inner dimension for one source.</summary>
    public int PatchLength => Y.Count * X.Count * Channels;

    public int InnerLength => Sources * PatchLength;

    /// <summary>Adjacent taps of a row are one run of memory.</summary>
    public bool MergesTaps => X.Step == 1;

    public int Segments => Sources * Y.Count * (MergesTaps ? Math.Min(X.Count, 1) : X.Count);

    public bool IsInside => Y.IsInside && X.IsInside;
}
