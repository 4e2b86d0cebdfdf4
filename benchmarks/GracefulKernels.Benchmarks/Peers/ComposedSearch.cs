using System.Numerics.Tensors;
using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>
/// A search as it is composed of libraries: a block of queries' scores by a product of OpenBLAS, then for each query the largest score of every run of
/// scores by TensorPrimitives, and a look at the runs that hold one better than the k-th so far.
/// </summary>
internal sealed unsafe class ComposedSearch(TopKShape shape, Operands ours, Block<float> scores, int threads)
{
    /// <summary>Queries at a time: their scores with 100,000 items are 25 MB.</summary>
    private const int QueriesPerBlock = 64;

    private const int Run = 1024;

    private readonly float[] _block = GC.AllocateUninitializedArray<float>(QueriesPerBlock * shape.Gallery, pinned: true);
    private readonly int[] _indices = new int[shape.Queries * shape.K];

    public void Search()
    {
        float* q = ours.Inputs[0].Pointer, x = ours.Inputs[1].Pointer;
        for (int first = 0; first < shape.Queries; first += QueriesPerBlock)
        {
            int start = first, count = Math.Min(QueriesPerBlock, shape.Queries - first);
            fixed (float* to = _block)
            {
                OpenBlas.Sgemm(
                    OpenBlas.RowMajor, OpenBlas.NoTranspose, OpenBlas.Transpose,
                    count, shape.Gallery, shape.Width, 1, q + ((long)first * shape.Width), shape.Width, x, shape.Width, 0, to, shape.Gallery);
            }
            if (threads == 1)
            {
                for (int r = 0; r < count; r++) Select(r, start + r);
            }
            else
            {
                Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, r => Select(r, start + r));
            }
        }
    }

    /// <summary>The best k in falling order; equal scores stay in the order of their indices.</summary>
    private void Select(int row, int query)
    {
        ReadOnlySpan<float> all = _block.AsSpan(row * shape.Gallery, shape.Gallery);
        Span<float> best = new(scores.Pointer + ((long)query * shape.K), shape.K);
        Span<int> indices = _indices.AsSpan(query * shape.K, shape.K);
        best.Fill(float.NegativeInfinity);
        for (int from = 0; from < all.Length; from += Run)
        {
            ReadOnlySpan<float> run = all.Slice(from, Math.Min(Run, all.Length - from));
            if (!(TensorPrimitives.Max(run) > best[^1])) continue;
            for (int i = 0; i < run.Length; i++)
            {
                float score = run[i];
                if (!(score > best[^1])) continue;
                int at = shape.K - 1;
                for (; at > 0 && best[at - 1] < score; at--) (best[at], indices[at]) = (best[at - 1], indices[at - 1]);
                (best[at], indices[at]) = (score, from + i);
            }
        }
    }
}
