namespace GracefulKernels.Tests;

public abstract class SpectrumTests(KernelFamily family)
{
    private const int Features = 4;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LargestEigenvalueOfALinearNetworkIsThatOfItsInputs(bool weighted)
    {
        // Inputs k·e_k: H = diag(k²)/n for each output, plus λ; weights 3 multiply the data's part.
        using LinearizedNetwork network = Linear(family.Device);
        float[] weights = weighted ? [.. Enumerable.Repeat(3f, Features * 2)] : [];
        using var problem = new LinearQuadraticProblem(network, Targets.OneHot([0, 1, 0, 1], 2).WithWeights(weights), 0.5);
        double expected = ((weighted ? 3 : 1) * Features * Features / (double)Features) + 0.5;
        // Power iteration: the error falls with (second / first eigenvalue)² ≈ 0.37 a step; fp32 vectors leave about 1e-6.
        Assert.Equal(expected, Spectrum.LargestEigenvalue(problem, iterations: 40), 5e-6 * expected);
    }

    [Fact]
    public void WithTheExactPreconditionerItIsOne()
    {
        using LinearizedNetwork network = Linear(family.Device);
        using var problem = new LinearQuadraticProblem(network, Targets.OneHot([0, 1, 0, 1], 2), 0.5);
        // The block of a last layer is exact, so P = H.
        using var preconditioner = new KroneckerPreconditioner(KroneckerFactors.Compute(network), 0.5, network.Network.Parameters, network.Network.Device);
        Assert.Equal(1, Spectrum.LargestEigenvalue(problem, preconditioner, iterations: 3), 1e-5);
    }

    internal static LinearizedNetwork Linear(ComputeDevice? device = null)
    {
        var b = new NetworkBuilder(Features);
        Network network = b.Build(b.Linear("head", b.Input, 2, bias: false), device).WithRandomWeights(1);
        float[] inputs = new float[Features * Features];
        for (int k = 0; k < Features; k++) inputs[(k * Features) + k] = k + 1;
        return new LinearizedNetwork(network, inputs, Features);
    }
}

public sealed class SpectrumTestsOnCpu() : SpectrumTests(KernelFamily.Cpu);

public sealed class SpectrumTestsOnGpu() : SpectrumTests(KernelFamily.Gpu);
