namespace GracefulKernels.Kernels;

/// <summary>The factors and the epilogue of a product, as the tiles need them.</summary>
internal readonly unsafe struct Output
{
    private readonly bool _hasEpilogue;

    public Output(float alpha, float beta, int columns, in Epilogue epilogue)
    {
        Alpha = alpha;
        Beta = beta;
        Columns = columns;
        Bias = epilogue.Bias.IsEmpty ? null : epilogue.Bias.Pointer;
        Addend = epilogue.Addend.IsEmpty ? null : epilogue.Addend.Pointer;
        Mask = epilogue.Mask.IsEmpty ? null : epilogue.Mask.Pointer;
        Activation = epilogue.Activation;
        Slope = epilogue.Slope;
        _hasEpilogue = Bias != null || Addend != null || Activation != EpilogueActivation.None;
    }

    public float Alpha { get; }

    public float Beta { get; }

    /// <summary>Columns of the whole output: from row to row of the addend.</summary>
    public int Columns { get; }

    public float* Bias { get; }

    public float* Addend { get; }

    public ushort* Mask { get; }

    public EpilogueActivation Activation { get; }

    public float Slope { get; }

    /// <summary>Whether whole tiles that need no further work go past the caches: an output that no cache will hold, every row of it aligned.</summary>
    public bool Streams { get; init; }

    /// <summary>Whether a tile of whole registers may go (<paramref name="add"/>: may be added) straight to C, with the same bits as the long way.</summary>
    public bool IsDirect(bool first, bool last, out bool add)
    {
        add = !first || Beta == 1f;
        return Alpha == 1f && (add || Beta == 0f) && !(last && _hasEpilogue);
    }
}

/// <summary>Where one register tile of the output lies.</summary>
internal unsafe struct OutputTile
{
    public float* C;
    public nint Ld;

    /// <summary>Row and column of the whole output: they find bias, addend and mask.</summary>
    public long Row;
    public int Column;
    public int Rows;
    public int Columns;

    /// <summary>Columns of row r that are written: at most <c>Limit + r</c>. Lower triangles set it; others leave it at <see cref="NoLimit"/>.</summary>
    public int Limit;

    /// <summary>Whether this is the first, or the last, block of the inner dimension.</summary>
    public bool First, Last;

    public const int NoLimit = int.MaxValue - 64;
}
