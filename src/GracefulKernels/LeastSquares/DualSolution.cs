namespace GracefulKernels;

/// <summary>
/// The solution of a <see cref="DualSystem"/> for one λ, and what it answers exactly, in fp64 from K: with <c>B = (K/n + λI)⁻¹</c> the residual is <c>λa</c>,
/// <c>I − J_i M J_iᵀ = λB_ii</c>, and leaving out rows S takes a to <c>a − B_S B_SS⁻¹ a_S</c>. B is computed when it is first needed. One instance serves one caller at a time.
/// </summary>
public sealed partial class DualSolution
{
    private readonly double[] _matrix;
    private readonly double[] _a;
    private double[]? _residuals;
    private bool _isInverse;

    internal DualSolution(DualSystem system, double lambda, double[] factor)
    {
        System = system;
        Lambda = lambda;
        _matrix = factor;
        _a = ApplyInverse(system.Right);
    }

    /// <summary>The system.</summary>
    public DualSystem System { get; }

    /// <summary>λ.</summary>
    public double Lambda { get; }

    /// <summary>a, [nC]: the residual of each row (scaled by √s), divided by λ.</summary>
    public ReadOnlyMemory<double> Coefficients => _a;

    /// <summary><c>f0 + J·d</c> on the samples, [n × C], in fp64 without passing through d.</summary>
    public double[] Fitted()
    {
        double[] fitted = new double[_a.Length];
        for (int i = 0; i < fitted.Length; i++)
        {
            double root = System.Root(i);
            fitted[i] = root > 0 ? System.Targets.Values.Span[i] - (Lambda * _a[i] / root) : System.OutputAt(i, _a);
        }
        return fitted;
    }

    /// <summary><c>1/(2n) Σ s (f − t)²</c>.</summary>
    public double DataLoss => Lambda * Lambda * HostMatrix.Dot(_a, _a) / (2.0 * System.Samples);

    /// <summary>‖d‖, from K.</summary>
    public double UpdateNorm
    {
        get
        {
            // ‖d‖² = aᵀKa/n² and Ka/n = t − f0 − λa.
            double squared = (HostMatrix.Dot(_a, System.Right) - (Lambda * HostMatrix.Dot(_a, _a))) / System.Samples;
            return Math.Sqrt(Math.Max(0, squared));
        }
    }

    /// <summary>L(d).</summary>
    public double Loss => DataLoss + (Lambda / 2 * UpdateNorm * UpdateNorm);

    /// <summary>d, by a VJP sweep over <c>√s∘a/n</c> and up to three corrections of a JVP and a VJP sweep each, until its outputs are those of a to fp32.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ParameterVector Update(CancellationToken cancellation = default) => System.Update([.. _a], Lambda, default, ApplyInverse, cancellation);

    /// <summary>Effective degrees of freedom <c>tr(J M Jᵀ) = nC − λ tr B</c>.</summary>
    public double DegreesOfFreedom()
    {
        double[] inverse = Inverse();
        double trace = 0;
        for (int i = 0; i < _a.Length; i++) trace += inverse[((long)i * _a.Length) + i];
        return _a.Length - (Lambda * trace);
    }

    /// <summary>Generalised cross-validation, <c>(1/(nC)) Σ s(f − t)² / (1 − dof/(nC))²</c> (Golub, Heath, Wahba 1979).</summary>
    public double GeneralizedCrossValidation() => RegularizationPath.Gcv(DataLoss * 2 * System.Samples, DegreesOfFreedom(), _a.Length);

    /// <summary>What the model says of each sample when it is fitted without it: all refits at once, exactly.</summary>
    /// <param name="groupOf">A group number a sample: members of a group (views of one image) are left out together. Empty: each sample alone.</param>
    /// <exception cref="ArgumentException">There is not one number a sample.</exception>
    public LeaveOneOut LeaveOneOut(ReadOnlySpan<int> groupOf = default)
    {
        int[][] groups = SampleGroups.Of(groupOf, System.Samples);
        double[] residuals = Residuals(groups, alone: groupOf.IsEmpty);
        return new LeaveOneOut(
            System.Targets, [.. Enumerable.Range(0, System.Samples)], System.LeaveOneOutOutputs(_a, residuals, groups, ApplyInverse));
    }

    /// <summary>The solution without some samples: <c>a₋S = a − B_S B_SS⁻¹ a_S</c>, <c>d₋S = Jᵀa₋S/n</c>. See <see cref="GracefulKernels.Removal"/>.</summary>
    /// <param name="samples">S, in any order.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">S is empty, has a sample twice, or has all samples.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of a sample.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Removal Remove(ReadOnlySpan<int> samples, CancellationToken cancellation = default)
    {
        int[] removed = SampleGroups.Subset(samples, System.Samples, nameof(samples));
        int[] rows = SampleGroups.Rows(removed, System.Outputs, System.Targets.Weights.Span);
        _ = Inverse();
        LinearizedNetwork network = System.Gram.Network;
        using ParameterVector before = Update(cancellation);
        ParameterVector d = System.Update(Reduced([.. _a]), Lambda, removed, r => Reduced(ApplyInverse(r)), cancellation);
        return RemovalCheck.Of(network, System.Targets, Lambda, removed, before, d, RemovalMethod.Dual, cancellation);

        // Takes x = B r to the solution of the system without the rows S.
        double[] Reduced(double[] x)
        {
            if (rows.Length == 0) return x;
            double[] y = HostMatrix.SolvePositiveDefinite(HostMatrix.Part(_matrix, x.Length, rows), HostMatrix.Part(x, rows), $"Removing {removed.Length} samples"), e = new double[x.Length];
            for (int i = 0; i < rows.Length; i++) e[rows[i]] = y[i];
            double[] change = ApplyInverse(e);
            for (int i = 0; i < x.Length; i++) x[i] -= change[i];
            foreach (int row in rows) x[row] = 0;
            return x;
        }
    }

    /// <summary><c>B·r</c>.</summary>
    internal double[] ApplyInverse(double[] r)
    {
        int n = r.Length;
        if (_isInverse) return HostMatrix.Multiply(_matrix, n, r);
        double[] x = [.. r];
        DenseLinearAlgebra.Potrs(n, _matrix, n, 1, x, 1, Device);
        return x;
    }

    private ComputeDevice Device => System.Gram.Network.Network.Device;

    private double[] Inverse()
    {
        if (!_isInverse) DenseLinearAlgebra.Potri(_a.Length, _matrix, _a.Length, Device);
        _isInverse = true;
        return _matrix;
    }

    private double[] Residuals(int[][] groups, bool alone)
    {
        if (alone && _residuals is not null) return _residuals;
        double[] inverse = Inverse(), residuals = System.LeaveOneOutResiduals(_a, groups, rows => HostMatrix.Part(inverse, _a.Length, rows));
        if (alone) _residuals = residuals;
        return residuals;
    }
}
