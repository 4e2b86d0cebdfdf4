using System.Globalization;
using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Solves <c>H x = v</c> for any v by PCG, <c>H = (1/n) Jᵀ diag(s) J + λI</c>. As in <see cref="Pcg"/> the image Jx is carried along and each residual is computed from
/// it by a VJP, so errors do not build up; one iteration is a JVP and a VJP sweep.
/// </summary>
internal sealed class HessianSolver : IDisposable
{
    /// <summary>In so many iterations a solve that is not at the limit of fp32 lowers its residual.</summary>
    private const int Patience = 25;

    private const int RefreshInterval = 50;

    private readonly LinearQuadraticProblem _problem;
    private readonly Preconditioner? _preconditioner;
    private readonly SolvedProblemOptions _options;
    private readonly IKernels _kernels;
    private readonly DeviceFloats _gradient;
    private readonly DeviceFloats _lastGradient;
    private readonly DeviceFloats? _preconditioned;
    private readonly DeviceFloats _direction;
    private readonly DeviceFloats _directionImage;
    private readonly DeviceFloats _seeds;
    private readonly DeviceFloats _zeros;

    public HessianSolver(LinearQuadraticProblem problem, Preconditioner? preconditioner, SolvedProblemOptions options)
    {
        _problem = problem;
        _preconditioner = preconditioner;
        _options = options;
        _kernels = problem.Kernels;
        long parameters = problem.Network.Network.Parameters.DeviceLength, outputs = problem.TargetBlock.Length;
        _gradient = new DeviceFloats(_kernels, parameters);
        _lastGradient = new DeviceFloats(_kernels, parameters);
        _preconditioned = preconditioner is null ? null : new DeviceFloats(_kernels, parameters);
        _direction = new DeviceFloats(_kernels, parameters);
        _directionImage = new DeviceFloats(_kernels, outputs);
        _seeds = new DeviceFloats(_kernels, outputs);
        _zeros = new DeviceFloats(_kernels, outputs);
    }

    /// <summary>Solves from x as it is; returns the iterations.</summary>
    /// <param name="v">Right-hand side.</param>
    /// <param name="x">The start, then the solution.</param>
    /// <param name="image">Becomes Jx, [n × C].</param>
    /// <param name="fromZero">Whether x is zero, so that Jx need not be computed.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArithmeticException">The tolerance was not reached, and not for want of precision.</exception>
    public int Solve(Block<float> v, Block<float> x, Block<float> image, bool fromZero, CancellationToken cancellation)
    {
        double reference = Math.Sqrt(_kernels.Dot(v, v)), least = double.PositiveInfinity, rho = 0;
        if (reference == 0)
        {
            _kernels.Zero(x);
            _kernels.Zero(image);
            return 0;
        }
        if (fromZero) _kernels.Zero(image);
        else _problem.Network.Jvp(x, image, cancellation);
        int leastAt = 0;
        for (int iteration = 0; ; iteration++)
        {
            // ½‖√s Jx‖²/n has the gradient that the seeds make.
            _ = _kernels.WeightedSquaredLoss(
                _problem.Network.Samples, _problem.Network.Outputs, image, _zeros.Block, _problem.WeightBlock, 1f / _problem.Network.Samples, _seeds.Block);
            _problem.Gradient(_seeds.Block, x, _gradient.Block, cancellation);
            _kernels.Axpby(-1f, v, 1f, _gradient.Block);
            double residual = Math.Sqrt(_kernels.Dot(_gradient.Block, _gradient.Block)) / reference;
            if (residual <= _options.Tolerance) return iteration;
            if (residual < least) (least, leastAt) = (residual, iteration);
            if (!double.IsFinite(residual) || iteration - leastAt >= 2 * Patience) return AtTheLimit(iteration, least);
            if (iteration >= _options.MaxIterations) throw NotConverged(iteration, residual);
            rho = Turn(rho);
            Step(iteration, x, image, cancellation);
        }
    }

    public void Dispose()
    {
        _gradient.Dispose();
        _lastGradient.Dispose();
        _preconditioned?.Dispose();
        _direction.Dispose();
        _directionImage.Dispose();
        _seeds.Dispose();
        _zeros.Dispose();
    }

    /// <summary>A residual that no longer falls is the best that fp32 has; far from the tolerance it is a failure.</summary>
    private int AtTheLimit(int iteration, double least)
    {
        // What fp32 reaches at a condition of some 1e5.
        const double Acceptable = 1e-3;
        return least <= Math.Max(Acceptable, _options.Tolerance) ? iteration : throw NotConverged(iteration, least);
    }

    private ArithmeticException NotConverged(int iterations, double residual) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"A solve with H is at relative residual {residual:G2} after {iterations} iterations, tolerance {_options.Tolerance:G2}, λ = {_problem.Lambda:R}. Use a preconditioner, a larger λ, or a larger MaxIterations."));

    /// <summary>The next direction, as in <see cref="Pcg"/>.</summary>
    private double Turn(double lastRho)
    {
        Block<float> z = _gradient.Block;
        if (_preconditioner is not null) _preconditioner.Apply(_gradient.Block, z = _preconditioned!.Block);
        double rho = _kernels.Dot(_gradient.Block, z);
        double beta = lastRho > 0 ? Math.Max(0, (rho - _kernels.Dot(_lastGradient.Block, z)) / lastRho) : 0;
        _kernels.Axpby(-1f, z, (float)beta, _direction.Block);
        if (beta > 0 && !(_kernels.Dot(_gradient.Block, _direction.Block) < 0)) _kernels.Axpby(-1f, z, 0f, _direction.Block);
        _kernels.Copy(_gradient.Block, _lastGradient.Block);
        return rho;
    }

    private void Step(int iteration, Block<float> x, Block<float> image, CancellationToken cancellation)
    {
        _problem.Network.Jvp(_direction.Block, _directionImage.Block, cancellation);
        double curvature = 2 * (_problem.Penalty(_direction.Block) + (_kernels.WeightedSquaredLoss(
            _problem.Network.Samples, _problem.Network.Outputs, _directionImage.Block, _zeros.Block, _problem.WeightBlock, 0f, default) / _problem.Network.Samples));
        double alpha = -_kernels.Dot(_gradient.Block, _direction.Block) / curvature;
        if (!(curvature > 0) || !double.IsFinite(alpha)) throw NotConverged(iteration, double.NaN);
        _kernels.Axpby((float)alpha, _direction.Block, 1f, x);
        if ((iteration + 1) % RefreshInterval == 0) _problem.Network.Jvp(x, image, cancellation);
        else _kernels.Axpby((float)alpha, _directionImage.Block, 1f, image);
    }
}
