namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>
    /// potrf: the lower factor L of the symmetric A = L·Lᵀ, fp64 [n × n] row-major, in place; only the lower triangle is read and written.
    /// Returns −1, or the first column whose pivot is not positive (then A is spoilt).
    /// </summary>
    int CholeskyFactor(int n, Block<double> a, int lda);

    /// <summary>potri: from the factor L (lower triangle) the inverse of A, both triangles, in place.</summary>
    void CholeskyInverse(int n, Block<double> a, int lda);

    /// <summary>
    /// potrf of <paramref name="count"/> matrices of one order, the first elements <paramref name="stride"/> apart: each as by
    /// <see cref="CholeskyFactor"/>, bit for bit. For each matrix <paramref name="pivots"/> receives −1, or the first bad column; one that fails
    /// keeps no other from its factor.
    /// </summary>
    void CholeskyFactorBatch(int count, int n, Block<double> a, int lda, long stride, Block<int> pivots);

    /// <summary>potri of <paramref name="count"/> factors of one order, as by <see cref="CholeskyInverse"/>.</summary>
    void CholeskyInverseBatch(int count, int n, Block<double> a, int lda, long stride);

    /// <summary>potrs: solves A·X = B from the factor L, B [n × columns] row-major in place.</summary>
    void CholeskySolve(int n, Block<double> a, int lda, int columns, Block<double> b, int ldb);
}
