namespace GracefulKernels.Tests;

/// <summary>K = JJᵀ, on every kind of layer and cut in any blocks.</summary>
public abstract class GramMatrixTests(KernelFamily family)
{
    public static TheoryData<string> Names => RandomNetworks.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void ItIsTheProductOfTheRowsOfTheJacobian(string name)
    {
        Network network = RandomNetworks.Get(name, 3, family.Device);
        const int Samples = 11;
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, Samples, 4), Samples, options: new LinearizedOptions { BatchSize = 4 });
        double[][] j = DenseLeastSquares.Rows(linear);
        double[] expected = [.. from x in j from y in j select DenseLeastSquares.Dot(x, y)];
        GramMatrix whole = GramMatrix.Compute(linear);
        Assert.Equal(Samples * network.Outputs, whole.Rows);
        // A sample's gradient alone or in a batch: the same sums in another order. Products accumulate in fp32 over at most 512 parameters.
        Tolerance.AssertRelativeNorm(expected, whole.Values.Span, 1e-6, name);
        long rowBytes = network.Parameters.DeviceLength * sizeof(float) * network.Outputs;
        // Blocks of 1, 1, 2, 3 and 4 samples, and as many as there are.
        foreach (long budget in new[] { 0, 2 * rowBytes, 4 * rowBytes, 7 * rowBytes, 9 * rowBytes, 11 * rowBytes })
        {
            double[] cut = GramMatrix.Compute(linear, new GramOptions { RowBytes = budget }).Values.ToArray();
            if (family.IsCpu) Assert.Equal(whole.Values.ToArray(), cut);
            else Tolerance.AssertRelativeNorm(whole.Values.Span, cut, 1e-6, $"{name} {budget}");
        }
    }

    [Fact]
    public void BothTrianglesAreTheSame()
    {
        using SolverTests.Small s = new(family.Device);
        GramMatrix gram = GramMatrix.Compute(s.Linear, new GramOptions { RowBytes = 1 << 16 });
        for (int i = 0; i < gram.Rows; i++)
        {
            for (int j = 0; j < i; j++) Assert.Equal(gram.Values.Span[(i * gram.Rows) + j], gram.Values.Span[(j * gram.Rows) + i]);
        }
    }

    [Fact]
    public void ProgressEndsAtOneAndCancellationStops()
    {
        using SolverTests.Small s = new(family.Device);
        var seen = new List<double>();
        _ = GramMatrix.Compute(s.Linear, new GramOptions { RowBytes = 1 << 18 }, new Immediate(seen.Add));
        Assert.True(seen.Count > 1);
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(1, seen[^1], 1e-12);
        using var source = new CancellationTokenSource();
        var cancel = new Immediate(_ => source.Cancel());
        Assert.Throws<OperationCanceledException>(() => GramMatrix.Compute(s.Linear, new GramOptions { RowBytes = 1 << 18 }, cancel, source.Token));
    }

    internal sealed class Immediate(Action<double> then) : IProgress<double>
    {
        public void Report(double value) => then(value);
    }
}

public sealed class GramMatrixTestsOnCpu() : GramMatrixTests(KernelFamily.Cpu);

public sealed class GramMatrixTestsOnGpu() : GramMatrixTests(KernelFamily.Gpu);
