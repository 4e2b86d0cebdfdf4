using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Dense linear algebra on row-major matrices in spans: products in fp32, Cholesky and eigenvectors in fp64. Names and arguments are those of BLAS and LAPACK.
/// </summary>
/// <remarks>
/// A matrix [r × c] with leading dimension ld has element (i, j) at <c>i·ld + j</c>; its span may be longer. Results are the same bits on every
/// instruction set and for any number of threads. With β = 0 the output is never read. Everything is checked before memory is written.
/// </remarks>
public static unsafe partial class DenseLinearAlgebra
{
    /// <summary><c>C = α·op(A)·op(B) + β·C</c> in fp32.</summary>
    /// <remarks>Each element errs by at most <c>γ_k·|α|·Σ|a·b|</c> plus the rounding of the sum, <c>γ_k = k·u/(1 − k·u)</c>, u = 2⁻²⁴.</remarks>
    /// <param name="transposeA">op(A) = Aᵀ: then A is stored [k × m].</param>
    /// <param name="transposeB">op(B) = Bᵀ: then B is stored [n × k].</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Inner dimension; 0 leaves β·C.</param>
    /// <param name="alpha">α.</param>
    /// <param name="a">A [m × k], or [k × m].</param>
    /// <param name="lda">Elements from a stored row of A to the next.</param>
    /// <param name="b">B [k × n], or [n × k].</param>
    /// <param name="ldb">Elements from a stored row of B to the next.</param>
    /// <param name="beta">β.</param>
    /// <param name="c">C [m × n]; overlaps neither A nor B. What lies between its rows is left alone.</param>
    /// <param name="ldc">Elements from a row of C to the next.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or a leading dimension is smaller than a row.</exception>
    /// <exception cref="ArgumentException">A span is too short for its matrix, or C overlaps an operand.</exception>
    public static void Gemm(
        bool transposeA,
        bool transposeB,
        int m,
        int n,
        int k,
        float alpha,
        ReadOnlySpan<float> a,
        int lda,
        ReadOnlySpan<float> b,
        int ldb,
        float beta,
        Span<float> c,
        int ldc,
        ComputeDevice? device = null)
    {
        Check.Size(m, nameof(m));
        Check.Size(n, nameof(n));
        Check.Size(k, nameof(k));
        fixed (float* pa = a, pb = b, pc = c)
        {
            Gemm(
                transposeA,
                transposeB,
                alpha,
                MatrixView<float>.Of(pa, a.Length, transposeA ? k : m, transposeA ? m : k, lda, nameof(a), nameof(lda)),
                MatrixView<float>.Of(pb, b.Length, transposeB ? n : k, transposeB ? k : n, ldb, nameof(b), nameof(ldb)),
                beta,
                MatrixView<float>.Of(pc, c.Length, m, n, ldc, nameof(c), nameof(ldc)),
                device);
        }
    }

    /// <summary>The same over anyone's memory, with all checks: what every public entry comes to. Sizes are those of <paramref name="a"/> as stored and of <paramref name="c"/>.</summary>
    internal static void Gemm(
        bool transposeA, bool transposeB, float alpha, MatrixView<float> a, MatrixView<float> b, float beta, MatrixView<float> c, ComputeDevice? device)
    {
        long m = c.Rows, n = c.Columns, k = transposeA ? a.Rows : a.Columns;
        Check.Shape(a, transposeA ? k : m, transposeA ? m : k, nameof(a), transposeA ? "k × m, for op(A) = Aᵀ" : "m × k");
        Check.Shape(b, transposeB ? n : k, transposeB ? k : n, nameof(b), transposeB ? "n × k, for op(B) = Bᵀ" : "k × n");
        Check.KernelSizes(c, nameof(c));
        Check.Apart(c.Extent, a.Extent, nameof(c), nameof(a));
        Check.Apart(c.Extent, b.Extent, nameof(c), nameof(b));
        var shape = new GemmShape((int)m, (int)n, (int)k, transposeA, transposeB, (int)a.Ld, (int)b.Ld, (int)c.Ld);
        Kernels(device).Gemm(shape, alpha, a.Data, b.Data, beta, c.Data, default);
    }

    /// <summary>The lower triangle of <c>C = α·AᵀA + β·C</c> or <c>C = α·AAᵀ + β·C</c> in fp32.</summary>
    /// <remarks>The strict upper triangle is neither read nor written. The error bound is that of <see cref="Gemm(bool, bool, int, int, int, float, ReadOnlySpan{float}, int, ReadOnlySpan{float}, int, float, Span{float}, int, ComputeDevice?)"/>.</remarks>
    /// <param name="transpose">True for AᵀA with A [k × n], false for AAᵀ with A [n × k].</param>
    /// <param name="n">Order of C.</param>
    /// <param name="k">Inner dimension; 0 leaves β·C.</param>
    /// <param name="alpha">α.</param>
    /// <param name="a">A, stored as <paramref name="transpose"/> says.</param>
    /// <param name="lda">Elements from a stored row of A to the next.</param>
    /// <param name="beta">β.</param>
    /// <param name="c">C [n × n]; does not overlap A.</param>
    /// <param name="ldc">Elements from a row of C to the next.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or a leading dimension is smaller than a row.</exception>
    /// <exception cref="ArgumentException">A span is too short for its matrix, or C overlaps A.</exception>
    public static void Syrk(
        bool transpose,
        int n,
        int k,
        float alpha,
        ReadOnlySpan<float> a,
        int lda,
        float beta,
        Span<float> c,
        int ldc,
        ComputeDevice? device = null)
    {
        Check.Size(n, nameof(n));
        Check.Size(k, nameof(k));
        fixed (float* pa = a, pc = c)
        {
            Syrk(
                transpose,
                alpha,
                MatrixView<float>.Of(pa, a.Length, transpose ? k : n, transpose ? n : k, lda, nameof(a), nameof(lda)),
                beta,
                MatrixView<float>.Of(pc, c.Length, n, n, ldc, nameof(c), nameof(ldc)),
                device);
        }
    }

    /// <summary>The same over anyone's memory, with all checks: what every public entry comes to.</summary>
    internal static void Syrk(bool transpose, float alpha, MatrixView<float> a, float beta, MatrixView<float> c, ComputeDevice? device)
    {
        long n = c.Rows, k = transpose ? a.Rows : a.Columns;
        Check.Shape(c, n, n, nameof(c), "a symmetric matrix");
        Check.Shape(a, transpose ? k : n, transpose ? n : k, nameof(a), transpose ? "k × n, for AᵀA" : "n × k, for AAᵀ");
        Check.Apart(c.Extent, a.Extent, nameof(c), nameof(a));
        Kernels(device).Syrk(transpose, (int)n, (int)k, alpha, a.Data, (int)a.Ld, beta, c.Data, (int)c.Ld);
    }

    /// <summary>Cholesky factorisation in fp64: the lower factor L of a symmetric positive definite <c>A = L·Lᵀ</c>, in place.</summary>
    /// <remarks>
    /// Only the lower triangle is read and written. Blocked, triangular blocks of 48 inverted: <c>|A − LLᵀ| ≤ c·n·u·√(aᵢᵢ·aⱼⱼ)</c> with
    /// u = 2⁻⁵³ and c the largest condition of such a block (Higham, Accuracy and Stability of Numerical Algorithms, theorem 10.3).
    /// </remarks>
    /// <param name="n">Order of A.</param>
    /// <param name="a">A [n × n], then L. After a failure the triangle is spoilt.</param>
    /// <param name="lda">Elements from a row to the next.</param>
    /// <param name="name">What the matrix is called in a failure; null for <c>Matrix a</c>.</param>
    /// <param name="damping">What was added to the diagonal, for the message of a failure alone.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="NotPositiveDefiniteException">A pivot is not positive and finite; it names matrix, order, pivot and damping.</exception>
    /// <exception cref="ArgumentOutOfRangeException">n is negative, or <paramref name="lda"/> is smaller than n.</exception>
    /// <exception cref="ArgumentException">The span is too short.</exception>
    public static void Potrf(int n, Span<double> a, int lda, string? name = null, double? damping = null, ComputeDevice? device = null)
    {
        Check.Size(n, nameof(n));
        Check.Matrix(a.Length, n, n, lda, nameof(a), nameof(lda));
        fixed (double* p = a)
        {
            int pivot = Kernels(device).CholeskyFactor(n, new Block<double>(p, a.Length), lda);
            if (pivot >= 0) throw new NotPositiveDefiniteException(name ?? "Matrix a", n, pivot, damping);
        }
    }

    /// <summary>From the factor L of <see cref="Potrf"/> the inverse <c>A⁻¹ = L⁻ᵀ·L⁻¹</c> in fp64, in place, both triangles.</summary>
    /// <remarks><c>‖A·X − I‖ ≤ c·n·u·κ(A)</c>, u = 2⁻⁵³ (Higham, 14.3).</remarks>
    /// <param name="n">Order of A.</param>
    /// <param name="a">L in the lower triangle [n × n], then A⁻¹. The upper triangle is not read.</param>
    /// <param name="lda">Elements from a row to the next.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">n is negative, or <paramref name="lda"/> is smaller than n.</exception>
    /// <exception cref="ArgumentException">The span is too short, or its diagonal is not that of a factor.</exception>
    public static void Potri(int n, Span<double> a, int lda, ComputeDevice? device = null)
    {
        Check.Size(n, nameof(n));
        Check.Matrix(a.Length, n, n, lda, nameof(a), nameof(lda));
        Check.Factor(a, n, lda, nameof(a));
        fixed (double* p = a) Kernels(device).CholeskyInverse(n, new Block<double>(p, a.Length), lda);
    }

    /// <summary>Solves <c>A·X = B</c> in fp64 from the factor L of <see cref="Potrf"/>, in place of B.</summary>
    /// <remarks><c>‖A·x − b‖ ≤ c·n·u·‖A‖·‖x‖</c> for each column, u = 2⁻⁵³ (Higham, theorem 10.4).</remarks>
    /// <param name="n">Order of A.</param>
    /// <param name="a">L in the lower triangle [n × n]. The upper triangle is not read.</param>
    /// <param name="lda">Elements from a row of L to the next.</param>
    /// <param name="columns">Columns of B.</param>
    /// <param name="b">B [n × columns], then X; does not overlap <paramref name="a"/>.</param>
    /// <param name="ldb">Elements from a row of B to the next.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or a leading dimension is smaller than a row.</exception>
    /// <exception cref="ArgumentException">A span is too short, B overlaps L, or L's diagonal is not that of a factor.</exception>
    public static void Potrs(int n, ReadOnlySpan<double> a, int lda, int columns, Span<double> b, int ldb, ComputeDevice? device = null)
    {
        Check.Size(n, nameof(n));
        Check.Size(columns, nameof(columns));
        Check.Matrix(a.Length, n, n, lda, nameof(a), nameof(lda));
        Check.Matrix(b.Length, n, columns, ldb, nameof(b), nameof(ldb));
        Check.Apart(b, a, nameof(b), nameof(a));
        Check.Factor(a, n, lda, nameof(a));
        fixed (double* pa = a, pb = b)
        {
            Kernels(device).CholeskySolve(n, new Block<double>(pa, a.Length), lda, columns, new Block<double>(pb, b.Length), ldb);
        }
    }

    /// <summary>
    /// Eigenvalues and eigenvectors of a symmetric matrix in fp64: <c>A = Vᵀ·diag(values)·V</c> with <c>V·Vᵀ = I</c>. On the
    /// processor Householder's tridiagonal form and divide and conquer on it (Gu and Eisenstat 1995), on a GPU cyclic Jacobi.
    /// </summary>
    /// <remarks>
    /// <c>‖A·Vᵀ − Vᵀ·diag(values)‖</c> is of the order of <c>n·u·‖A‖</c> and <c>‖V·Vᵀ − I‖</c> of <c>n·u</c>, u = 2⁻⁵³, equal and clustered values included; values
    /// that are small against ‖A‖ have that absolute error. The element of largest magnitude of each vector (the first of them) is positive. Where
    /// ‖A‖ is near the end of fp64, values beyond it are infinite.
    /// </remarks>
    /// <param name="a">A [n × n]; only the lower triangle is read.</param>
    /// <param name="n">Order of A.</param>
    /// <param name="values">[n], ascending.</param>
    /// <param name="vectors">V [n × n]: row k is the unit eigenvector of <paramref name="values"/>[k]. May be the memory of <paramref name="a"/>, all of it.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">n is negative.</exception>
    /// <exception cref="ArgumentException">A span has another length, spans overlap in part, or the lower triangle holds a NaN or an infinity.</exception>
    public static void SymmetricEigen(ReadOnlySpan<double> a, int n, Span<double> values, Span<double> vectors, ComputeDevice? device = null)
    {
        Check.Size(n, nameof(n));
        Check.Matrix(a.Length, n, n, nameof(a), "a symmetric matrix");
        Check.Length(values.Length, n, nameof(values), "one for each row of a");
        Check.Matrix(vectors.Length, n, n, nameof(vectors), "a vector a row");
        Check.Apart<double>(values, a, nameof(values), nameof(a));
        Check.Apart<double>(vectors, values, nameof(vectors), nameof(values));
        if (vectors != a) Check.Apart(vectors, a, nameof(vectors), nameof(a));
        Check.FiniteLower(a, n, nameof(a));
        a.CopyTo(vectors);
        fixed (double* pv = vectors, pw = values)
        {
            Kernels(device).SymmetricEigen(n, new Block<double>(pv, vectors.Length), new Block<double>(pw, values.Length));
        }
    }

    private static IKernels Kernels(ComputeDevice? device) => (device ?? ComputeDevice.Default).Kernels;
}
