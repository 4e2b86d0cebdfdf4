namespace GracefulKernels.Kernels;

/// <summary>One operation on each of several matrices of one order.</summary>
internal interface IMatrixJob
{
    /// <summary>Runs on matrix number <paramref name="index"/>. Inside a job of a batch it gets no other thread; else it may use all.</summary>
    void Execute(int index);

    /// <summary>Fused multiply-adds for one matrix.</summary>
    long Work { get; }
}

/// <summary>
/// Matrices of one order over threads: one each, which leaves nobody waiting for a panel. A few that are left over go one after another with
/// all threads inside, where those get through them sooner: threads inside one matrix are worth about half as many.
/// </summary>
internal static class CholeskyBatch
{
    /// <summary>Columns of a panel: an order of one panel has nothing to share.</summary>
    private const int Panel = DoubleTile<DoubleRegisterScalar>.Depth;

    public static void Run<TMatrix>(Workers workers, int count, int n, ref TMatrix matrix) where TMatrix : struct, IMatrixJob
    {
        int left = count % workers.Count;
        if (2 * left > workers.Count || n <= Panel) left = 0;
        var job = new Job<TMatrix> { Matrix = matrix };
        workers.Run(count - left, ref job, (count - left) * matrix.Work);
        for (int i = count - left; i < count; i++) matrix.Execute(i);
    }

    private struct Job<TMatrix> : IJob where TMatrix : struct, IMatrixJob
    {
        public TMatrix Matrix;

        public void Execute(int chunk) => Matrix.Execute(chunk);
    }
}
