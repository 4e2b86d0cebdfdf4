using System.Diagnostics;
using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>How PCG runs.</summary>
public sealed record PcgOptions
{
    /// <summary>Stops when ‖∇L(d)‖ ≤ Tolerance·‖∇L(0)‖: the plain norm, so that runs with and without preconditioner stop at the same accuracy.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Stops, not converged, after so many iterations: each is one JVP sweep and one VJP sweep.</summary>
    public int MaxIterations { get; init; } = 200;

    /// <summary>The outputs f0 + Jd are updated along the search direction, and evaluated anew every so many iterations against drift.</summary>
    public int RefreshInterval { get; init; } = 50;

    /// <summary>Where to start; d = 0 where none is given. Not changed.</summary>
    public ParameterVector? Start { get; init; }

    internal void Validate(string name)
    {
        _ = Check.NonNegative(Tolerance, name);
        if (MaxIterations < 0) throw new ArgumentOutOfRangeException(name, MaxIterations, $"MaxIterations is {MaxIterations}; expected at least 0.");
        if (RefreshInterval < 1) throw new ArgumentOutOfRangeException(name, RefreshInterval, $"RefreshInterval is {RefreshInterval}; expected at least 1.");
    }
}

/// <summary>
/// Preconditioned conjugate gradients in the least-squares form (CGLS: Björck 1996, §7.4): the residual lives in the space of outputs, where it is
/// updated by <c>f ← f + αJp</c>, so the gradient is always the VJP of a true residual and its error does not build up. Exact line search; dot products in fp64.
/// </summary>
public static class Pcg
{
    /// <summary>Solves <paramref name="problem"/>.</summary>
    /// <param name="problem">Not changed.</param>
    /// <param name="options">Tolerance and budget.</param>
    /// <param name="preconditioner">Fixed and positive definite; none is the identity.</param>
    /// <param name="progress">After each iteration, and once at the start.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">Start or preconditioner belong to another network.</exception>
    /// <exception cref="ArithmeticException">A step's curvature is not positive and finite.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; problem and start are as before.</exception>
    public static SolverResult Solve(
        LinearQuadraticProblem problem,
        PcgOptions? options = null,
        KroneckerPreconditioner? preconditioner = null,
        IProgress<SolverProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(problem);
        options ??= new PcgOptions();
        options.Validate(nameof(options));
        problem.Expect(preconditioner);
        if (options.Start is not null) problem.Expect(options.Start);
        var clock = Stopwatch.StartNew();
        LinearizedNetwork network = problem.Network;
        IKernels kernels = problem.Kernels;
        long parameters = network.Network.Parameters.DeviceLength, outputs = problem.TargetBlock.Length;
        ParameterVector d = options.Start?.Clone() ?? new ParameterVector(network.Network.Parameters, network.Network.Device);
        using var gradient = new DeviceFloats(kernels, parameters);
        using DeviceFloats? preconditioned = preconditioner is null ? null : new DeviceFloats(kernels, parameters);
        using var direction = new DeviceFloats(kernels, parameters);
        using var fitted = new DeviceFloats(kernels, outputs);
        using var image = new DeviceFloats(kernels, outputs);
        using var seeds = new DeviceFloats(kernels, outputs);
        using var zeros = new DeviceFloats(kernels, outputs);
        var history = new List<SolverProgress>();
        try
        {
            double first = ReferenceNorm();
            Evaluate(0);
            double rho = 0;
            int iteration = 0;
            while (history[^1].RelativeGradient > options.Tolerance && iteration < options.MaxIterations)
            {
                iteration++;
                rho = Descend(rho);
                network.Jvp(direction.Block, image.Block, cancellation);
                double curvature = Curvature();
                double step = rho / curvature;
                if (!(curvature > 0) || !double.IsFinite(step))
                {
                    throw new ArithmeticException($"PCG broke down in iteration {iteration}: curvature {curvature:G4} along the search direction, λ = {problem.Lambda:R}.");
                }
                kernels.Axpby((float)step, direction.Block, 1f, d.Block);
                if (iteration % options.RefreshInterval == 0) problem.Outputs(d.Block, fitted.Block, cancellation);
                else kernels.Axpby((float)step, image.Block, 1f, fitted.Block);
                Evaluate(iteration);
            }
            return new SolverResult(d, history[^1].RelativeGradient <= options.Tolerance, iteration, history, clock.Elapsed);

            // ‖∇L(0)‖, with the outputs at the start left in place.
            double ReferenceNorm()
            {
                kernels.Copy(network.F0Block, fitted.Block);
                if (options.Start is null) return double.NaN;
                _ = problem.DataLoss(fitted.Block, seeds.Block);
                network.Vjp(seeds.Block, gradient.Block, cancellation);
                problem.Outputs(d.Block, fitted.Block, cancellation);
                return Math.Sqrt(kernels.Dot(gradient.Block, gradient.Block));
            }

            void Evaluate(int at)
            {
                double loss = problem.DataLoss(fitted.Block, seeds.Block) + problem.Penalty(d.Block);
                problem.Gradient(seeds.Block, d.Block, gradient.Block, cancellation);
                double norm = Math.Sqrt(kernels.Dot(gradient.Block, gradient.Block));
                if (double.IsNaN(first)) first = norm;
                history.Add(new SolverProgress(at, loss, norm == 0 ? 0 : norm / first, clock.Elapsed));
                progress?.Report(history[^1]);
            }

            // (1/n) Σ s (Jp)² + λ‖p‖².
            double Curvature() => (2 * kernels.WeightedSquaredLoss(
                    network.Samples, network.Outputs, image.Block, zeros.Block, problem.WeightBlock, 0f, default) / network.Samples)
                + (2 * problem.Penalty(direction.Block));

            // The next direction −z + (ρ'/ρ) p with z = P⁻¹g; returns ρ' = ⟨g, z⟩.
            double Descend(double previous)
            {
                Block<float> z = gradient.Block;
                if (preconditioner is not null) preconditioner.Apply(gradient.Block, z = preconditioned!.Block);
                double now = kernels.Dot(gradient.Block, z);
                kernels.Axpby(-1f, z, previous == 0 ? 0f : (float)(now / previous), direction.Block);
                return now;
            }
        }
        catch
        {
            d.Dispose();
            throw;
        }
    }
}
