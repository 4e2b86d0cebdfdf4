namespace GracefulKernels.Kernels;

/// <summary>
/// What the softmax of a chunk's rows needs, one row a lane: block by block of the classes, and over all. The label's logit stays apart: what the other classes have is what
/// <c>1 − p_y</c> is, to full precision.
/// </summary>
internal readonly unsafe struct LogSums
{
    /// <summary>Classes of a block.</summary>
    public const int BlockClasses = 64;

    private const int Singles = 6;
    private const int Doubles = 2;

    private readonly float* _memory;
    private readonly int _blocks;

    public LogSums(int ld, int classes)
    {
        Ld = ld;
        _blocks = BlocksOf(classes);
        _memory = Scratch.Get<float>(ScratchSlot.LogSums, ((2L * _blocks) + Singles + (2 * Doubles)) * ld);
    }

    /// <summary>Elements of each array: rows, rounded up to whole lanes.</summary>
    public int Ld { get; }

    /// <summary>Largest logit of a block's classes, the label left out.</summary>
    public float* MaxOf(int block) => _memory + ((2L * block) * Ld);

    /// <summary>Σ of <c>e^{z − MaxOf}</c> over them.</summary>
    public float* SumOf(int block) => _memory + (((2L * block) + 1) * Ld);

    /// <summary>z_y.</summary>
    public float* Label => Single(0);

    /// <summary>Largest logit of the other classes.</summary>
    public float* MaxOfOthers => Single(1);

    /// <summary>Largest logit.</summary>
    public float* Max => Single(2);

    /// <summary>What <c>e^{z − Max}</c> is multiplied by in the gradient.</summary>
    public float* Coefficient => Single(3);

    /// <summary>The gradient at the label.</summary>
    public float* AtLabel => Single(4);

    /// <summary>The cross-entropy.</summary>
    public float* Value => Single(5);

    /// <summary>Σ over the other classes of <c>e^{z − MaxOfOthers}</c>.</summary>
    public double* Others => (double*)Single(Singles);

    /// <summary>Σ z over all classes, for label smoothing.</summary>
    public double* Sum => Others + Ld;

    public static int BlocksOf(int classes) => (classes + BlockClasses - 1) / BlockClasses;

    public void Clear()
    {
        new Span<float>(Label, Ld).Clear();
        new Span<float>(MaxOfOthers, Ld).Fill(float.NegativeInfinity);
        new Span<double>(Others, Doubles * Ld).Clear();
    }

    private float* Single(int index) => _memory + (((2L * _blocks) + index) * Ld);
}
