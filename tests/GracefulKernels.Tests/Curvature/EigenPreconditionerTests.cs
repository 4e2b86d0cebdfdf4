namespace GracefulKernels.Tests;

/// <summary>Exact λ by eigenvectors, against the factors themselves.</summary>
public abstract class EigenPreconditionerTests(KernelFamily family)
{
    public static TheoryData<string> Names => RandomNetworks.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void ItInvertsTheDampedProductOfTheFactors(string name)
    {
        Network network = RandomNetworks.Get(name, 2, family.Device);
        const double Lambda = 0.05;
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 9, 1), 9);
        KroneckerFactors factors = KroneckerFactors.Compute(linear);
        using var p = new EigenPreconditioner(KroneckerEigenbasis.Compute(factors), Lambda, network.Parameters, network.Device);
        using ParameterVector v = RandomNetworks.Direction(network, 3);
        using ParameterVector applied = p.Apply(v);
        foreach (KroneckerBlock b in factors.Blocks)
        {
            double[] y = DenseCurvature.ToMatrix(network.Parameters, b, applied.ToArray());
            double[] back = DenseCurvature.Multiply(y, b.InputFactor(), b.Rows, b.Columns, b.Columns);
            if (b.HasOutputFactor) back = DenseCurvature.Multiply(b.OutputFactor(), back, b.Rows, b.Rows, b.Columns);
            for (int i = 0; i < back.Length; i++) back[i] += Lambda * y[i];
            // fp32 vectors of norm 1 and four products: some 1e-6 of y, times the largest curvature over λ, of the order of a hundred.
            Tolerance.AssertRelativeNorm(DenseCurvature.ToMatrix(network.Parameters, b, v.ToArray()), back, 2e-4, b.Name);
        }
    }

    [Fact]
    public void AnotherDampingSharesTheBasis()
    {
        Network network = RandomNetworks.Get("kept", 2, family.Device);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 9, 1), 9);
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(KroneckerFactors.Compute(linear));
        using ParameterVector v = RandomNetworks.Direction(network, 3);
        using var fresh = new EigenPreconditioner(basis, 0.3, network.Parameters, network.Device);
        var first = new EigenPreconditioner(basis, 0.1, network.Parameters, network.Device);
        using EigenPreconditioner other = first.WithDamping(0.3);
        first.Dispose();
        first.Dispose();
        Assert.Equal(0.3, other.Damping);
        Tolerance.AssertSameBits(fresh.Apply(v).ToArray(), other.Apply(v).ToArray(), "applied");
        Assert.Throws<ObjectDisposedException>(() => first.WithDamping(1));
        Assert.Equal("damping", Assert.Throws<ArgumentOutOfRangeException>(() => other.WithDamping(-1)).ParamName);
    }

    [Fact]
    public void ItIsPositiveDefiniteAndSymmetric()
    {
        Network network = RandomNetworks.Get("residual", 2, family.Device);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 9, 1), 9);
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(KroneckerFactors.Compute(linear));
        using var p = new EigenPreconditioner(basis, 0.01, network.Parameters, network.Device, SecondMoments.Compute(linear, basis));
        for (int seed = 0; seed < 5; seed++)
        {
            using ParameterVector a = RandomNetworks.Direction(network, seed), b = RandomNetworks.Direction(network, seed + 50);
            using ParameterVector pa = p.Apply(a), pb = p.Apply(b);
            Assert.True(a.Dot(pa) > 0);
            // fp32 products of normalised vectors.
            Assert.Equal(a.Dot(pb), b.Dot(pa), 1e-5 * Math.Sqrt(a.Dot(pa) * b.Dot(pb)));
        }
    }

    /// <summary>PCG with every kind of preconditioner finds the same update as without; the kinds that share their code with these run on the processor.</summary>
    [Theory]
    [InlineData("EKFAC")]
    [InlineData("diagonal")]
    [InlineData("exact λ, reduce")]
    public void SolversReachTheSameUpdate(string kind) => ReachTheSameUpdate(kind);

    protected void ReachTheSameUpdate(string kind)
    {
        const double Lambda = 0.1;
        using SolverTests.Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: true), Lambda);
        using Preconditioner p = Make(kind, s.Linear, problem.Targets.Weights.Span, Lambda);
        SolverResult plain = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-6, MaxIterations = 1000 });
        SolverResult result = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-6, MaxIterations = 1000 }, p);
        Assert.True(plain.Converged && result.Converged, $"{kind}: {plain.Stop}, {result.Stop} {result.RelativeGradient:E1}");
        // ‖δd‖ ≤ 1e-6·‖∇L(0)‖/λ, and ‖∇L(0)‖ is about a hundred times λ‖d‖.
        Tolerance.AssertRelativeNorm([.. plain.Update.ToArray().Select(v => (double)v)], result.Update.ToArray(), 5e-4, kind);
        Assert.Equal(plain.Loss, result.Loss, plain.Loss * 1e-5);
    }

    private protected static Preconditioner Make(string kind, LinearizedNetwork linear, ReadOnlySpan<float> weights, double lambda)
    {
        (ParameterLayout layout, ComputeDevice device) = (linear.Network.Parameters, linear.Network.Device);
        if (kind == "diagonal") return new DiagonalPreconditioner(DiagonalCurvature.Compute(linear, weights: weights), lambda, layout, device);
        var options = new FactorOptions { Convention = kind.EndsWith("reduce", StringComparison.Ordinal) ? FactorConvention.Reduce : FactorConvention.Expand };
        KroneckerFactors factors = KroneckerFactors.Compute(linear, options, weights);
        if (kind.StartsWith('π')) return new KroneckerPreconditioner(factors, lambda, layout, device);
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(factors);
        return new EigenPreconditioner(basis, lambda, layout, device, kind == "EKFAC" ? SecondMoments.Compute(linear, basis, weights: weights) : null);
    }
}

public sealed class EigenPreconditionerTestsOnCpu() : EigenPreconditionerTests(KernelFamily.Cpu)
{
    [Theory]
    [InlineData("exact λ")]
    [InlineData("π")]
    [InlineData("π, reduce")]
    public void SolversReachTheSameUpdateWithTheOthers(string kind) => ReachTheSameUpdate(kind);

    /// <summary>P-SGD takes them as well.</summary>
    [Fact]
    public void PsgdTakesThem()
    {
        using SolverTests.Small s = new(KernelFamily.Cpu.Device);
        const double Lambda = 0.5;
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), Lambda);
        using Preconditioner p = Make("EKFAC", s.Linear, default, Lambda);
        SolverResult pcg = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-6 }, p);
        double rate = 1 / Spectrum.LargestEigenvalue(problem, p, 20);
        SolverResult psgd = Psgd.Solve(problem, new PsgdOptions
        {
            BatchSize = s.Linear.Samples, Epochs = 3000, Tolerance = 1e-4, EvaluationInterval = 10, LearningRate = LearningRate.Constant(rate),
        }, p);
        Assert.True(psgd.Converged, $"P-SGD {psgd.Stop} {psgd.RelativeGradient:E1} after {psgd.Iterations}");
        Assert.Equal(pcg.Loss, psgd.Loss, pcg.Loss * 1e-4);
    }
}

public sealed class EigenPreconditionerTestsOnGpu() : EigenPreconditionerTests(KernelFamily.Gpu);
