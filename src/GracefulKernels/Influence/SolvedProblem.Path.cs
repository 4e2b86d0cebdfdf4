using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The regularisation path where nC is too large for K.</summary>
public sealed partial class SolvedProblem
{
    /// <summary>
    /// The regularisation path by PCG, from the largest λ down, each solve started from the last; degrees of freedom by random probes <c>zᵀ J M Jᵀ z</c>, z = ±1 (Hutchinson 1990), a solve
    /// each, also started from the last λ's. <see cref="DualSystem.Path"/> is exact and has the leave-one-out error.
    /// </summary>
    /// <param name="network">The linearised network.</param>
    /// <param name="targets">t and s.</param>
    /// <param name="lambdas">Each &gt; 0, in any order.</param>
    /// <param name="probes">z; the standard error falls with the root of their number.</param>
    /// <param name="seed">Of the probes.</param>
    /// <param name="preconditioner">Makes one for each λ, disposed of when the λ is done; none is the identity.</param>
    /// <param name="options">How exactly to solve.</param>
    /// <param name="progress">Fraction of the solves done.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">No λ, or targets of another shape.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A λ is not positive and finite, or there is no probe.</exception>
    /// <exception cref="ArithmeticException">A solve does not converge.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RegularizationPath EstimatePath(
        LinearizedNetwork network,
        Targets targets,
        ReadOnlySpan<double> lambdas,
        int probes = 4,
        int seed = 0,
        Func<double, Preconditioner>? preconditioner = null,
        SolvedProblemOptions? options = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(targets);
        RegularizationPath.CheckLambdas(lambdas, nameof(lambdas));
        Check.Positive(probes);
        options ??= new SolvedProblemOptions();
        options.Validate(nameof(options));
        double[] all = lambdas.ToArray();
        var points = new PathPoint[all.Length];
        int done = 0;
        using var state = new PathState(network, targets, probes, seed);
        foreach (int l in Enumerable.Range(0, all.Length).OrderByDescending(l => all[l]))
        {
            using var problem = new LinearQuadraticProblem(network, targets, all[l]);
            using Preconditioner? p = preconditioner?.Invoke(all[l]);
            points[l] = state.Point(problem, p, options, () => progress?.Report(++done / (all.Length * (probes + 1.0))), cancellation);
        }
        return new RegularizationPath(points, isEstimate: true);
    }

    /// <summary>Solutions that go from one λ to the next.</summary>
    private sealed class PathState : IDisposable
    {
        private readonly float[] _signs;
        private readonly int _probes;
        private readonly DeviceFloats[] _solutions;
        private readonly DeviceFloats _probe;
        private readonly DeviceFloats _image;
        private readonly DeviceFloats _right;
        private readonly DeviceFloats? _roots;
        private ParameterVector? _update;

        public PathState(LinearizedNetwork network, Targets targets, int probes, int seed)
        {
            IKernels kernels = network.Kernels;
            int rows = targets.Values.Length;
            _probes = probes;
            _signs = new float[(long)rows * probes];
            var random = new CounterRandom((ulong)seed);
            for (int i = 0; i < _signs.Length; i++) _signs[i] = random.Bits((ulong)i) >> 63 == 0 ? 1f : -1f;
            _solutions = [.. Enumerable.Range(0, probes).Select(_ => new DeviceFloats(kernels, network.Network.Parameters.DeviceLength))];
            _probe = new DeviceFloats(kernels, rows);
            _image = new DeviceFloats(kernels, rows);
            _right = new DeviceFloats(kernels, network.Network.Parameters.DeviceLength);
            if (!targets.Weights.IsEmpty) _roots = new DeviceFloats(kernels, [.. targets.Weights.ToArray().Select(MathF.Sqrt)]);
        }

        public PathPoint Point(LinearQuadraticProblem problem, Preconditioner? preconditioner, SolvedProblemOptions options, Action solved, CancellationToken cancellation)
        {
            problem.Expect(preconditioner);
            SolverResult result = Pcg.Solve(
                problem, new PcgOptions { Tolerance = options.Tolerance, MaxIterations = options.MaxIterations, Start = _update }, preconditioner, null, cancellation);
            _update?.Dispose();
            _update = result.Update;
            if (result.Stop == SolverStop.Budget)
            {
                throw new ArithmeticException(
                    $"PCG is at relative gradient {result.RelativeGradient:G2} after {result.Iterations} iterations at λ = {problem.Lambda:R}. Use a preconditioner, a larger λ, or a larger MaxIterations.");
            }
            solved();
            int iterations = result.Iterations, rows = (int)problem.TargetBlock.Length;
            double sum = 0, squares = 0;
            using var solver = new HessianSolver(problem, preconditioner, options);
            for (int k = 0; k < _probes; k++)
            {
                iterations += Probe(problem, solver, k, rows, out double trace, cancellation);
                sum += trace;
                squares += trace * trace;
                solved();
            }
            double dof = sum / _probes, variance = Math.Max(0, (squares / _probes) - (dof * dof)), norm = _update.Norm();
            double data = problem.Loss(_update, cancellation) - (problem.Lambda / 2 * norm * norm);
            return new PathPoint
            {
                Lambda = problem.Lambda,
                DataLoss = data,
                UpdateNorm = norm,
                DegreesOfFreedom = dof,
                DegreesOfFreedomError = Math.Sqrt(variance / (_probes - 1)),
                Gcv = RegularizationPath.Gcv(data * 2 * problem.Network.Samples, dof, rows),
                Iterations = iterations,
            };
        }

        public void Dispose()
        {
            foreach (DeviceFloats x in _solutions) x.Dispose();
            _probe.Dispose();
            _image.Dispose();
            _right.Dispose();
            _roots?.Dispose();
            _update?.Dispose();
        }

        /// <summary><c>zᵀ J M Jᵀ z = ‖z‖² − ‖z − Jx‖² − nλ‖x‖²</c>, which the error of x enters squared.</summary>
        private int Probe(LinearQuadraticProblem problem, HessianSolver solver, int k, int rows, out double trace, CancellationToken cancellation)
        {
            IKernels kernels = problem.Kernels;
            double n = problem.Network.Samples;
            kernels.Upload<float>(_signs.AsSpan(k * rows, rows), _probe.Block);
            if (_roots is null) kernels.Axpby((float)(1 / n), _probe.Block, 0f, _image.Block);
            else
            {
                kernels.Multiply(_probe.Block, _roots.Block, _image.Block);
                kernels.Axpby((float)(1 / n), _image.Block, 0f, _image.Block);
            }
            problem.Network.Vjp(_image.Block, _right.Block, cancellation);
            Block<float> x = _solutions[k].Block;
            int iterations = solver.Solve(_right.Block, x, _image.Block, fromZero: false, cancellation);
            if (_roots is not null) kernels.Multiply(_image.Block, _roots.Block, _image.Block);
            kernels.Axpby(1f, _probe.Block, -1f, _image.Block);
            trace = rows - kernels.Dot(_image.Block, _image.Block) - (n * problem.Lambda * kernels.Dot(x, x));
            return iterations;
        }
    }
}
