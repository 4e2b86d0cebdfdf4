using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The largest curvature of a least-squares problem, which bounds the learning rate of gradient descent on it.</summary>
public static class Spectrum
{
    /// <summary>
    /// The largest eigenvalue of <c>P⁻¹H</c> (of H without preconditioner) by power iteration, from below: the Rayleigh quotient <c>⟨Hv, P⁻¹Hv⟩ / ⟨v, Hv⟩</c> of the
    /// last step. Full-batch gradient descent with momentum μ is stable for <c>η &lt; 2(1 + μ)/λ_max</c> (Polyak 1964); batches want less, 1/λ_max is a good start.
    /// </summary>
    /// <param name="problem">Not changed; its targets do not matter.</param>
    /// <param name="preconditioner">P; none is the identity.</param>
    /// <param name="iterations">Each costs as much as one of PCG.</param>
    /// <param name="seed">Of the random start.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <returns>λ_max; 0 for H = 0.</returns>
    /// <exception cref="ArgumentException">The preconditioner belongs to another network.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="iterations"/> is not positive.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static double LargestEigenvalue(
        LinearQuadraticProblem problem,
        Preconditioner? preconditioner = null,
        int iterations = 10,
        int seed = 0,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(problem);
        problem.Expect(preconditioner);
        Check.Positive(iterations);
        LinearizedNetwork network = problem.Network;
        IKernels kernels = problem.Kernels;
        var random = new CounterRandom((ulong)seed);
        float[] start = new float[network.Network.Parameters.Count];
        for (int i = 0; i < start.Length; i++) start[i] = (float)random.Normal((ulong)i);
        using var v = ParameterVector.FromArray(network.Network.Parameters, network.Network.Device, start);
        using var curved = new DeviceFloats(kernels, v.Block.Length);
        using var next = new DeviceFloats(kernels, v.Block.Length);
        using var image = new DeviceFloats(kernels, problem.TargetBlock.Length);
        using var seeds = new DeviceFloats(kernels, problem.TargetBlock.Length);
        using var zeros = new DeviceFloats(kernels, problem.TargetBlock.Length);
        double largest = 0;
        for (int k = 0; k < iterations; k++)
        {
            double norm = Math.Sqrt(kernels.Dot(v.Block, v.Block));
            kernels.Axpby(0f, v.Block, (float)(1 / norm), v.Block);
            network.Jvp(v.Block, image.Block, cancellation);
            // The gradient of ½‖Jv‖² in the problem's own weights and mean: s∘Jv/n.
            _ = kernels.WeightedSquaredLoss(
                network.Samples, network.Outputs, image.Block, zeros.Block, problem.WeightBlock, 1f / network.Samples, seeds.Block);
            problem.Gradient(seeds.Block, v.Block, curved.Block, cancellation);
            if (preconditioner is null) kernels.Copy(curved.Block, next.Block);
            else preconditioner.Apply(curved.Block, next.Block);
            double energy = kernels.Dot(v.Block, curved.Block);
            if (!(energy > 0)) return 0;
            largest = kernels.Dot(curved.Block, next.Block) / energy;
            kernels.Copy(next.Block, v.Block);
        }
        return largest;
    }
}
