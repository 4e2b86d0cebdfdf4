namespace GracefulKernels.Tests;

/// <summary>Second moments in eigenbases and along parameters, against gradients of one sample and one output each.</summary>
public abstract class SecondMomentsTests(KernelFamily family)
{
    private const int N = 9;

    public static TheoryData<string> Names => RandomNetworks.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void MomentsAreThoseOfRotatedGradients(string name)
    {
        Network network = RandomNetworks.Get(name, 2, family.Device);
        float[] weights = name == "residual" ? [.. RandomNetworks.Normal(N * network.Outputs, 3).Select(MathF.Abs)] : [];
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, N, 1), N, options: new LinearizedOptions { BatchSize = 4 });
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(KroneckerFactors.Compute(linear, weights: weights));
        SecondMoments moments = SecondMoments.Compute(linear, basis, weights: weights);
        Assert.Equal(N, moments.Samples);
        Assert.Equal(basis.Blocks.Where(b => b.HasOutputFactor).Select(b => b.Name), moments.Blocks.Select(b => b.Name));
        var dense = new DenseCurvature(linear, weights);
        foreach (EigenBlock b in basis.Blocks.Where(b => b.HasOutputFactor))
        {
            double[] expected = new double[b.Rows * b.Columns], right = DenseCurvature.Transpose(b.InputVectors, b.Columns, b.Columns);
            foreach (double[] gradient in dense.BlockRows(b))
            {
                double[] left = DenseCurvature.Multiply(b.OutputVectors!, gradient, b.Rows, b.Rows, b.Columns);
                double[] rotated = DenseCurvature.Multiply(left, right, b.Rows, b.Columns, b.Columns);
                for (int i = 0; i < expected.Length; i++) expected[i] += rotated[i] * rotated[i] / N;
            }
            // Squares of fp32 gradients, whose VJPs agree to some 1e-6.
            Tolerance.AssertRelativeNorm(expected, moments[b.Name].Mean(), 1e-5, b.Name);
        }
    }

    /// <summary>In any basis the measured diagonal is the best one in the Frobenius norm (George et al. 2018, theorem 2), so it is nearer to the block than G ⊗ A.</summary>
    [Fact]
    public void MomentsAreNearerToTheBlockThanTheFactors()
    {
        Network network = RandomNetworks.Get("residual", 2, family.Device);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, N, 1), N);
        KroneckerFactors factors = KroneckerFactors.Compute(linear);
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(factors);
        EigenBlock b = basis["stem"];
        double[] block = new DenseCurvature(linear).Block(b), measured = SecondMoments.Compute(linear, basis)["stem"].Mean();
        double kfac = Distance(block, Dense(b, b.Curvature())), ekfac = Distance(block, Dense(b, measured));
        // The dense matrix of the basis is the product of the factors itself.
        Tolerance.AssertRelativeNorm(DenseCurvature.Kronecker(factors["stem"].OutputFactor(), factors["stem"].InputFactor(), b.Rows, b.Columns), Dense(b, b.Curvature()), 1e-10, "G ⊗ A");
        Assert.InRange(ekfac, 0, 0.99 * kfac);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheDiagonalIsThatOfTheGaussNewtonMatrix(string name)
    {
        Network network = RandomNetworks.Get(name, 2, family.Device);
        float[] weights = name == "kept" ? [.. RandomNetworks.Normal(N * network.Outputs, 3).Select(MathF.Abs)] : [];
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, N, 1), N, options: new LinearizedOptions { BatchSize = 4 });
        DiagonalCurvature diagonal = DiagonalCurvature.Compute(linear, weights: weights);
        double[] expected = new DenseCurvature(linear, weights).Diagonal();
        double[] actual = [.. network.Parameters.Parameters.SelectMany(p => diagonal[p.Name])];
        // Squares of fp32 gradients, whose VJPs agree to some 1e-6.
        Tolerance.AssertRelativeNorm(expected, actual, 1e-5, name);
        using var p = new DiagonalPreconditioner(diagonal, 0.02, network.Parameters, network.Device);
        using ParameterVector v = RandomNetworks.Direction(network, 3);
        float[] from = v.ToArray();
        // One reciprocal and one product, each rounded, of a diagonal that is good to 1e-5.
        Tolerance.AssertRelativeNorm([.. actual.Select((d, i) => from[i] / (d + 0.02))], p.Apply(v).ToArray(), 1e-6, "applied");
        using DiagonalPreconditioner other = p.WithDamping(1);
        Tolerance.AssertRelativeNorm([.. actual.Select((d, i) => from[i] / (d + 1))], other.Apply(v).ToArray(), 1e-6, "applied with another λ");
    }

    [Fact]
    public void PartsAddUpAndTheCutInBatchesDoesNotMatter()
    {
        Network network = RandomNetworks.Get("residual", 2, family.Device);
        float[] images = RandomNetworks.Images(network, N, 1);
        int cut = 4, size = network.InputShape.Elements;
        using var all = new LinearizedNetwork(network, images, N);
        using var left = new LinearizedNetwork(network, images.AsSpan(0, cut * size), cut, options: new LinearizedOptions { BatchSize = 3 });
        using var right = new LinearizedNetwork(network, images.AsSpan(cut * size), N - cut, options: new LinearizedOptions { BatchSize = 2, CacheBytes = 0 });
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(KroneckerFactors.Compute(all));
        SecondMoments whole = SecondMoments.Compute(all, basis), sum = SecondMoments.Compute(left, basis) + SecondMoments.Compute(right, basis);
        DiagonalCurvature diagonal = DiagonalCurvature.Compute(all), parts = DiagonalCurvature.Compute(left) + DiagonalCurvature.Compute(right);
        Assert.Equal((N, N), (sum.Samples, parts.Samples));
        // fp32 sums over a batch.
        foreach (MomentBlock b in whole.Blocks) Tolerance.AssertRelativeNorm(b.Mean(), sum[b.Name].Mean(), 1e-6, b.Name);
        foreach (ParameterInfo p in network.Parameters.Parameters) Tolerance.AssertRelativeNorm(diagonal[p.Name], parts[p.Name], 1e-6, p.Name);
        // The first samples alone, though they end within a batch.
        SecondMoments some = SecondMoments.Compute(right, basis, new FactorOptions { Samples = 3 });
        using var three = new LinearizedNetwork(network, images.AsSpan(cut * size, 3 * size), 3);
        Assert.Equal(3, some.Samples);
        foreach (MomentBlock b in SecondMoments.Compute(three, basis).Blocks) Tolerance.AssertRelativeNorm(b.Mean(), some[b.Name].Mean(), 1e-6, b.Name);
        KroneckerFactors few = KroneckerFactors.Compute(right, new FactorOptions { Samples = 3 }), exact = KroneckerFactors.Compute(three);
        Assert.Equal((3, 1.0), (few.Samples, few.MeanWeight));
        foreach (KroneckerBlock b in exact.Blocks) Tolerance.AssertRelativeNorm(b.InputFactor(), few[b.Name].InputFactor(), 1e-6, b.Name);
    }

    [Fact]
    public void RandomSignsAreUnbiased()
    {
        Network network = RandomNetworks.Get("vector", 2, family.Device);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 50, 1), 50);
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(KroneckerFactors.Compute(linear));
        var options = new FactorOptions { Seeds = FactorSeeds.Rademacher, Probes = family.Fewer(400, 200), Seed = 1 };
        SecondMoments exact = SecondMoments.Compute(linear, basis), random = SecondMoments.Compute(linear, basis, options);
        // The deviation of a square falls like √2/√(samples·probes) = 1 %; moments wrong by any constant are far outside.
        foreach (MomentBlock b in exact.Blocks) Tolerance.AssertRelativeNorm(b.Mean(), random[b.Name].Mean(), 0.05, b.Name);
        DiagonalCurvature diagonal = DiagonalCurvature.Compute(linear), noisy = DiagonalCurvature.Compute(linear, options);
        foreach (ParameterInfo p in network.Parameters.Parameters) Tolerance.AssertRelativeNorm(diagonal[p.Name], noisy[p.Name], 0.05, p.Name);
    }

    /// <summary><c>(U_G ⊗ U_A) diag(s) (U_G ⊗ U_A)ᵀ</c>.</summary>
    private static double[] Dense(EigenBlock b, double[] diagonal)
    {
        int size = b.Rows * b.Columns;
        double[] basis = DenseCurvature.Kronecker(b.OutputVectors, b.InputVectors, b.Rows, b.Columns), scaled = (double[])basis.Clone();
        for (int i = 0; i < scaled.Length; i++) scaled[i] *= diagonal[i / size];
        return DenseCurvature.Multiply(DenseCurvature.Transpose(basis, size, size), scaled, size, size, size);
    }

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
}

public sealed class SecondMomentsTestsOnCpu() : SecondMomentsTests(KernelFamily.Cpu);

public sealed class SecondMomentsTestsOnGpu() : SecondMomentsTests(KernelFamily.Gpu);
