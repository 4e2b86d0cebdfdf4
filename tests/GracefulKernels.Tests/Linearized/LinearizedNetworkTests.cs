namespace GracefulKernels.Tests;

/// <summary>JVP and VJP as a pair, over small graphs that hold every kind of layer.</summary>
public abstract class LinearizedNetworkTests(KernelFamily family)
{
    internal const int Samples = 11;

    public static TheoryData<string> Networks => RandomNetworks.Names;

    [Theory]
    [MemberData(nameof(Networks))]
    public void JvpAndVjpAreAdjoint(string name)
    {
        for (int seed = 1; seed <= 3; seed++)
        {
            using LinearizedNetwork linear = Linearized(name, seed, family.Device);
            using ParameterVector v = RandomNetworks.Direction(linear.Network, seed + 10);
            float[] u = RandomNetworks.Normal(Samples * linear.Outputs, seed + 20), jv = linear.Jvp(v);
            using ParameterVector jtu = linear.Vjp(u);
            double left = Dot(jv, u), right = jtu.Dot(v);
            // Both sides are sums of fp32 results with relative errors of some 1e-6 in norm (see the golden tests); the product of norms bounds the sum.
            double scale = Math.Sqrt(Dot(jv, jv) * Dot(u, u)) + (jtu.Norm() * v.Norm());
            Assert.True(Math.Abs(left - right) <= 2e-6 * scale, $"{name}/{seed}: ⟨Jv, u⟩ = {left:R}, ⟨v, Jᵀu⟩ = {right:R}");
            Assert.True(Math.Abs(left) > 1e-3, "the check would see nothing");
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void JvpIsTheDerivativeOfTheNetwork(string name)
    {
        // With slope 1 the network is smooth: central differences lose h² to curvature and u·|f|/h to rounding, some 1e-3 here.
        if (name != "pools") AssertDerivative(RandomNetworks.Get(name, 4, family.Device).WithLeakyRelu(1f), 1f / 1024, 3e-3);
        // With kinks (of activations, and of maxima) the step crosses a share of them that is proportional to h, and each costs O(h).
        AssertDerivative(RandomNetworks.Get(name, 4, family.Device), 1f / 4096, 3e-2);
    }

    private static void AssertDerivative(Network network, float h, double tolerance)
    {
        float[] images = RandomNetworks.Images(network, Samples, 4);
        using var linear = new LinearizedNetwork(network, images, Samples);
        using ParameterVector v = RandomNetworks.Direction(network, 7);
        using ParameterVector plus = RandomNetworks.Direction(network, 7, h), minus = RandomNetworks.Direction(network, 7, -h);
        float[] above = network.WithUpdate(plus).Predict(images, Samples), below = network.WithUpdate(minus).Predict(images, Samples);
        double[] difference = [.. above.Zip(below, (a, b) => ((double)a - b) / (2 * h))];
        Tolerance.AssertRelativeNorm(difference, linear.Jvp(v), tolerance, "derivative");
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void TheBudgetChangesNoBit(string name)
    {
        float[]? f0 = null, jvp = null, vjp = null;
        foreach (long batches in new[] { 100L, 2, 0 })
        {
            Network network = RandomNetworks.Get(name, 2, family.Device);
            long bytes = batches * network.Plan.State.BytesPerSample * 4;
            using LinearizedNetwork linear = Linearized(name, 2, family.Device, new LinearizedOptions { BatchSize = 4, CacheBytes = bytes });
            Assert.Equal(Math.Min(batches, 3), linear.CachedBatches);
            using ParameterVector v = RandomNetworks.Direction(linear.Network, 12);
            float[] nextJvp = linear.Jvp(v);
            using ParameterVector next = linear.Vjp(RandomNetworks.Normal(Samples * linear.Outputs, 13));
            Tolerance.AssertSameBits(f0 ??= linear.F0.ToArray(), linear.F0.Span, "f0");
            Tolerance.AssertSameBits(jvp ??= nextJvp, nextJvp, "jvp");
            Tolerance.AssertSameBits(vjp ??= next.ToArray(), next.ToArray(), "vjp");
        }
    }

    [Fact]
    public void AModelPredictsWhatTheProblemFitted()
    {
        using LinearizedNetwork linear = Linearized("kept", 3, family.Device);
        float[] images = RandomNetworks.Images(linear.Network, Samples, 3), jvp;
        using ParameterVector d = RandomNetworks.Direction(linear.Network, 12);
        jvp = linear.Jvp(d);
        float[] outputs = new LinearizedModel(linear.Network, d).Predict(images, Samples, batchSize: 4);
        Tolerance.AssertSameBits([.. jvp.Zip(linear.F0.ToArray(), (a, b) => a + b)], outputs, "f0 + Jd");
        Assert.Empty(new LinearizedModel(linear.Network, d).Predict([], 0));
    }

    internal static LinearizedNetwork Linearized(string name, int seed, ComputeDevice device, LinearizedOptions? options = null)
    {
        Network network = RandomNetworks.Get(name, seed, device);
        return new LinearizedNetwork(network, RandomNetworks.Images(network, Samples, seed), Samples, options: options ?? new LinearizedOptions { BatchSize = 4 });
    }

    private static double Dot(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();
}

public sealed class LinearizedNetworkTestsOnCpu() : LinearizedNetworkTests(KernelFamily.Cpu);

public sealed class LinearizedNetworkTestsOnGpu() : LinearizedNetworkTests(KernelFamily.Gpu);
