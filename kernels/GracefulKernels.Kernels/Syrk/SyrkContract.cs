namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>
    /// Lower triangle (diagonal included) of <c>C[n × n] = alpha·AᵀA + beta·C</c>, A stored [k × n] (<paramref name="transpose"/> true), or
    /// <c>alpha·AAᵀ + beta·C</c>, A stored [n × k]. The strict upper triangle is neither read nor written; beta = 0 never reads C.
    /// </summary>
    void Syrk(bool transpose, int n, int k, float alpha, Block<float> a, int lda, float beta, Block<float> c, int ldc);

    /// <summary>
    /// Adds <c>Σ āāᵀ</c> over the rows a of <paramref name="x"/> [rows × features] to <paramref name="sum"/>, fp64 [d × d], both
    /// triangles. With <paramref name="homogeneous"/>, ā = (a, 1) and d = features + 1; else ā = a. Products accumulate in fp32 over
    /// stretches of fixed length, the stretches in fp64.
    /// </summary>
    void Covariance(int rows, int features, Block<float> x, bool homogeneous, Block<double> sum);

    /// <summary>
    /// Adds <c>X·Yᵀ</c> to <paramref name="sum"/>, fp64 [m × n] with rows <paramref name="ldSum"/> apart: X is [m × k], Y [n × k], rows <paramref name="ldX"/> and
    /// <paramref name="ldY"/> apart; they may be the same. Products accumulate in fp32 over stretches of 512 inner steps, the stretches in fp64.
    /// </summary>
    void GramProduct(int m, int n, int k, Block<float> x, int ldX, Block<float> y, int ldY, Block<double> sum, int ldSum);
}
