namespace GracefulKernels.Kernels;

/// <summary>
/// <c>C[m × n] = op(A)[m × k] · op(B)[k × n]</c>, row-major. A is stored [m × k], or [k × m] where <see cref="TransposeA"/>; B is stored
/// [k × n], or [n × k] where <see cref="TransposeB"/>. Leading dimensions are elements from row to row of what is stored.
/// </summary>
internal readonly record struct GemmShape(int M, int N, int K, bool TransposeA, bool TransposeB, int LdA, int LdB, int LdC)
{
    /// <summary>Contiguous rows.</summary>
    public GemmShape(int m, int n, int k, bool transposeA = false, bool transposeB = false)
        : this(m, n, k, transposeA, transposeB, transposeA ? m : k, transposeB ? k : n, n) { }
}
