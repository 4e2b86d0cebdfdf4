using System.Globalization;
using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// A least-squares problem with its solution, which can be asked what a non-linear network cannot answer: leave-one-out predictions, removal of samples, influence and
/// predictive variance, on problems of any size. All need <c>M·v = H⁻¹v/n</c>, one PCG solve each; <see cref="DualSolution"/> answers the same from K where nC is small.
/// </summary>
/// <remarks>
/// Symmetric forms of M are taken from both sides (<c>wᵀ(I − J M Jᵀ)w = ‖w − Jx‖² + nλ‖x‖²</c> with <c>Hx = Jᵀw/n</c>, and <c>2vᵀx − xᵀHx</c> for <c>vᵀH⁻¹v</c>), so that the error of a solve enters
/// them squared: at the default tolerance they are limited by the fp32 of J, 1e-6 or so of their size. What is linear in x (influence, updates) has the error of x, Tolerance times the
/// condition of H at worst. The solution d itself should be solved to a tolerance as small. One instance serves one caller at a time.
/// </remarks>
public sealed partial class SolvedProblem : IDisposable
{
    /// <summary>Rows up to which the closed form of a removal is taken by itself: a solve a row.</summary>
    private const int ClosedFormRows = 32;

    private readonly HessianSolver _solver;
    private readonly SolvedProblemOptions _options;
    private readonly Preconditioner? _preconditioner;
    private readonly DeviceFloats _seeds;
    private readonly DeviceFloats _right;
    private readonly DeviceFloats? _roots;
    private readonly float[] _rootValues;
    private readonly double[] _residuals;
    private readonly float[] _fitted;

    /// <summary>Evaluates the solution once.</summary>
    /// <param name="problem">With λ &gt; 0; not disposed with the instance.</param>
    /// <param name="update">d, its solution; not copied.</param>
    /// <param name="preconditioner">For the solves with H: fixed and positive definite; none is the identity.</param>
    /// <param name="options">How exactly to solve.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">λ is 0, or update or preconditioner belong to another network.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public SolvedProblem(
        LinearQuadraticProblem problem,
        ParameterVector update,
        Preconditioner? preconditioner = null,
        SolvedProblemOptions? options = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(problem);
        problem.Expect(update);
        problem.Expect(preconditioner);
        _options = options ?? new SolvedProblemOptions();
        _options.Validate(nameof(options));
        CheckLambda(problem);
        Problem = problem;
        Update = update;
        _preconditioner = preconditioner;
        _fitted = problem.Fitted(update, cancellation);
        ReadOnlySpan<float> weights = problem.Targets.Weights.Span;
        _rootValues = [.. weights.ToArray().Select(MathF.Sqrt)];
        _residuals = new double[_fitted.Length];
        for (int i = 0; i < _residuals.Length; i++) _residuals[i] = Root(i) * ((double)problem.Targets.Values.Span[i] - _fitted[i]);
        _roots = weights.IsEmpty ? null : new DeviceFloats(problem.Kernels, _rootValues);
        _seeds = new DeviceFloats(problem.Kernels, _fitted.Length);
        _right = new DeviceFloats(problem.Kernels, update.Block.Length);
        _solver = new HessianSolver(problem, preconditioner, _options);
    }

    /// <summary>The problem.</summary>
    public LinearQuadraticProblem Problem { get; }

    /// <summary>d.</summary>
    public ParameterVector Update { get; }

    private LinearizedNetwork Network => Problem.Network;

    private IKernels Kernels => Problem.Kernels;

    private int Outputs => Network.Outputs;

    /// <summary>What the model says of chosen samples when it is fitted without them: exact refits, C solves a sample.</summary>
    /// <param name="samples">Each is left out alone, or with its group.</param>
    /// <param name="groupOf">A group number for each of the n samples: members of a group (views of one image) are left out together. Empty: each sample alone.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException"><paramref name="samples"/> is empty or has one twice, or groups do not fit the samples.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of a sample.</exception>
    /// <exception cref="ArithmeticException">A solve does not converge.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public LeaveOneOut LeaveOneOut(ReadOnlySpan<int> samples, ReadOnlySpan<int> groupOf = default, CancellationToken cancellation = default)
    {
        SampleGroups.CheckIndices(samples, Network.Samples, nameof(samples));
        int[] chosen = samples.ToArray();
        double[] outputs = new double[(long)chosen.Length * Outputs];
        foreach (int[] group in SampleGroups.Of(groupOf, Network.Samples))
        {
            if (!group.Any(i => chosen.Contains(i))) continue;
            using RowSolves solves = Solve(group, keepImages: true, cancellation);
            for (int k = 0; k < chosen.Length; k++)
            {
                if (!group.Contains(chosen[k])) continue;
                for (int c = 0; c < Outputs; c++) outputs[(k * Outputs) + c] = solves.OutputWithout((chosen[k] * Outputs) + c);
            }
        }
        return new LeaveOneOut(Problem.Targets, chosen, outputs);
    }

    /// <summary>The solution without some samples. See <see cref="Removal"/>.</summary>
    /// <param name="samples">S, in any order.</param>
    /// <param name="method">The closed form takes a solve for each row of S, the reduced problem one in all.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">S is empty, has a sample twice, or has all samples; or the method is the dual.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of a sample.</exception>
    /// <exception cref="ArithmeticException">A solve does not converge.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Removal Remove(ReadOnlySpan<int> samples, RemovalMethod method = RemovalMethod.Automatic, CancellationToken cancellation = default)
    {
        if (method == RemovalMethod.Dual) throw new ArgumentException("method is Dual; that is DualSolution.Remove.", nameof(method));
        int[] removed = SampleGroups.Subset(samples, Network.Samples, nameof(samples));
        if (method == RemovalMethod.Automatic) method = removed.Length * Outputs <= ClosedFormRows ? RemovalMethod.ClosedForm : RemovalMethod.ReducedProblem;
        ParameterVector d = Update.Clone();
        try
        {
            if (method == RemovalMethod.ClosedForm) RemoveInClosedForm(removed, d, cancellation);
            else RemoveByReducedProblem(removed, d, cancellation);
        }
        catch
        {
            d.Dispose();
            throw;
        }
        return RemovalCheck.Of(Network, Problem.Targets, Problem.Lambda, removed, Update, d, method, cancellation);
    }

    /// <summary>For comparison with <see cref="Remove"/>: the problem without some samples, at the same nλ, solved anew from d = 0 by PCG.</summary>
    /// <param name="samples">S, in any order.</param>
    /// <param name="options">Tolerance and budget.</param>
    /// <param name="progress">After each iteration.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">S is empty, has a sample twice, or has all samples.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public SolverResult Refit(
        ReadOnlySpan<int> samples, PcgOptions? options = null, IProgress<SolverProgress>? progress = null, CancellationToken cancellation = default)
    {
        using LinearQuadraticProblem reduced = Reduced(SampleGroups.Subset(samples, Network.Samples, nameof(samples)));
        return Pcg.Solve(reduced, options, _preconditioner, progress, cancellation);
    }

    /// <summary>Frees the memory of the solves; problem, update and preconditioner stay.</summary>
    public void Dispose()
    {
        _solver.Dispose();
        _seeds.Dispose();
        _right.Dispose();
        _roots?.Dispose();
    }

    private static void CheckLambda(LinearQuadraticProblem problem)
    {
        if (problem.Lambda > 0) return;
        // H without λ is singular wherever there are more parameters than rows.
        double proposal = 1e-4 * Spectrum.LargestEigenvalue(problem, iterations: 3);
        throw new ArgumentException(
            string.Create(CultureInfo.InvariantCulture, $"problem has λ = 0, with which H has no inverse where the data do not determine every parameter. Use a λ of about {proposal:G1} or more."),
            nameof(problem));
    }

    private float Root(int row) => _rootValues.Length == 0 ? 1f : _rootValues[row];

    private LinearQuadraticProblem Reduced(int[] removed)
        => new(Network, Problem.Targets.WithWeights(SampleGroups.WeightsWithout(Problem.Targets, removed)), Problem.Lambda);

    /// <summary>One solve a row of some samples.</summary>
    private RowSolves Solve(int[] samples, bool keepImages, CancellationToken cancellation)
    {
        int[] rows = SampleGroups.Rows(samples, Outputs, Problem.Targets.Weights.Span);
        var solves = new RowSolves(this, rows, keepImages);
        try
        {
            solves.Run(cancellation);
            return solves;
        }
        catch
        {
            solves.Dispose();
            throw;
        }
    }

    private void RemoveInClosedForm(int[] removed, ParameterVector d, CancellationToken cancellation)
    {
        using RowSolves solves = Solve(removed, keepImages: false, cancellation);
        solves.TakeFrom(d.Block);
    }

    private void RemoveByReducedProblem(int[] removed, ParameterVector d, CancellationToken cancellation)
    {
        using LinearQuadraticProblem reduced = Reduced(removed);
        using var solver = new HessianSolver(reduced, _preconditioner, _options);
        using ParameterVector gradient = reduced.Gradient(d, cancellation);
        using var step = new DeviceFloats(Kernels, d.Block.Length);
        _ = solver.Solve(gradient.Block, step.Block, _seeds.Block, fromZero: true, cancellation);
        Kernels.Axpby(-1f, step.Block, 1f, d.Block);
        GC.KeepAlive(gradient);
    }

    /// <summary><c>x_k = M J_kᵀ</c> for rows k of J (scaled by √s), and the matrix <c>I − J_S M J_Sᵀ</c> of them.</summary>
    private sealed class RowSolves : IDisposable
    {
        private readonly SolvedProblem _owner;
        private readonly int[] _rows;
        private readonly DeviceFloats[] _solutions;
        private readonly DeviceFloats[] _residuals;
        private readonly float[][] _images;
        private double[] _leftOut = [];

        public RowSolves(SolvedProblem owner, int[] rows, bool keepImages)
        {
            _owner = owner;
            _rows = rows;
            _solutions = new DeviceFloats[rows.Length];
            _residuals = new DeviceFloats[rows.Length];
            _images = keepImages ? new float[rows.Length][] : [];
        }

        public void Run(CancellationToken cancellation)
        {
            IKernels kernels = _owner.Kernels;
            LinearQuadraticProblem problem = _owner.Problem;
            float[] one = new float[problem.TargetBlock.Length];
            for (int k = 0; k < _rows.Length; k++)
            {
                // v = √s_k J_kᵀ/n.
                one[_rows[k]] = _owner.Root(_rows[k]) / problem.Network.Samples;
                kernels.Upload<float>(one, _owner._seeds.Block);
                problem.Network.Vjp(_owner._seeds.Block, _owner._right.Block, cancellation);
                _solutions[k] = new DeviceFloats(kernels, _owner._right.Block.Length);
                _residuals[k] = new DeviceFloats(kernels, one.Length);
                Block<float> image = _residuals[k].Block;
                _ = _owner._solver.Solve(_owner._right.Block, _solutions[k].Block, image, fromZero: true, cancellation);
                if (_images.Length > 0) kernels.Download(image, (_images[k] = new float[one.Length]).AsSpan());
                // What is left of the unit vector: w − √s∘Jx.
                if (_owner._roots is not null) kernels.Multiply(image, _owner._roots.Block, image);
                one[_rows[k]] = 1;
                kernels.Upload<float>(one, _owner._seeds.Block);
                kernels.Axpby(1f, _owner._seeds.Block, -1f, image);
                one[_rows[k]] = 0;
            }
            double[] e = HostMatrix.Part(_owner._residuals, _rows);
            _leftOut = _rows.Length == 0 ? [] : HostMatrix.SolvePositiveDefinite(Matrix(), e, $"Leaving out {_rows.Length} rows");
        }

        /// <summary><c>e_S^loo = (I − J_S M J_Sᵀ)⁻¹ e_S</c>, on rows scaled by √s.</summary>
        public ReadOnlySpan<double> LeftOut => _leftOut;

        /// <summary><c>d ← d − M J_Sᵀ e_S^loo</c>.</summary>
        public void TakeFrom(Block<float> d)
        {
            for (int k = 0; k < _rows.Length; k++) _owner.Kernels.Axpby((float)-_leftOut[k], _solutions[k].Block, 1f, d);
        }

        /// <summary>The output at a row of J when the rows S are left out.</summary>
        public double OutputWithout(int row)
        {
            int k = Array.IndexOf(_rows, row);
            if (k >= 0) return _owner.Problem.Targets.Values.Span[row] - (_leftOut[k] / _owner.Root(row));
            double output = _owner._fitted[row];
            for (int j = 0; j < _rows.Length; j++) output -= _images[j][row] * _leftOut[j];
            return output;
        }

        public void Dispose()
        {
            foreach (DeviceFloats? x in _solutions) x?.Dispose();
            foreach (DeviceFloats? r in _residuals) r?.Dispose();
        }

        /// <summary><c>⟨w_k − Jx_k, w_l − Jx_l⟩ + nλ⟨x_k, x_l⟩</c>.</summary>
        private double[] Matrix()
        {
            IKernels kernels = _owner.Kernels;
            double ridge = _owner.Problem.Lambda * _owner.Network.Samples;
            double[] matrix = new double[(long)_rows.Length * _rows.Length];
            for (int k = 0; k < _rows.Length; k++)
            {
                for (int l = 0; l <= k; l++)
                {
                    double value = kernels.Dot(_residuals[k].Block, _residuals[l].Block) + (ridge * kernels.Dot(_solutions[k].Block, _solutions[l].Block));
                    matrix[((long)k * _rows.Length) + l] = matrix[((long)l * _rows.Length) + k] = value;
                }
            }
            return matrix;
        }
    }
}
