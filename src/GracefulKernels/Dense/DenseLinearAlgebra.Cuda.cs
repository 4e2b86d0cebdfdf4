namespace GracefulKernels;

public static unsafe partial class DenseLinearAlgebra
{
    /// <summary><c>C = α·op(A)·op(B) + β·C</c> in fp32 over another's memory on a CUDA device, where it lies. Not yet run on a GPU.</summary>
    /// <param name="device">The device for which the tensors were borrowed.</param>
    /// <param name="transposeA">op(A) = Aᵀ: then A is stored [k × m].</param>
    /// <param name="transposeB">op(B) = Bᵀ: then B is stored [n × k].</param>
    /// <param name="alpha">α.</param>
    /// <param name="a">A [m × k], or [k × m].</param>
    /// <param name="b">B [k × n], or [n × k].</param>
    /// <param name="beta">β; with 0, C is never read.</param>
    /// <param name="c">C [m × n]; shares no element with A or B.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, a tensor was borrowed for another device, C is read-only, or C overlaps an operand.</exception>
    public static void Gemm(ComputeDevice device, bool transposeA, bool transposeB, float alpha, CudaTensor a, CudaTensor b, float beta, CudaTensor c)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        ArgumentNullException.ThrowIfNull(c);
        Gemm(transposeA, transposeB, alpha, a.View(device, nameof(a)), b.View(device, nameof(b)), beta, c.View(device, nameof(c), writes: true), device);
    }
}
