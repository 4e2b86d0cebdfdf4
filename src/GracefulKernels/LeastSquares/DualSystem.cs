using System.Globalization;
using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// A least-squares problem in the space of its outputs (kernel ridge regression): <c>(K/n + λI) a = t − f0</c>, <c>d = Jᵀa/n</c>, with K = JJᵀ in fp64; weights s enter by
/// <c>J ← √s J</c>, <c>t − f0 ← √s∘(t − f0)</c>. L, n and λ are those of <see cref="LinearQuadraticProblem"/>. K serves every λ and all that is asked of the
/// solution. For nC up to some 10⁴; beyond that <see cref="Pcg"/> and <see cref="SolvedProblem"/>.
/// </summary>
public sealed class DualSystem
{
    /// <summary>Pivots below so much of the largest diagonal element are rounding in K.</summary>
    private const double KernelRounding = 1e-9;

    private readonly double[]? _roots;
    private readonly double[] _right;
    private DualSpectrum? _spectrum;

    /// <summary>States the system; nothing is solved yet.</summary>
    /// <param name="gram">K of the samples.</param>
    /// <param name="targets">t and s, [n × C].</param>
    /// <exception cref="ArgumentException">The targets have another shape.</exception>
    public DualSystem(GramMatrix gram, Targets targets)
    {
        ArgumentNullException.ThrowIfNull(gram);
        ArgumentNullException.ThrowIfNull(targets);
        if (targets.Samples != gram.Network.Samples || targets.Classes != gram.Network.Outputs)
        {
            throw new ArgumentException(
                $"targets is [{targets.Samples} × {targets.Classes}]; expected [{gram.Network.Samples} × {gram.Network.Outputs}] (samples × outputs of K).", nameof(targets));
        }
        Gram = gram;
        Targets = targets;
        _right = new double[gram.Rows];
        if (!targets.Weights.IsEmpty) _roots = [.. targets.Weights.ToArray().Select(s => Math.Sqrt(s))];
        for (int i = 0; i < _right.Length; i++) _right[i] = Root(i) * ((double)targets.Values.Span[i] - gram.Network.F0.Span[i]);
    }

    /// <summary>K.</summary>
    public GramMatrix Gram { get; }

    /// <summary>t and s.</summary>
    public Targets Targets { get; }

    internal int Rows => Gram.Rows;

    internal int Samples => Targets.Samples;

    internal int Outputs => Targets.Classes;

    /// <summary><c>√s∘(t − f0)</c>.</summary>
    internal double[] Right => _right;

    /// <summary>Computes K and states the system.</summary>
    /// <inheritdoc cref="GramMatrix.Compute"/>
    public static DualSystem Compute(
        LinearizedNetwork network, Targets targets, GramOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(targets);
        return new DualSystem(GramMatrix.Compute(network, options, progress, cancellation), targets);
    }

    /// <summary>Solves for one λ by Cholesky in fp64, (nC)³/3 multiply-adds.</summary>
    /// <param name="lambda">λ ≥ 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">λ is negative or not finite.</exception>
    /// <exception cref="SingularProblemException"><c>K/n + λI</c> is singular to the accuracy of K; the message proposes a λ.</exception>
    public DualSolution Solve(double lambda)
    {
        _ = Check.NonNegative(lambda, nameof(lambda));
        int n = Rows;
        double[] a = Damped(lambda, out double largest);
        try
        {
            DenseLinearAlgebra.Potrf(n, a, n, "K/n + λI", lambda, Gram.Network.Network.Device);
        }
        catch (NotPositiveDefiniteException)
        {
            throw Singular(lambda);
        }
        for (int i = 0; i < n; i++)
        {
            double pivot = a[((long)i * n) + i];
            if (pivot * pivot <= KernelRounding * largest && lambda <= KernelRounding * largest) throw Singular(lambda);
        }
        return new DualSolution(this, lambda, a);
    }

    /// <summary>
    /// The regularisation path: for each λ losses, degrees of freedom, GCV and the exact leave-one-out error, all from one eigendecomposition of K (computed at
    /// the first call, some 9(nC)³ multiply-adds) and <c>C·(nC)²</c> multiply-adds a λ.
    /// </summary>
    /// <param name="lambdas">Each &gt; 0, in any order.</param>
    /// <param name="labels">For accuracies; where empty, the place of a sample's largest target is its label.</param>
    /// <param name="groupOf">A group number a sample: members of a group (views of one image) are left out together. Empty: each sample alone.</param>
    /// <param name="progress">Fraction of the λ done.</param>
    /// <param name="cancellation">Looked at between λ.</param>
    /// <exception cref="ArgumentException">No λ, or labels or groups that do not fit the samples.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A λ is not positive and finite.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public RegularizationPath Path(
        ReadOnlySpan<double> lambdas,
        ReadOnlySpan<int> labels = default,
        ReadOnlySpan<int> groupOf = default,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        RegularizationPath.CheckLambdas(lambdas, nameof(lambdas));
        int[][] groups = SampleGroups.Of(groupOf, Samples);
        cancellation.ThrowIfCancellationRequested();
        _spectrum ??= DualSpectrum.Compute(this);
        var points = new PathPoint[lambdas.Length];
        for (int l = 0; l < lambdas.Length; l++)
        {
            cancellation.ThrowIfCancellationRequested();
            points[l] = _spectrum.Point(lambdas[l], groups, labels);
            progress?.Report((l + 1.0) / lambdas.Length);
        }
        return new RegularizationPath(points, isEstimate: false);
    }

    internal double Root(int row) => _roots is null ? 1 : _roots[row];

    /// <summary><c>√s K √s / n + λI</c>.</summary>
    internal double[] Damped(double lambda, out double largest)
    {
        int n = Rows;
        double[] k = Gram.Data, a = new double[k.Length];
        double scale = 1.0 / Samples;
        Parallel.For(0, n, i =>
        {
            long at = (long)i * n;
            double row = Root(i) * scale;
            for (int j = 0; j < n; j++) a[at + j] = row * Root(j) * k[at + j];
            a[at + i] += lambda;
        });
        largest = 0;
        for (int i = 0; i < n; i++) largest = Math.Max(largest, a[((long)i * n) + i]);
        return a;
    }

    /// <summary><c>f = f0 + K √s a / n</c> at one row, where weights make it no part of the system.</summary>
    internal double OutputAt(int row, double[] a)
    {
        double sum = 0;
        ReadOnlySpan<double> k = Gram.Data.AsSpan((int)((long)row * Rows), Rows);
        for (int j = 0; j < k.Length; j++) sum += k[j] * Root(j) * a[j];
        return Gram.Network.F0.Span[row] + (sum / Samples);
    }

    /// <summary><c>e^loo = B_gg⁻¹ a_g</c> for each group g, B = (K/n + λI)⁻¹, on rows scaled by √s: what <c>(I − J_g M J_gᵀ)⁻¹ e_g</c> is, without a difference of near numbers.</summary>
    internal double[] LeaveOneOutResiduals(double[] a, int[][] groups, Func<int[], double[]> inverseBlock)
    {
        double[] residuals = new double[Rows];
        foreach (int[] group in groups)
        {
            int[] rows = SampleGroups.Rows(group, Outputs, Targets.Weights.Span);
            if (rows.Length == 0) continue;
            double[] e = HostMatrix.SolvePositiveDefinite(inverseBlock(rows), HostMatrix.Part(a, rows), $"Leaving out sample {group[0]}");
            for (int i = 0; i < rows.Length; i++) residuals[rows[i]] = e[i];
        }
        return residuals;
    }

    /// <summary>From those residuals the outputs of the models without each group.</summary>
    internal double[] LeaveOneOutOutputs(double[] a, double[] residuals, int[][] groups, Func<double[], double[]> applyInverse)
    {
        double[] outputs = new double[Rows];
        foreach (int[] group in groups)
        {
            double[]? without = null;
            foreach (int sample in group)
            {
                for (int row = sample * Outputs; row < (sample + 1) * Outputs; row++)
                {
                    if (Root(row) > 0)
                    {
                        outputs[row] = Targets.Values.Span[row] - (residuals[row] / Root(row));
                        continue;
                    }
                    // An output without weight is no row of the system: it is predicted from the coefficients of the others.
                    outputs[row] = OutputAt(row, without ??= Without(a, residuals, group, applyInverse));
                }
            }
        }
        return outputs;
    }

    /// <summary><c>d = Jᵀ√s a / n</c>, corrected by what its outputs in fp32 are off from those of <paramref name="a"/> in fp64.</summary>
    /// <param name="a">Coefficients; changed with each correction.</param>
    /// <param name="lambda">λ.</param>
    /// <param name="removed">Samples that are not in the problem, or empty.</param>
    /// <param name="applyInverse">The inverse of the system whose solution a is.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    internal ParameterVector Update(double[] a, double lambda, ReadOnlySpan<int> removed, Func<double[], double[]> applyInverse, CancellationToken cancellation)
    {
        const int Corrections = 3;
        LinearizedNetwork network = Gram.Network;
        IKernels kernels = network.Kernels;
        float[] u = new float[Rows];
        double last = double.PositiveInfinity;
        ParameterVector d = Sweep(a);
        try
        {
            for (int correction = 0; correction < Corrections; correction++)
            {
                float[] change = network.Jvp(d, cancellation);
                double[] residual = new double[Rows];
                double norm = 0;
                for (int i = 0; i < residual.Length; i++) residual[i] = _right[i] - (Root(i) * change[i]) - (lambda * a[i]);
                foreach (int i in removed) residual.AsSpan(i * Outputs, Outputs).Clear();
                foreach (double r in residual) norm += r * r;
                // At the limit of fp32 a correction is rounding.
                if (!(norm < last / 4) || norm == 0) break;
                last = norm;
                double[] more = applyInverse(residual);
                for (int i = 0; i < a.Length; i++) a[i] += more[i];
                using ParameterVector step = Sweep(more);
                kernels.Axpby(1f, step.Block, 1f, d.Block);
            }
            GC.KeepAlive(d);
            return d;
        }
        catch
        {
            d.Dispose();
            throw;
        }

        ParameterVector Sweep(double[] coefficients)
        {
            for (int i = 0; i < u.Length; i++) u[i] = (float)(Root(i) * coefficients[i] / Samples);
            return network.Vjp(u, cancellation);
        }
    }

    private SingularProblemException Singular(double lambda)
    {
        // All eigenvalues together, of which the largest is the better part.
        double trace = 0;
        for (int i = 0; i < Rows; i++) trace += Root(i) * Root(i) * Gram.Data[((long)i * Rows) + i] / Samples;
        return SingularProblemException.At(
            string.Create(
                CultureInfo.InvariantCulture,
                $"K/n + λI of {Rows} rows is, at λ = {lambda:R} and to the accuracy of K. Samples repeat each other, have no weight, or there are more rows than parameters."),
            trace,
            iterative: false);
    }

    private double[] Without(double[] a, double[] residuals, int[] group, Func<double[], double[]> applyInverse)
    {
        int[] rows = SampleGroups.Rows(group, Outputs, Targets.Weights.Span);
        if (rows.Length == 0) return a;
        double[] e = new double[Rows];
        foreach (int row in rows) e[row] = residuals[row];
        double[] change = applyInverse(e), without = new double[Rows];
        for (int i = 0; i < without.Length; i++) without[i] = a[i] - change[i];
        return without;
    }
}
