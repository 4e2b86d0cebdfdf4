namespace GracefulKernels.Tests;

/// <summary>Many λ at once against one at a time.</summary>
public abstract class RegularizationPathTests(KernelFamily family)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheSpectrumGivesWhatEachSolveGives(bool weighted)
    {
        using DualTests.Asked a = new(family.Device, weighted, 0.1);
        double[] lambdas = [.. RegularizationPath.Lambdas(1, 1e-3, 7)];
        int[] groupOf = [.. Enumerable.Range(0, 40).Select(i => i / 2)];
        var seen = new List<double>();
        RegularizationPath path = a.System.Path(lambdas, a.Labels, progress: new GramMatrixTests.Immediate(seen.Add));
        RegularizationPath grouped = a.System.Path(lambdas, groupOf: groupOf);
        Assert.False(path.IsEstimate);
        Assert.Equal(Enumerable.Range(1, 7).Select(i => i / 7.0), seen);
        for (int l = 0; l < lambdas.Length; l++)
        {
            PathPoint point = path.Points[l];
            DualSolution solution = a.System.Solve(lambdas[l]);
            LeaveOneOut left = solution.LeaveOneOut();
            Assert.Equal(lambdas[l], point.Lambda);
            // Both are fp64 from one K: n·2⁻⁵³·cond.
            Close(solution.DataLoss, point.DataLoss);
            Close(solution.UpdateNorm, point.UpdateNorm);
            Close(solution.DegreesOfFreedom(), point.DegreesOfFreedom);
            Close(solution.GeneralizedCrossValidation(), point.Gcv);
            Close(left.Loss, point.LeaveOneOutLoss);
            Assert.Equal(left.Accuracy(a.Labels), point.LeaveOneOutAccuracy);
            Close(solution.LeaveOneOut(groupOf).Loss, grouped.Points[l].LeaveOneOutLoss);
            Assert.Equal(solution.LeaveOneOut(groupOf).Accuracy(), grouped.Points[l].LeaveOneOutAccuracy);
        }
        Assert.Equal(path.Points.Min(p => p.LeaveOneOutLoss), path.Best.LeaveOneOutLoss);

        static void Close(double expected, double actual) => Assert.Equal(expected, actual, 1e-9 * expected);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheEstimateIsNearTheExactPath(bool weighted)
    {
        using DualTests.Asked a = new(family.Device, weighted, 0.1);
        // Not in order: solved from the largest down, reported as asked.
        double[] lambdas = family.IsCpu ? [0.03, 1, 0.1] : [0.1, 1];
        int probes = family.Fewer(8, 2);
        var seen = new List<double>();
        RegularizationPath exact = a.System.Path(lambdas), estimate = SolvedProblem.EstimatePath(
            a.Linear, a.Targets, lambdas, probes, seed: 5, progress: new GramMatrixTests.Immediate(seen.Add));
        Assert.True(estimate.IsEstimate);
        Assert.Equal(lambdas.Length * (probes + 1), seen.Count);
        Assert.Equal(1, seen[^1], 1e-12);
        for (int l = 0; l < lambdas.Length; l++)
        {
            PathPoint e = exact.Points[l], p = estimate.Points[l];
            Assert.Equal(lambdas[l], p.Lambda);
            // PCG to 1e-5 of the gradient.
            Assert.Equal(e.DataLoss, p.DataLoss, 1e-3 * e.DataLoss);
            Assert.Equal(e.UpdateNorm, p.UpdateNorm, 1e-3 * e.UpdateNorm);
            // Hutchinson with signs: variance 2 Σ_{i≠j} h_ij² ≤ 2 (tr H − Σ h_ii²), under 2·dof; four deviations.
            Assert.InRange(p.DegreesOfFreedom, e.DegreesOfFreedom - (4 * Math.Sqrt(2 * e.DegreesOfFreedom / probes)), e.DegreesOfFreedom + (4 * Math.Sqrt(2 * e.DegreesOfFreedom / probes)));
            Assert.InRange(p.DegreesOfFreedomError, 1e-6, 2 * Math.Sqrt(2 * e.DegreesOfFreedom / (probes - 1)));
            Assert.True(p.Iterations > 0 && double.IsNaN(p.LeaveOneOutLoss));
        }
        Assert.Equal(estimate.Points.Min(p => p.Gcv), estimate.Best.Gcv);
    }

    [Fact]
    public void ProbesMeetTheirQuadraticForms()
    {
        using DualTests.Asked a = new(family.Device, weighted: true, 0.1);
        // One probe: zᵀHz itself, from the dense matrix.
        RegularizationPath path = SolvedProblem.EstimatePath(a.Linear, a.Targets, [0.1], probes: 1, seed: 9);
        double[] u = new double[a.Dense.J[0].Length];
        for (int r = 0; r < 160; r++)
        {
            double z = new CounterRandom(9).Bits((ulong)r) >> 63 == 0 ? 1 : -1, root = Math.Sqrt(a.Targets.Weights.Span[r]);
            for (int p = 0; p < u.Length; p++) u[p] += z * root * a.Dense.J[r][p];
        }
        double expected = a.Dense.Covariance(u, u);
        // 160 − a residual: fp32 sums of 160 squares, 1e-6 of them.
        Assert.Equal(expected, path.Points[0].DegreesOfFreedom, 160 * 1e-5);
        Assert.True(double.IsNaN(path.Points[0].DegreesOfFreedomError));
    }
}

public sealed class RegularizationPathTestsOnCpu() : RegularizationPathTests(KernelFamily.Cpu);

public sealed class RegularizationPathTestsOnGpu() : RegularizationPathTests(KernelFamily.Gpu);
