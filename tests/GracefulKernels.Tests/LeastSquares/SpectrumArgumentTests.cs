namespace GracefulKernels.Tests;

/// <summary>What eigenvalues are not computed of.</summary>
public class SpectrumArgumentTests
{
    [Fact]
    public void BadArgumentsAreNamed()
    {
        using LinearizedNetwork network = SpectrumTests.Linear();
        using var problem = new LinearQuadraticProblem(network, Targets.OneHot([0, 1, 0, 1], 2), 0.5);
        Assert.Equal("iterations", Assert.Throws<ArgumentOutOfRangeException>(() => Spectrum.LargestEigenvalue(problem, iterations: 0)).ParamName);
        Assert.Equal("iterations", Assert.Throws<ArgumentOutOfRangeException>(() => Spectrum.ConditionNumber(problem, iterations: 0)).ParamName);
        Assert.Throws<ArgumentNullException>(() => Spectrum.LargestEigenvalue(null!));
        Assert.Throws<ArgumentNullException>(() => Spectrum.ConditionNumber(null!));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => Spectrum.LargestEigenvalue(problem, cancellation: stop.Token));
        Assert.Throws<OperationCanceledException>(() => Spectrum.ConditionNumber(problem, cancellation: stop.Token));
    }
}
