namespace GracefulKernels;

/// <summary>Raw sums of squared gradients of one block in its eigenbasis, [rows × columns].</summary>
public sealed class MomentBlock : ParameterBlock
{
    internal MomentBlock(ParameterBlock block, double[] sum, double count) : base(block)
    {
        Sum = sum;
        Count = count;
    }

    internal MomentBlock(BlockHeader header, int columns, double[] sum, double count) : base(header.Name, header.Rows, columns, header.Weight, header.Bias)
    {
        Sum = sum;
        Count = count;
    }

    internal double[] Sum { get; }

    /// <summary>n, times the probes.</summary>
    internal double Count { get; }

    /// <summary><c>S = 1/n Σ_i Σ_c (U_Gᵀ ∇W U_A)²</c>, fp64 [rows × columns].</summary>
    public double[] Mean() => [.. Sum.Select(v => v / Count)];

    internal MomentBlock Plus(MomentBlock other) => new(this, [.. Sum.Zip(other.Sum, (a, b) => a + b)], Count + other.Count);
}
