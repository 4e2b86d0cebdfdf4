using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// The curvature of a least-squares problem: the largest bounds the learning rate of gradient descent on it, the ratio of the largest to the smallest the iterations of PCG.
/// </summary>
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
        using var hessian = new HessianProduct(problem);
        double largest = 0;
        for (int k = 0; k < iterations; k++)
        {
            double norm = Math.Sqrt(kernels.Dot(v.Block, v.Block));
            kernels.Axpby(0f, v.Block, (float)(1 / norm), v.Block);
            hessian.Apply(v.Block, curved.Block, cancellation);
            if (preconditioner is null) kernels.Copy(curved.Block, next.Block);
            else preconditioner.Apply(curved.Block, next.Block);
            double energy = kernels.Dot(v.Block, curved.Block);
            if (!(energy > 0)) return 0;
            largest = kernels.Dot(curved.Block, next.Block) / energy;
            kernels.Copy(next.Block, v.Block);
        }
        return largest;
    }

    /// <summary>
    /// Largest and smallest eigenvalue of <c>P⁻¹H</c> (of H without preconditioner) and their ratio κ, by Lanczos with full reorthogonalisation. A Ritz value lies between
    /// the true ends: λ_max from below, λ_min from above, so κ from below. PCG lowers its error by <c>(√κ − 1)/(√κ + 1)</c> an iteration, or faster.
    /// </summary>
    /// <remarks>
    /// λ_max settles after some ten iterations; λ_min takes about √κ of them. Vectors are fp32 and their products fp64: a λ_min below about 1e-6 of λ_max is not seen.
    /// Each iteration keeps a vector of all parameters, two with a preconditioner.
    /// </remarks>
    /// <param name="problem">Not changed; its targets do not matter.</param>
    /// <param name="preconditioner">P; none is the identity.</param>
    /// <param name="iterations">Each costs as much as one of PCG.</param>
    /// <param name="seed">Of the random start.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">The preconditioner belongs to another network.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="iterations"/> is not positive.</exception>
    /// <exception cref="ArithmeticException">A product is not finite.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ConditionEstimate ConditionNumber(
        LinearQuadraticProblem problem,
        Preconditioner? preconditioner = null,
        int iterations = 30,
        int seed = 0,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(problem);
        problem.Expect(preconditioner);
        Check.Positive(iterations);
        using var lanczos = new Lanczos(problem, preconditioner);
        double[] values = lanczos.RitzValues(iterations, seed, cancellation);
        return new ConditionEstimate(values[^1], values[0], values.Length);
    }
}
