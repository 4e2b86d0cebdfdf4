using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>OpenBLAS: products, Cholesky, eigenvectors, vectors; with TensorPrimitives also searches.</summary>
internal sealed unsafe class OpenBlasPeer : IPeer
{
    public OpenBlasPeer()
    {
        string? asked = Environment.GetEnvironmentVariable("OPENBLAS_CORETYPE");
        Name = string.IsNullOrEmpty(asked) ? "openblas" : $"openblas-{asked.ToLowerInvariant()}";
        if (!OpenBlas.IsHere) Absence = "no libopenblas (Debian: libopenblas0-pthread)";
        // OpenBLAS ignores a name that it does not know.
        else if (!string.IsNullOrEmpty(asked) && !OpenBlas.CoreName.Equals(asked, StringComparison.OrdinalIgnoreCase))
        {
            Absence = $"OPENBLAS_CORETYPE={asked} did not take, the core is {OpenBlas.CoreName}";
        }
    }

    public string Name { get; }

    public string? Absence { get; }

    public PeerCall? Prepare(BenchCase bench, Operands ours, int threads)
    {
        OpenBlas.SetThreads(threads);
        return (bench.Kernel, bench.Parameters) switch
        {
            (_, GemmShape shape) => Gemm(shape, ours),
            (_, SyrkShape shape) => Syrk(shape, ours),
            (_, KroneckerShape shape) => Kronecker(shape, ours),
            // The list of a query is kept in order: only for a few.
            (_, TopKShape { K: <= 128 } shape) => Search(shape, ours, threads),
            ("cholesky-factor", int n) => Factor(ours, n),
            ("cholesky-inverse", int n) => Inverse(ours, n),
            (_, CholeskyBatchShape shape) => Batch(ours, shape),
            ("eigen-symmetric", int n) => Eigen(ours, 1, n),
            (_, EigenBatchShape shape) => Eigen(ours, shape.Count, shape.N),
            (_, LinearLossShape shape) => LinearLoss(shape, ours, threads),
            ("vector-axpy", int n) => Axpy(n, ours),
            ("vector-dot", int n) => Dot(n, ours),
            ("vector-norm", int n) => Norm(n, ours),
            _ => null,
        };
    }

    private static PeerCall Gemm(GemmShape s, Operands ours)
    {
        float* a = ours.Inputs[0].Pointer, b = ours.Inputs[1].Pointer;
        Operands own = new(ours.Kernels);
        Block<float> c = own.Output((long)s.M * s.N);
        return new PeerCall
        {
            Run = () => OpenBlas.Sgemm(
                OpenBlas.RowMajor,
                s.TransposeA ? OpenBlas.Transpose : OpenBlas.NoTranspose,
                s.TransposeB ? OpenBlas.Transpose : OpenBlas.NoTranspose,
                s.M, s.N, s.K, 1, a, s.LdA, b, s.LdB, 0, c.Pointer, s.LdC),
            Difference = () => Difference.Of(ours.Outputs[0], c),
        }.Owns(own);
    }

    private static PeerCall Syrk(SyrkShape s, Operands ours)
    {
        float* x = ours.Inputs[0].Pointer;
        Operands own = new(ours.Kernels);
        // Equal above the diagonal, where neither writes.
        Block<float> c = own.Allocate<float>((long)s.Columns * s.Columns);
        ours.Inputs[1].Span.CopyTo(c.Span);
        return new PeerCall
        {
            Run = () => OpenBlas.Ssyrk(
                OpenBlas.RowMajor, OpenBlas.Lower, OpenBlas.Transpose, s.Columns, s.Rows, 1, x, s.Columns, 0, c.Pointer, s.Columns),
            Difference = () => Difference.Of(ours.Inputs[1], c),
        }.Owns(own);
    }

    private static PeerCall Kronecker(KroneckerShape s, Operands ours)
    {
        float* left = ours.Inputs[0].Pointer, right = ours.Inputs[1].Pointer, v = ours.Inputs[2].Pointer;
        Operands own = new(ours.Kernels);
        Block<float> workspace = own.Allocate<float>((long)s.Rows * s.Columns), y = own.Output((long)s.Rows * s.Columns);
        return new PeerCall
        {
            Run = () =>
            {
                OpenBlas.Sgemm(
                    OpenBlas.RowMajor, OpenBlas.NoTranspose, OpenBlas.NoTranspose,
                    s.Rows, s.Columns, s.Rows, 1, left, s.Rows, v, s.Columns, 0, workspace.Pointer, s.Columns);
                OpenBlas.Sgemm(
                    OpenBlas.RowMajor, OpenBlas.NoTranspose, OpenBlas.NoTranspose,
                    s.Rows, s.Columns, s.Columns, 1, workspace.Pointer, s.Columns, right, s.Columns, 0, y.Pointer, s.Columns);
            },
            Difference = () => Difference.Of(ours.Outputs[0], y),
        }.Owns(own);
    }

    private static PeerCall LinearLoss(LinearLossShape s, Operands ours, int threads)
    {
        float* e = ours.Inputs[0].Pointer, w = ours.Inputs[1].Pointer;
        Operands own = new(ours.Kernels);
        Block<int> labels = own.Labels(s.Rows, s.Classes);
        Block<float> z = own.Allocate<float>((long)s.Rows * s.Classes), db = own.Output(s.Classes);
        Block<float> de = own.Output((long)s.Rows * s.Features), dw = own.Output((long)s.Classes * s.Features);
        ComposedSoftmax softmax = new(s, z, ours.Inputs[2], labels, threads);
        return new PeerCall
        {
            Run = () =>
            {
                OpenBlas.Sgemm(
                    OpenBlas.RowMajor, OpenBlas.NoTranspose, OpenBlas.Transpose,
                    s.Rows, s.Classes, s.Features, 1, e, s.Features, w, s.Features, 0, z.Pointer, s.Classes);
                softmax.Run(db);
                OpenBlas.Sgemm(
                    OpenBlas.RowMajor, OpenBlas.NoTranspose, OpenBlas.NoTranspose,
                    s.Rows, s.Features, s.Classes, 1, z.Pointer, s.Classes, w, s.Features, 0, de.Pointer, s.Features);
                OpenBlas.Sgemm(
                    OpenBlas.RowMajor, OpenBlas.Transpose, OpenBlas.NoTranspose,
                    s.Classes, s.Features, s.Rows, 1, z.Pointer, s.Classes, e, s.Features, 0, dw.Pointer, s.Features);
            },
            Difference = () => Math.Max(
                Math.Max(Difference.Of(ours.Outputs[0], de), Difference.Of(ours.Outputs[1], dw)),
                Math.Max(Difference.Of(ours.Outputs[2], db), Math.Abs(softmax.Loss - ours.Returned) / ours.Returned)),
        }.Owns(own);
    }

    private static PeerCall Search(TopKShape s, Operands ours, int threads)
    {
        Operands own = new(ours.Kernels);
        Block<float> scores = own.Output((long)s.Queries * s.K);
        return new PeerCall { Run = new ComposedSearch(s, ours, scores, threads).Search, Difference = () => Difference.Of(ours.Outputs[0], scores) }.Owns(own);
    }

    private static PeerCall Factor(Operands ours, int n)
    {
        Operands own = new(ours.Kernels);
        Block<double> original = own.Allocate<double>((long)n * n), a = own.Allocate<double>((long)n * n);
        CholeskyCases.FillPositiveDefinite(original, n);
        return new PeerCall { Run = () => OpenBlas.Dpotrf(n, a.Pointer), Reset = () => original.Span.CopyTo(a.Span) }.Owns(own);
    }

    private static PeerCall Inverse(Operands ours, int n)
    {
        Operands own = new(ours.Kernels);
        Block<double> factor = own.Allocate<double>((long)n * n), a = own.Allocate<double>((long)n * n);
        CholeskyCases.FillPositiveDefinite(factor, n);
        OpenBlas.Dpotrf(n, factor.Pointer);
        return new PeerCall { Run = () => OpenBlas.Dpotri(n, a.Pointer), Reset = () => factor.Span.CopyTo(a.Span) }.Owns(own);
    }

    private static PeerCall Batch(Operands ours, CholeskyBatchShape s)
    {
        Operands own = new(ours.Kernels);
        long length = (long)s.N * s.N;
        Block<double> original = own.Allocate<double>(s.Count * length), a = own.Allocate<double>(s.Count * length);
        for (int i = 0; i < s.Count; i++) CholeskyCases.FillPositiveDefinite(original.Slice(i * length, length), s.N);
        return new PeerCall
        {
            Run = () =>
            {
                for (int i = 0; i < s.Count; i++)
                {
                    OpenBlas.Dpotrf(s.N, a.Pointer + (i * length));
                    OpenBlas.Dpotri(s.N, a.Pointer + (i * length));
                }
            },
            Reset = () => original.Span.CopyTo(a.Span),
        }.Owns(own);
    }

    private static PeerCall Eigen(Operands ours, int count, int n)
    {
        Operands own = new(ours.Kernels);
        long length = (long)n * n;
        // What LAPACK asks for to do all of it in blocks.
        int words = 1 + (6 * n) + (2 * n * n), integers = 3 + (5 * n);
        Block<double> original = own.Allocate<double>(count * length), a = own.Allocate<double>(count * length);
        Block<double> values = own.Allocate<double>((long)count * n), work = own.Allocate<double>(words);
        Block<int> integerWork = own.Allocate<int>(integers);
        RandomData.Fill(original, -1, 1);
        return new PeerCall
        {
            Run = () =>
            {
                for (int i = 0; i < count; i++)
                {
                    OpenBlas.Dsyevd(n, a.Pointer + (i * length), values.Pointer + ((long)i * n), work.Pointer, words, integerWork.Pointer, integers);
                }
            },
            Reset = () => original.Span.CopyTo(a.Span),
        }.Owns(own);
    }

    private static PeerCall Axpy(int n, Operands ours)
    {
        float* x = ours.Inputs[0].Pointer;
        Operands own = new(ours.Kernels);
        Block<float> y = own.Input(n);
        return new PeerCall { Run = () => OpenBlas.Saxpy(n, 1e-3f, x, 1, y.Pointer, 1) }.Owns(own);
    }

    private static PeerCall Dot(int n, Operands ours)
    {
        float* x = ours.Inputs[0].Pointer, y = ours.Inputs[1].Pointer;
        float result = 0;
        return new PeerCall { Run = () => result = OpenBlas.Sdot(n, x, 1, y, 1), Difference = () => Scalar(ours.Returned, result, n) };
    }

    private static PeerCall Norm(int n, Operands ours)
    {
        float* x = ours.Inputs[0].Pointer;
        float result = 0;
        return new PeerCall { Run = () => result = OpenBlas.Snrm2(n, x, 1), Difference = () => Scalar(ours.Returned, result, ours.Returned) };
    }

    private static double Scalar(double ours, double theirs, double scale) => Math.Abs(ours - theirs) / Math.Abs(scale);
}
