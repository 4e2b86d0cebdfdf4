using System.Numerics.Tensors;

namespace GracefulKernels;

public static unsafe partial class DenseLinearAlgebra
{
    /// <summary><c>C = α·A·B + β·C</c> in fp32 over tensor spans, which may lie in anyone's memory: nothing is copied.</summary>
    /// <remarks>
    /// One dimension of each matrix is contiguous, the other may have gaps: a span whose first stride is 1 is the transpose of what is stored, and enters as such. A C so stored is computed as
    /// <c>Cᵀ = α·Bᵀ·Aᵀ + β·Cᵀ</c>. The error bound is that of the product of spans.
    /// </remarks>
    /// <param name="alpha">α.</param>
    /// <param name="a">A [m × k].</param>
    /// <param name="b">B [k × n].</param>
    /// <param name="beta">β; with 0, C is never read.</param>
    /// <param name="c">C [m × n]; shares no element with A or B. What lies between its rows is left alone.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, neither dimension of a matrix is contiguous, its elements overlap (lengths and strides are named), or C overlaps an operand.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is above 2³¹ − 1.</exception>
    public static void Gemm(
        float alpha, in ReadOnlyTensorSpan<float> a, in ReadOnlyTensorSpan<float> b, float beta, in TensorSpan<float> c, ComputeDevice? device = null)
    {
        fixed (float* pa = a, pb = b, pc = c)
        {
            MatrixView<float> left = TensorViews.Operand(a, pa, nameof(a), out bool transposeA), right = TensorViews.Operand(b, pb, nameof(b), out bool transposeB);
            MatrixView<float> product = TensorViews.Operand<float>(c, pc, nameof(c), out bool transposeC);
            CheckProduct(a, b, c);
            if (transposeC) Gemm(!transposeB, !transposeA, alpha, right, left, beta, product, device);
            else Gemm(transposeA, transposeB, alpha, left, right, beta, product, device);
        }
    }

    /// <summary>The lower triangle of <c>C = α·A·Aᵀ + β·C</c> in fp32 over tensor spans, which may lie in anyone's memory: nothing is copied.</summary>
    /// <remarks>The strict upper triangle is neither read nor written. For AᵀA give the transpose: a span whose first stride is 1 enters as it is stored.</remarks>
    /// <param name="alpha">α.</param>
    /// <param name="a">A [n × k], either dimension contiguous.</param>
    /// <param name="beta">β; with 0, C is never read.</param>
    /// <param name="c">C [n × n], rows contiguous; shares no element with A.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, strides do not (lengths and strides are named), or C overlaps A.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is above 2³¹ − 1.</exception>
    public static void Syrk(float alpha, in ReadOnlyTensorSpan<float> a, float beta, in TensorSpan<float> c, ComputeDevice? device = null)
    {
        fixed (float* pa = a, pc = c)
        {
            MatrixView<float> operand = TensorViews.Operand(a, pa, nameof(a), out bool transposed);
            Syrk(transposed, alpha, operand, beta, TensorViews.Matrix<float>(c, pc, nameof(c)), device);
        }
    }

    /// <summary>In the caller's orientation, before any transpose is.</summary>
    private static void CheckProduct(in ReadOnlyTensorSpan<float> a, in ReadOnlyTensorSpan<float> b, in TensorSpan<float> c)
    {
        if (a.Lengths[1] == b.Lengths[0] && a.Lengths[0] == c.Lengths[0] && b.Lengths[1] == c.Lengths[1]) return;
        throw new ArgumentException(
            $"a is [{a.Lengths[0]} × {a.Lengths[1]}], b [{b.Lengths[0]} × {b.Lengths[1]}] and c [{c.Lengths[0]} × {c.Lengths[1]}]; expected [m × k], [k × n] and [m × n].", nameof(a));
    }
}
