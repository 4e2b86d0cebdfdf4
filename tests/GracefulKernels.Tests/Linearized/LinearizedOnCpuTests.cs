namespace GracefulKernels.Tests;

/// <summary>Linearised networks: bits across instruction sets, allocations, files and arguments.</summary>
public class LinearizedOnCpuTests
{
    public static TheoryData<string> Networks => RandomNetworks.Names;

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
                using LinearizedNetwork linear = LinearizedNetworkTests.Linearized(name, 3, device);
                using ParameterVector v = RandomNetworks.Direction(linear.Network, 12);
                float[] nextJvp = linear.Jvp(v);
                using ParameterVector next = linear.Vjp(RandomNetworks.Normal(LinearizedNetworkTests.Samples * linear.Outputs, 13));
                Tolerance.AssertSameBits(f0 ??= linear.F0.ToArray(), linear.F0.Span, $"f0 on {device}");
                Tolerance.AssertSameBits(jvp ??= nextJvp, nextJvp, $"jvp on {device}");
                Tolerance.AssertSameBits(vjp ??= next.ToArray(), next.ToArray(), $"vjp on {device}");
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    public void ASweepAllocatesNothingAfterItsFirstRun(long spillBytes)
    {
        // One thread: the measure counts the caller's allocations only.
        using ComputeDevice device = ComputeDevice.Cpu(threads: 1);
        using LinearizedNetwork linear = LinearizedNetworkTests.Linearized("kept", 3, device, new LinearizedOptions { BatchSize = 4, CacheBytes = 0, SpillBytes = spillBytes });
        Assert.Equal(spillBytes > 0 ? 3 : 0, linear.Plan.BatchesMapped);
        using ParameterVector v = RandomNetworks.Direction(linear.Network, 12), g = RandomNetworks.Direction(linear.Network, 12);
        using var outputs = new DeviceFloats(linear.Kernels, LinearizedNetworkTests.Samples * linear.Outputs);
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
}
