namespace GracefulKernels.Tests;

/// <summary>What factors and preconditioner promise besides the golden numbers.</summary>
public abstract class KroneckerFactorsTests(KernelFamily family)
{
    [Fact]
    public void PartsAddUpToTheWhole()
    {
        Network network = RandomNetworks.Get("kept", 2, family.Device);
        float[] images = RandomNetworks.Images(network, 20, 1), s = [.. RandomNetworks.Normal(20 * network.Outputs, 3).Select(MathF.Abs)];
        int cut = 8, size = network.InputShape.Elements;
        using var all = new LinearizedNetwork(network, images, 20);
        KroneckerFactors whole = KroneckerFactors.Compute(all, weights: s);
        using var left = new LinearizedNetwork(network, images.AsSpan(0, cut * size), cut, options: new LinearizedOptions { BatchSize = 3 });
        using var right = new LinearizedNetwork(network, images.AsSpan(cut * size), 20 - cut, options: new LinearizedOptions { BatchSize = 5, CacheBytes = 0 });
        KroneckerFactors sum = KroneckerFactors.Compute(left, weights: s.AsSpan(0, cut * network.Outputs))
            + KroneckerFactors.Compute(right, weights: s.AsSpan(cut * network.Outputs));
        Assert.Equal(20, sum.Samples);
        Assert.Equal(whole.MeanWeight, sum.MeanWeight, 1e-12);
        foreach (KroneckerBlock b in whole.Blocks)
        {
            // Stretches of fp32 sums are cut elsewhere.
            Tolerance.AssertRelativeNorm(b.InputFactor(), [.. sum[b.Name].InputFactor()], 1e-6, $"A of {b.Name}");
            if (b.HasOutputFactor) Tolerance.AssertRelativeNorm(b.OutputFactor(), [.. sum[b.Name].OutputFactor()], 1e-6, $"G of {b.Name}");
        }
    }

    [Fact]
    public void TheCutInBatchesDoesNotChangeTheRandomSigns()
    {
        Network network = RandomNetworks.Get("residual", 2, family.Device);
        float[] images = RandomNetworks.Images(network, 10, 1);
        var options = new FactorOptions { Seeds = FactorSeeds.Rademacher, Probes = 3, Seed = 9 };
        using var a = new LinearizedNetwork(network, images, 10, options: new LinearizedOptions { BatchSize = 10 });
        using var b = new LinearizedNetwork(network, images, 10, options: new LinearizedOptions { BatchSize = 3 });
        KroneckerFactors first = KroneckerFactors.Compute(a, options), second = KroneckerFactors.Compute(b, options);
        foreach (KroneckerBlock block in first.Blocks.Where(x => x.HasOutputFactor))
        {
            Tolerance.AssertRelativeNorm(block.OutputFactor(), [.. second[block.Name].OutputFactor()], 1e-6, block.Name);
        }
    }

    [Fact]
    public void RandomSignsAreUnbiased()
    {
        Network network = RandomNetworks.Get("vector", 2, family.Device);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 50, 1), 50);
        KroneckerFactors exact = KroneckerFactors.Compute(linear);
        KroneckerFactors random = KroneckerFactors.Compute(linear, new FactorOptions { Seeds = FactorSeeds.Rademacher, Probes = family.Fewer(400, 200), Seed = 1 });
        KroneckerFactors one = KroneckerFactors.Compute(linear, new FactorOptions { Seeds = FactorSeeds.Rademacher, Probes = 1, Seed = 1 });
        foreach (KroneckerBlock b in exact.Blocks.Where(b => b.HasOutputFactor))
        {
            // The deviation falls like 1/√(samples·probes) = 0.7 % (1 % on devices); a factor wrong by any constant is far outside.
            Tolerance.AssertRelativeNorm(b.OutputFactor(), [.. random[b.Name].OutputFactor()], 0.03, b.Name);
            Tolerance.AssertRelativeNorm(b.OutputFactor(), [.. one[b.Name].OutputFactor()], 0.5, b.Name);
        }
    }

    /// <summary>The blocks of γ and β are the Gauss–Newton matrix itself: the columns of J from one JVP each.</summary>
    [Theory]
    [InlineData("first.weight")]
    [InlineData("bn2.bias")]
    [InlineData("bn4.weight")]
    public void BlocksOfBatchNormalisationAreExact(string parameter)
    {
        Network network = RandomNetworks.Get("kept", 2, family.Device);
        const int N = 9;
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, N, 1), N);
        KroneckerBlock block = KroneckerFactors.Compute(linear)[parameter];
        int channels = network.Parameters[parameter].Length, offset = network.Parameters.Parameters.TakeWhile(p => p.Name != parameter).Sum(p => p.Length);
        float[][] columns = [.. Enumerable.Range(0, channels).Select(k =>
        {
            float[] unit = new float[network.Parameters.Count];
            unit[offset + k] = 1;
            using ParameterVector e = ParameterVector.FromArray(network.Parameters, network.Device, unit);
            return linear.Jvp(e);
        })];
        double[] expected = new double[channels * channels];
        for (int i = 0; i < channels; i++)
        {
            for (int j = 0; j < channels; j++) expected[(i * channels) + j] = columns[i].Zip(columns[j], (a, b) => (double)a * b).Sum() / N;
        }
        // Two different fp32 passes.
        Tolerance.AssertRelativeNorm(expected, [.. block.InputFactor()], 1e-5, parameter);
        Assert.False(block.HasOutputFactor);
    }

    /// <summary>One sample has one input: each block is <c>(Σ_c g gᵀ) ⊗ ā āᵀ</c>, whatever the activations.</summary>
    [Theory]
    [InlineData("fc1")]
    [InlineData("fc2")]
    [InlineData("fc3")]
    public void OneSampleIsExact(string layer)
    {
        Network network = RandomNetworks.Get("vector", 2, family.Device);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 1, 1), 1);
        KroneckerBlock b = KroneckerFactors.Compute(linear)[layer];
        double[] product = DenseCurvature.Kronecker(b.OutputFactor(), b.InputFactor(), b.Rows, b.Columns);
        // Factors are sums of fp32 products.
        Tolerance.AssertRelativeNorm(new DenseCurvature(linear).Block(b), product, 1e-5, layer);
    }

    [Fact]
    public void ThePreconditionerIsPositiveDefiniteAndSymmetric()
    {
        Network network = RandomNetworks.Get("residual", 2, family.Device);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 9, 1), 9);
        using var p = new KroneckerPreconditioner(KroneckerFactors.Compute(linear), 0.01, network.Parameters, network.Device);
        for (int seed = 0; seed < 5; seed++)
        {
            using ParameterVector a = RandomNetworks.Direction(network, seed), b = RandomNetworks.Direction(network, seed + 50);
            using ParameterVector pa = p.Apply(a), pb = p.Apply(b);
            Assert.True(a.Dot(pa) > 0);
            // fp32 products of normalised vectors; the inverse factors were rounded as they are, symmetric.
            Assert.Equal(a.Dot(pb), b.Dot(pa), 1e-5 * Math.Sqrt(a.Dot(pa) * b.Dot(pb)));
        }
    }
}

public sealed class KroneckerFactorsTestsOnCpu() : KroneckerFactorsTests(KernelFamily.Cpu);

public sealed class KroneckerFactorsTestsOnGpu() : KroneckerFactorsTests(KernelFamily.Gpu);
