namespace GracefulKernels.Tests;

/// <summary>What is answered by PCG, without K, against solving anew in fp64.</summary>
public abstract class SolvedProblemTests(KernelFamily family)
{
    /// <summary>
    /// The problem is solved to 1e-6 of its gradient: <c>‖δd‖ ≤ ‖∇L‖/λ ≤ 1e-6·κ·‖d‖</c>, κ from 1.6e3 to 1.9e4. A few hundredths of that are reached; a residual of the fit divided by
    /// 1 − leverage shows more of it.
    /// </summary>
    private const double Solution = 1e-3;

    [Fact]
    public void LeaveOneOutIsARefitWithoutTheSample() => CheckLeaveOneOut(weighted: true, preconditioned: true, lambda: 0.1);

    protected void CheckLeaveOneOut(bool weighted, bool preconditioned, double lambda)
    {
        using Solved s = new(family.Device, weighted, preconditioned, lambda);
        int[] samples = family.IsCpu ? [3, 11, 5, 31] : [11];
        double[] left = s.Asked.LeftOut(null);
        LeaveOneOut alone = s.Problem.LeaveOneOut(samples);
        Assert.Equal(samples, alone.Samples);
        Tolerance.AssertRelativeNorm(Rows(left, samples), alone.Outputs.Span, 2 * Solution, "alone");
        int[] groupOf = [.. Enumerable.Range(0, 40).Select(i => i == 3 || i == 11 ? 100 : i)];
        LeaveOneOut groups = s.Problem.LeaveOneOut([11, 3], groupOf);
        Tolerance.AssertRelativeNorm(Rows(s.Asked.LeftOut(groupOf), [11, 3]), groups.Outputs.Span, 2 * Solution, "groups");
    }

    [Fact]
    public void RemovalIsARefitWithoutTheSamples() => CheckRemoval(weighted: true, preconditioned: true, lambda: 0.1);

    protected void CheckRemoval(bool weighted, bool preconditioned, double lambda)
    {
        using Solved s = new(family.Device, weighted, preconditioned, lambda);
        int[] removed = [31, 5, 2];
        double[] expected = s.Asked.Dense.Solve(removed), before = s.Asked.Dense.Solve();
        SolverResult refit = s.Problem.Refit(removed, new PcgOptions { Tolerance = 1e-6, MaxIterations = 2000 });
        using ParameterVector anew = refit.Update;
        Tolerance.AssertRelativeNorm(expected, anew.ToArray(), Solution, "refit");
        foreach (RemovalMethod method in new[] { RemovalMethod.ClosedForm, RemovalMethod.ReducedProblem })
        {
            Removal removal = s.Problem.Remove(removed, method);
            using ParameterVector d = removal.Update;
            Assert.Equal([2, 5, 31], removal.Samples);
            Assert.Equal(method, removal.Method);
            Tolerance.AssertRelativeNorm(expected, d.ToArray(), Solution, method.ToString());
            Assert.InRange(removal.RelativeGradient, 0, 1e-5);
            // The samples had a part in d.
            Assert.True(removal.RelativeGradientBefore > 20 * removal.RelativeGradient, $"{removal.RelativeGradientBefore:E1}, then {removal.RelativeGradient:E1}");
            double change = Math.Sqrt(expected.Zip(before, (x, y) => (x - y) * (x - y)).Sum());
            Assert.Equal(change, removal.ChangeNorm, 1e-2 * change);
        }
        Assert.Equal(RemovalMethod.ClosedForm, s.Problem.Remove([3]).Method);
    }

    [Fact]
    public void InfluenceIsWhatRemovalChangesWhereTheLeverageIsInIt() => CheckInfluence(weighted: true, preconditioned: true, lambda: 0.1);

    protected void CheckInfluence(bool weighted, bool preconditioned, double lambda)
    {
        using Solved s = new(family.Device, weighted, preconditioned, lambda);
        int exact = family.Fewer(5, 1);
        InfluenceRanking ranking = s.Problem.Influence(s.Asked.TestImage(1), output: 2, exact, s.Asked.Labels);
        double[] refits = s.Asked.InfluenceByRefits(1, 2);
        double size = refits.Max(Math.Abs);
        Assert.Equal(exact, ranking.BySample.Count(i => i.IsExact));
        foreach (SampleInfluence i in ranking.BySample)
        {
            if (i.IsExact) Assert.Equal(refits[i.Sample], i.Influence, 1e-3 * size);
        }
        // The first-order estimate is J_test M J_iᵀ e_i.
        double[] d = s.Asked.Dense.Solve(), fitted = s.Asked.Dense.Fitted(d);
        foreach (SampleInfluence i in ranking.BySample.Where(i => !i.IsExact).Take(8))
        {
            double expected = 0;
            for (int row = i.Sample * 4; row < (i.Sample + 1) * 4; row++)
            {
                double weight = weighted ? s.Asked.Targets.Weights.Span[row] : 1;
                expected += weight * s.Asked.Dense.Covariance(s.Asked.Test[6], s.Asked.Dense.J[row]) * (s.Asked.Targets.Values.Span[row] - fitted[row]);
            }
            Assert.Equal(expected, i.Influence, 1e-3 * size);
        }
    }

    [Fact]
    public void PredictiveVarianceIsThatOfTheHessian() => CheckVariance(weighted: true, preconditioned: true, lambda: 0.1);

    protected void CheckVariance(bool weighted, bool preconditioned, double lambda)
    {
        using Solved s = new(family.Device, weighted, preconditioned, lambda);
        int samples = family.Fewer(3, 1);
        double[] variance = s.Problem.PredictiveVariance(s.Asked.TestImages.AsSpan(0, samples * s.Asked.TestImage(0).Length), samples, noiseVariance: 2);
        double[] expected = [.. from i in Enumerable.Range(0, samples)
                                from c in Enumerable.Range(0, 4)
                                from e in Enumerable.Range(0, 4)
                                select 2 * s.Asked.Dense.Covariance(s.Asked.Test[(i * 4) + c], s.Asked.Test[(i * 4) + e])];
        // The error of the solves enters squared.
        Tolerance.AssertRelativeNorm(expected, variance, 1e-5, "variance");
    }

    internal static double[] Rows(double[] outputs, int[] samples) => [.. samples.SelectMany(i => outputs[(i * 4)..((i + 1) * 4)])];

    internal sealed class Solved : IDisposable
    {
        private readonly LinearQuadraticProblem _problem;
        private readonly ParameterVector _update;
        private readonly KroneckerPreconditioner? _preconditioner;

        public Solved(ComputeDevice device, bool weighted, bool preconditioned, double lambda)
        {
            Asked = new DualTests.Asked(device, weighted, lambda);
            _problem = new LinearQuadraticProblem(Asked.Linear, Asked.Targets, lambda);
            if (preconditioned)
            {
                KroneckerFactors factors = KroneckerFactors.Compute(Asked.Linear, weights: Asked.Targets.Weights.Span);
                _preconditioner = new KroneckerPreconditioner(factors, lambda, Asked.Linear.Network.Parameters, device);
            }
            _update = Pcg.Solve(_problem, new PcgOptions { Tolerance = 1e-6, MaxIterations = 2000 }, _preconditioner).Update;
            Problem = new SolvedProblem(_problem, _update, _preconditioner);
        }

        public DualTests.Asked Asked { get; }

        public SolvedProblem Problem { get; }

        public void Dispose()
        {
            Problem.Dispose();
            _preconditioner?.Dispose();
            _update.Dispose();
            _problem.Dispose();
            Asked.Dispose();
        }
    }
}

public sealed class SolvedProblemTestsOnCpu() : SolvedProblemTests(KernelFamily.Cpu)
{
    /// <summary>Weights or not, a preconditioner or not, λ: what the others leave out. The code for devices is the same in all of them.</summary>
    public static TheoryData<bool, bool, double> Others => new() { { false, false, 0.1 }, { true, false, 0.02 } };

    [Theory]
    [MemberData(nameof(Others))]
    public void SoItIsInOtherProblems(bool weighted, bool preconditioned, double lambda)
    {
        CheckLeaveOneOut(weighted, preconditioned, lambda);
        CheckRemoval(weighted, preconditioned, lambda);
        CheckInfluence(weighted, preconditioned, lambda);
        CheckVariance(weighted, preconditioned, lambda);
    }
}

public sealed class SolvedProblemTestsOnGpu() : SolvedProblemTests(KernelFamily.Gpu);
