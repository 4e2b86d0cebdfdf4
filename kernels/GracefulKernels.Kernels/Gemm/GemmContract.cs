namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>
    /// <c>C = epilogue(alpha·op(A)·op(B) + beta·C)</c>. With beta = 0, C is never read. K = 0 leaves the epilogue of <c>beta·C</c>.
    /// C overlaps nothing else.
    /// </summary>
    void Gemm(in GemmShape shape, float alpha, Block<float> a, Block<float> b, float beta, Block<float> c, in Epilogue epilogue);

    /// <summary>
    /// <c>C = epilogue(op(A₁)·op(B₁) + op(A₂)·op(B₂) + beta·C)</c> as one product over the doubled inner dimension: the JVP of a linear
    /// layer, <c>[ȧ | a]·[W | dW]ᵀ</c>. Both products have <paramref name="shape"/>.
    /// </summary>
    void GemmPair(
        in GemmShape shape,
        Block<float> a1,
        Block<float> b1,
        Block<float> a2,
        Block<float> b2,
        float beta,
        Block<float> c,
        in Epilogue epilogue);
}
