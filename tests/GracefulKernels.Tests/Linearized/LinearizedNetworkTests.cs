namespace GracefulKernels.Tests;

/// <summary>JVP and VJP as a pair, over small graphs that hold every kind of layer.</summary>
public class LinearizedNetworkTests
{
    private const int Samples = 11;

    public static TheoryData<string> Networks => RandomNetworks.Names;

    [Theory]
    [MemberData(nameof(Networks))]
    public void JvpAndVjpAreAdjoint(string name)
    {
        for (int seed = 1; seed <= 3; seed++)
        {
            using LinearizedNetwork linear = Linearized(name, seed);
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
        if (name != "pools") AssertDerivative(RandomNetworks.Get(name, 4).WithLeakyRelu(1f), 1f / 1024, 3e-3);
        // With kinks (of activations, and of maxima) the step crosses a share of them that is proportional to h, and each costs O(h).
        AssertDerivative(RandomNetworks.Get(name, 4), 1f / 4096, 3e-2);
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
            Network network = RandomNetworks.Get(name, 2);
            long bytes = batches * network.Plan.State.BytesPerSample * 4;
            using LinearizedNetwork linear = Linearized(name, 2, new LinearizedOptions { BatchSize = 4, CacheBytes = bytes });
            Assert.Equal(Math.Min(batches, 3), linear.CachedBatches);
            using ParameterVector v = RandomNetworks.Direction(linear.Network, 12);
            float[] nextJvp = linear.Jvp(v);
            using ParameterVector next = linear.Vjp(RandomNetworks.Normal(Samples * linear.Outputs, 13));
            Tolerance.AssertSameBits(f0 ??= linear.F0.ToArray(), linear.F0.Span, "f0");
            Tolerance.AssertSameBits(jvp ??= nextJvp, nextJvp, "jvp");
            Tolerance.AssertSameBits(vjp ??= next.ToArray(), next.ToArray(), "vjp");
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void EveryInstructionSetAndThreadCountGivesTheSameBits(string name)
    {
        float[]? jvp = null, vjp = null, f0 = null;
        foreach (SimdLevel simd in ComputeDevice.SupportedSimd)
        {
            foreach (int threads in new[] { 1, 2, 3, 5 })
            {
                using ComputeDevice device = ComputeDevice.Cpu(simd, threads);
                using LinearizedNetwork linear = Linearized(name, 3, null, device);
                using ParameterVector v = RandomNetworks.Direction(linear.Network, 12);
                float[] nextJvp = linear.Jvp(v);
                using ParameterVector next = linear.Vjp(RandomNetworks.Normal(Samples * linear.Outputs, 13));
                Tolerance.AssertSameBits(f0 ??= linear.F0.ToArray(), linear.F0.Span, $"f0 on {device}");
                Tolerance.AssertSameBits(jvp ??= nextJvp, nextJvp, $"jvp on {device}");
                Tolerance.AssertSameBits(vjp ??= next.ToArray(), next.ToArray(), $"vjp on {device}");
            }
        }
    }

    [Fact]
    public void ASweepAllocatesNothingAfterItsFirstRun()
    {
        // One thread: the measure counts the caller's allocations only.
        using ComputeDevice device = ComputeDevice.Cpu(threads: 1);
        using LinearizedNetwork linear = Linearized("kept", 3, new LinearizedOptions { BatchSize = 4, CacheBytes = 0 }, device);
        using ParameterVector v = RandomNetworks.Direction(linear.Network, 12), g = RandomNetworks.Direction(linear.Network, 12);
        using var outputs = new DeviceFloats(linear.Kernels, Samples * linear.Outputs);
        Sweep();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Sweep();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Sweep()
        {
            linear.Jvp(v.Block, outputs.Block, CancellationToken.None);
            linear.Vjp(outputs.Block, g.Block, CancellationToken.None);
        }
    }

    [Fact]
    public void AModelPredictsWhatTheProblemFitted()
    {
        using LinearizedNetwork linear = Linearized("kept", 3);
        float[] images = RandomNetworks.Images(linear.Network, Samples, 3), jvp;
        using ParameterVector d = RandomNetworks.Direction(linear.Network, 12);
        jvp = linear.Jvp(d);
        float[] outputs = new LinearizedModel(linear.Network, d).Predict(images, Samples, batchSize: 4);
        Tolerance.AssertSameBits([.. jvp.Zip(linear.F0.ToArray(), (a, b) => a + b)], outputs, "f0 + Jd");
        Assert.Empty(new LinearizedModel(linear.Network, d).Predict([], 0));
    }

    [Fact]
    public void AModelSurvivesItsFile()
    {
        Network network = RandomNetworks.Get("pools", 1), other = RandomNetworks.Get("kept", 1);
        using ParameterVector d = RandomNetworks.Direction(network, 5);
        using var folder = new TemporaryFolder();
        string path = folder.File("d.safetensors");
        new LinearizedModel(network, d, 0.125, 15).Save(path);
        LinearizedModel back = LinearizedModel.Load(path, network);
        Tolerance.AssertSameBits(d.ToArray(), back.Update.ToArray(), "d");
        Assert.Equal((0.125, 15), (back.Lambda, back.Alpha));
        string message = Assert.Throws<InvalidDataException>(() => LinearizedModel.Load(path, other)).Message;
        Assert.Contains("no tensor 'first.weight'; expected one of shape [2].", message, StringComparison.Ordinal);
        network.SaveWeights(path);
        Assert.Contains("format is 'pt'; expected 'graceful-linearized/1'", Assert.Throws<InvalidDataException>(() => LinearizedModel.Load(path, network)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BadArgumentsAreNamed()
    {
        Network network = RandomNetworks.Get("vector", 1);
        float[] images = RandomNetworks.Images(network, 3, 1);
        ArgumentException e = Assert.Throws<ArgumentException>(() => new LinearizedNetwork(network, images.AsSpan(1), 3));
        Assert.Equal("images", e.ParamName);
        Assert.Contains("images has 38 elements; expected [3 × 13] = 39.", e.Message, StringComparison.Ordinal);
        Assert.Equal("samples", Assert.Throws<ArgumentException>(() => new LinearizedNetwork(network, [], 0)).ParamName);
        images[7] = float.NaN;
        e = Assert.Throws<ArgumentException>(() => new LinearizedNetwork(network, images, 3));
        Assert.Contains("images[7] is NaN", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new LinearizedNetwork(network, new float[39], 3, options: new LinearizedOptions { BatchSize = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LinearizedNetwork(network, new float[39], 3, options: new LinearizedOptions { CacheBytes = -1 }));
        using var linear = new LinearizedNetwork(network, new float[39], 3);
        e = Assert.Throws<ArgumentException>(() => linear.Vjp(new float[6]));
        Assert.Equal(("u", true), (e.ParamName, e.Message.StartsWith("u is [2 × 3]; expected [3 × 3] (samples × outputs).", StringComparison.Ordinal)));
        using ParameterVector wrong = RandomNetworks.Direction(RandomNetworks.Get("kept", 1), 1);
        Assert.Equal("d", Assert.Throws<ArgumentException>(() => linear.Jvp(wrong)).ParamName);
    }

    private static LinearizedNetwork Linearized(string name, int seed, LinearizedOptions? options = null, ComputeDevice? device = null)
    {
        Network network = RandomNetworks.Get(name, seed, device);
        return new LinearizedNetwork(network, RandomNetworks.Images(network, Samples, seed), Samples, options: options ?? new LinearizedOptions { BatchSize = 4 });
    }

    private static double Dot(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();
}
