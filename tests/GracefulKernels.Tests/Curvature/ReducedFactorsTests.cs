namespace GracefulKernels.Tests;

/// <summary>The reduce convention, where it is exact and by its definition where it is not.</summary>
public abstract class ReducedFactorsTests(KernelFamily family)
{
    private static readonly FactorOptions Reduce = new() { Convention = FactorConvention.Reduce };

    /// <summary>A shared layer, a mean over its positions and a linear head: no activation, so that g is the same for all samples and positions.</summary>
    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(3, 1, 2)]
    public void ItIsExactForASharedLayerBeforeAMean(int kernel, int padding, int stride)
    {
        var b = new NetworkBuilder(6, 5, 3);
        LayerOutput x = b.GlobalMean(b.Convolution("shared", b.Input, 4, kernel, stride, padding));
        Network network = b.Build(b.Linear("head", x, 3), family.Device).WithRandomWeights(2);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 7, 1), 7, options: new LinearizedOptions { BatchSize = 4 });
        KroneckerBlock reduced = KroneckerFactors.Compute(linear, Reduce)["shared"], expanded = KroneckerFactors.Compute(linear)["shared"];
        double[] block = new DenseCurvature(linear).Block(reduced);
        // Factors are sums of fp32 products.
        Tolerance.AssertRelativeNorm(block, Product(reduced), 2e-5, "G ⊗ A");
        double[] other = Product(expanded);
        // Images of noise: a mean over positions loses most of what expand counts.
        Assert.True(Norm(block.Zip(other, (p, q) => p - q)) > 0.1 * Norm(block), "expand is exact here too");
    }

    [Fact]
    public void FactorsAreMeansOfInputsAndSumsOfGradients()
    {
        const int N = 9;
        Network network = RandomNetworks.Get("residual", 2, family.Device);
        float[] images = RandomNetworks.Images(network, N, 1), s = [.. RandomNetworks.Normal(N * network.Outputs, 3).Select(MathF.Abs)];
        using var linear = new LinearizedNetwork(network, images, N, options: new LinearizedOptions { BatchSize = 4 });
        KroneckerFactors factors = KroneckerFactors.Compute(linear, Reduce, s);
        KroneckerBlock stem = factors["stem"];
        double[] a = new double[stem.Columns * stem.Columns], g = new double[stem.Rows * stem.Rows];
        for (int i = 0; i < N; i++) AddOuter(a, MeanPatch(images.AsSpan(i * 9 * 7 * 3, 9 * 7 * 3)), N);
        Tolerance.AssertRelativeNorm(a, stem.InputFactor(), 1e-6, "A");
        // The sum of g over positions is the gradient of the bias.
        foreach (double[] row in new DenseCurvature(linear, s).BlockRows(stem)) AddOuter(g, [.. Enumerable.Range(1, stem.Rows).Select(r => row[(r * stem.Columns) - 1])], N);
        Tolerance.AssertRelativeNorm(g, stem.OutputFactor(), 1e-5, "G");
    }

    [Fact]
    public void LayersWithOnePositionAreTheSame()
    {
        Network network = RandomNetworks.Get("vector", 2, family.Device);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 9, 1), 9);
        KroneckerFactors expand = KroneckerFactors.Compute(linear), reduce = KroneckerFactors.Compute(linear, Reduce);
        foreach (KroneckerBlock b in expand.Blocks) Assert.Equal(b.InputFactor(), reduce[b.Name].InputFactor());
        Assert.Contains("Reduce", Assert.Throws<ArgumentException>(() => expand + reduce).Message, StringComparison.Ordinal);
    }

    private static double[] Product(KroneckerBlock b) => DenseCurvature.Kronecker(b.OutputFactor(), b.InputFactor(), b.Rows, b.Columns);

    private static double Norm(IEnumerable<double> v) => Math.Sqrt(v.Sum(x => x * x));

    private static void AddOuter(double[] sum, double[] v, int count)
    {
        for (int i = 0; i < sum.Length; i++) sum[i] += v[i / v.Length] * v[i % v.Length] / count;
    }

    /// <summary>Of a 9 × 7 × 3 image under a 3 × 3 kernel with padding 1, and a one.</summary>
    private static double[] MeanPatch(ReadOnlySpan<float> image)
    {
        double[] mean = new double[28];
        mean[27] = 1;
        for (int k = 0; k < 27; k++)
        {
            int ky = k / 9, kx = k / 3 % 3, c = k % 3;
            for (int t = 0; t < 63; t++)
            {
                int y = (t / 7) + ky - 1, x = (t % 7) + kx - 1;
                if (y is >= 0 and < 9 && x is >= 0 and < 7) mean[k] += image[(((y * 7) + x) * 3) + c] / 63.0;
            }
        }
        return mean;
    }
}

public sealed class ReducedFactorsTestsOnCpu() : ReducedFactorsTests(KernelFamily.Cpu);

public sealed class ReducedFactorsTestsOnGpu() : ReducedFactorsTests(KernelFamily.Gpu);
