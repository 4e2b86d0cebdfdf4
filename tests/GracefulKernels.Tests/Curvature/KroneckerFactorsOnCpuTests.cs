namespace GracefulKernels.Tests;

/// <summary>Files of factors, and what is refused.</summary>
public class KroneckerFactorsOnCpuTests
{
    [Fact]
    public void FactorsSurviveTheirFile()
    {
        Network network = RandomNetworks.Get("kept", 2);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 9, 1), 9);
        KroneckerFactors factors = KroneckerFactors.Compute(linear);
        using var folder = new TemporaryFolder();
        string path = folder.File("factors.safetensors");
        factors.Save(path);
        KroneckerFactors back = KroneckerFactors.Load(path);
        Assert.Equal((factors.Samples, factors.MeanWeight), (back.Samples, back.MeanWeight));
        using ParameterVector v = RandomNetworks.Direction(network, 3);
        using var p = new KroneckerPreconditioner(factors, 0.1, network.Parameters, network.Device);
        using var q = new KroneckerPreconditioner(back, 0.1, network.Parameters, network.Device);
        Tolerance.AssertSameBits(p.Apply(v).ToArray(), q.Apply(v).ToArray(), "applied");
        network.SaveWeights(path);
        Assert.Contains("expected 'graceful-kronecker/2'", Assert.Throws<InvalidDataException>(() => KroneckerFactors.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FailuresAreNamed()
    {
        Network network = RandomNetworks.Get("vector", 2), other = RandomNetworks.Get("residual", 2);
        // One sample: every factor has rank one.
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 1, 1), 1);
        KroneckerFactors factors = KroneckerFactors.Compute(linear);
        NotPositiveDefiniteException e = Assert.Throws<NotPositiveDefiniteException>(
            () => new KroneckerPreconditioner(factors, 0, network.Parameters, network.Device));
        Assert.Equal(("Factor A of layer 'fc1'", 0.0), (e.Name, e.Damping));
        Assert.Equal($"Factor A of layer 'fc1' (n = {e.Order}) is not positive definite: pivot {e.Pivot} at damping 0.", e.Message);
        Assert.Equal("damping", Assert.Throws<ArgumentOutOfRangeException>(() => new KroneckerPreconditioner(factors, -1, network.Parameters, network.Device)).ParamName);
        ArgumentException wrong = Assert.Throws<ArgumentException>(() => new KroneckerPreconditioner(factors, 1, other.Parameters, other.Device));
        Assert.Contains("'fc1.weight'", wrong.Message, StringComparison.Ordinal);
        Assert.Equal("weights", Assert.Throws<ArgumentException>(() => KroneckerFactors.Compute(linear, weights: [1f])).ParamName);
        Assert.Throws<ArgumentException>(() => KroneckerFactors.Compute(linear, weights: [1f, -1f, 1f]));
        Assert.Throws<ArgumentOutOfRangeException>(() => KroneckerFactors.Compute(linear, new FactorOptions { Probes = 0 }));
        using var second = new LinearizedNetwork(other, RandomNetworks.Images(other, 2, 1), 2);
        Assert.Equal("other", Assert.Throws<ArgumentException>(() => factors + KroneckerFactors.Compute(second)).ParamName);
    }
}
