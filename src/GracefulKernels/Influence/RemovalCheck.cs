namespace GracefulKernels;

/// <summary>Judges a removal by the gradient of the problem without the samples.</summary>
internal static class RemovalCheck
{
    /// <exception cref="OperationCanceledException">Cancelled; <paramref name="after"/> has been disposed.</exception>
    public static Removal Of(
        LinearizedNetwork network, Targets targets, double lambda, int[] removed, ParameterVector before, ParameterVector after, RemovalMethod method, CancellationToken cancellation)
    {
        try
        {
            using var reduced = new LinearQuadraticProblem(network, targets.WithWeights(SampleGroups.WeightsWithout(targets, removed)), lambda);
            using var zero = new ParameterVector(before.Layout, before.Device);
            double start = Norm(zero);
            using ParameterVector change = after.Clone();
            network.Kernels.Axpby(-1f, before.Block, 1f, change.Block);
            GC.KeepAlive(before);
            return new Removal(removed, after, Relative(Norm(after)), Relative(Norm(before)), change.Norm(), method);

            double Norm(ParameterVector d)
            {
                using ParameterVector gradient = reduced.Gradient(d, cancellation);
                return gradient.Norm();
            }

            double Relative(double norm) => norm == 0 ? 0 : norm / start;
        }
        catch
        {
            after.Dispose();
            throw;
        }
    }
}
