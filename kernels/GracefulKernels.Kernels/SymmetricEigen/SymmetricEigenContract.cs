namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>
    /// syevd: eigenvalues and eigenvectors of the symmetric A, fp64 [n × n] row-major and contiguous; only the lower triangle is read.
    /// <c>A = Vᵀ·diag(values)·V</c>: values [n] ascend, row k of V, which takes the place of A, is the unit eigenvector of values[k]; of its
    /// elements the one of largest magnitude (the first of them) is positive.
    /// </summary>
    /// <remarks>
    /// Equal and clustered values are allowed: their rows are some orthonormal basis. A is scaled by a power of two, so that no finite A overflows on
    /// the way; a value beyond fp64 is infinite. With a NaN or an infinity in the lower triangle all values and all of V are NaN.
    /// </remarks>
    void SymmetricEigen(int n, Block<double> a, Block<double> values);

    /// <summary>
    /// syevd of <paramref name="count"/> matrices of one order, the first elements <paramref name="stride"/> (at least n²) apart: each as by
    /// <see cref="SymmetricEigen"/>, bit for bit. Values are [count × n], contiguous.
    /// </summary>
    void SymmetricEigenBatch(int count, int n, Block<double> a, long stride, Block<double> values);
}
