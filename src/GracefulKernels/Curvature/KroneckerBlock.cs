namespace GracefulKernels;

/// <summary>
/// Raw sums for one diagonal block of the Gauss–Newton matrix. With an output factor the block is approximated by <c>G ⊗ A</c> (vec row-major); without one it is
/// <c>I ⊗ A</c>, which is exact.
/// </summary>
public sealed class KroneckerBlock : ParameterBlock
{
    internal KroneckerBlock(string name, int rows, int columns, string weight, string? bias, double[] inputSum, double inputCount, double[]? outputSum, double outputCount)
        : base(name, rows, columns, weight, bias)
    {
        InputSum = inputSum;
        InputCount = inputCount;
        OutputSum = outputSum;
        OutputCount = outputCount;
    }

    /// <summary>Whether there is an output factor.</summary>
    public bool HasOutputFactor => OutputSum is not null;

    /// <summary>Σ ā āᵀ, [columns × columns].</summary>
    internal double[] InputSum { get; }

    /// <summary>n·T.</summary>
    internal double InputCount { get; }

    /// <summary>Σ g gᵀ, [rows × rows]; null for an exact block.</summary>
    internal double[]? OutputSum { get; }

    /// <summary>n, times the probes.</summary>
    internal double OutputCount { get; }

    /// <summary><c>A = 1/(nT) Σ_i Σ_t ā āᵀ</c>, fp64 [columns × columns]. For batch normalisation <c>1/n Σ_i Σ_c g gᵀ</c>, the exact block.</summary>
    public double[] InputFactor() => Scaled(InputSum, InputCount);

    /// <summary><c>G = 1/n Σ_i Σ_t Σ_c g gᵀ</c>, fp64 [rows × rows]: a sum over positions and outputs, a mean over samples only.</summary>
    /// <exception cref="InvalidOperationException">The block is exact and has none.</exception>
    public double[] OutputFactor() => OutputSum is null
        ? throw new InvalidOperationException($"Block '{Name}' is exact (I ⊗ A) and has no output factor.")
        : Scaled(OutputSum, OutputCount);

    internal KroneckerBlock Plus(KroneckerBlock other) => new(
        Name, Rows, Columns, Weight, Bias, Sum(InputSum, other.InputSum), InputCount + other.InputCount,
        OutputSum is null ? null : Sum(OutputSum, other.OutputSum!), OutputCount + other.OutputCount);

    private static double[] Scaled(double[] sum, double count) => [.. sum.Select(v => v / count)];

    private static double[] Sum(double[] a, double[] b)
    {
        double[] sum = new double[a.Length];
        for (int i = 0; i < sum.Length; i++) sum[i] = a[i] + b[i];
        return sum;
    }
}
