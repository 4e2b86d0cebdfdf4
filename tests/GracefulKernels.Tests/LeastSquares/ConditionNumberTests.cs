namespace GracefulKernels.Tests;

/// <summary>Ends of the spectrum by Lanczos, against a dense decomposition of a network with 57 parameters.</summary>
public abstract class ConditionNumberTests(KernelFamily family)
{
    private const double Lambda = 0.05;

    [Theory]
    [InlineData("none", false)]
    [InlineData("none", true)]
    [InlineData("diagonal", true)]
    [InlineData("kfac", false)]
    [InlineData("ekfac", true)]
    public void EndsAreThoseOfADenseDecomposition(string kind, bool weighted)
    {
        using LinearizedNetwork linear = Small(family.Device);
        float[] s = weighted ? [.. RandomNetworks.Normal(linear.Samples * linear.Outputs, 3).Select(MathF.Abs)] : [];
        using var problem = new LinearQuadraticProblem(linear, Targets.OneHot([.. Enumerable.Range(0, linear.Samples).Select(i => i % linear.Outputs)], linear.Outputs).WithWeights(s), Lambda);
        using Preconditioner? p = Make(kind, linear, s);
        int size = (int)linear.Network.Parameters.Count;
        double[] dense = new DenseCurvature(linear, s).Matrix(Lambda), values = p is null ? JacobiRotations.Eigen(dense, size).Values : Preconditioned(dense, p, size);
        double largest = values[^1], smallest = values[0];
        ConditionEstimate all = Spectrum.ConditionNumber(problem, p, size, seed: 1);
        // All directions: what fp32 vectors and products leave, some 1e-6 of λ_max.
        Assert.Equal(largest, all.Largest, 2e-5 * largest);
        Assert.Equal(smallest, all.Smallest, 2e-5 * largest);
        Assert.Equal(all.Largest / all.Smallest, all.Condition);
        ConditionEstimate few = Spectrum.ConditionNumber(problem, p, 12, seed: 1), one = Spectrum.ConditionNumber(problem, p, 1, seed: 1);
        Assert.Equal((12, 1), (few.Iterations, one.Iterations));
        Assert.Equal(one.Largest, one.Smallest);
        // From inside, the more so the fewer iterations.
        Assert.InRange(few.Largest, one.Largest, largest * (1 + 2e-5));
        Assert.InRange(few.Smallest, smallest - (2e-5 * largest), one.Smallest);
        Assert.Equal(largest, few.Largest, 0.05 * largest);
        Assert.Equal(few, Spectrum.ConditionNumber(problem, p, 12, seed: 1));
    }

    /// <summary>An exact preconditioner makes P⁻¹H the identity: one product exhausts it.</summary>
    [Fact]
    public void TheExactPreconditionerHasConditionOne()
    {
        using LinearizedNetwork network = SpectrumTests.Linear(family.Device);
        using var problem = new LinearQuadraticProblem(network, Targets.OneHot([0, 1, 0, 1], 2), 0.5);
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(KroneckerFactors.Compute(network));
        using var p = new EigenPreconditioner(basis, 0.5, network.Network.Parameters, network.Network.Device);
        ConditionEstimate estimate = Spectrum.ConditionNumber(problem, p);
        Assert.Equal(1, estimate.Largest, 1e-5);
        Assert.Equal(1, estimate.Condition, 1e-5);
        // Inputs k·e_k: H = diag(k²)/4 + λ for each output, four different values.
        ConditionEstimate plain = Spectrum.ConditionNumber(problem);
        Assert.Equal(4.5 / 0.75, plain.Condition, 1e-4);
        Assert.Equal(4, plain.Iterations);
    }

    [Fact]
    public void ASingularProblemHasNoFiniteCondition()
    {
        using LinearizedNetwork linear = Small(family.Device, samples: 2);
        using var problem = new LinearQuadraticProblem(linear, Targets.OneHot([0, 1], linear.Outputs, allowEmptyClasses: true), 0);
        ConditionEstimate estimate = Spectrum.ConditionNumber(problem, iterations: 20);
        // The smallest eigenvalue is zero: the Ritz value is rounding, of either sign.
        Assert.True(estimate.Condition > 1e5, $"{estimate}");
    }

    internal static LinearizedNetwork Small(ComputeDevice? device = null, int samples = 30)
    {
        var b = new NetworkBuilder(5);
        LayerOutput x = b.LeakyRelu(b.Linear("fc1", b.Input, 6), 0.1f);
        Network network = b.Build(b.Linear("fc2", x, 3), device).WithRandomWeights(1);
        return new LinearizedNetwork(network, RandomNetworks.Images(network, samples, 2), samples, options: new LinearizedOptions { BatchSize = 16 });
    }

    private static Preconditioner? Make(string kind, LinearizedNetwork linear, float[] s)
    {
        (ParameterLayout layout, ComputeDevice device) = (linear.Network.Parameters, linear.Network.Device);
        if (kind == "none") return null;
        if (kind == "diagonal") return new DiagonalPreconditioner(DiagonalCurvature.Compute(linear, weights: s), Lambda, layout, device);
        KroneckerFactors factors = KroneckerFactors.Compute(linear, weights: s);
        if (kind == "kfac") return new KroneckerPreconditioner(factors, Lambda, layout, device);
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(factors);
        return new EigenPreconditioner(basis, Lambda, layout, device, SecondMoments.Compute(linear, basis, weights: s));
    }

    /// <summary>Eigenvalues of P⁻¹H, those of the symmetric <c>P^(−1/2) H P^(−1/2)</c>; P⁻¹ from its columns.</summary>
    private static double[] Preconditioned(double[] h, Preconditioner p, int size)
    {
        double[] inverse = new double[size * size];
        for (int k = 0; k < size; k++)
        {
            float[] unit = new float[size];
            unit[k] = 1;
            using ParameterVector e = ParameterVector.FromArray(p.Layout, p.Device, unit);
            float[] column = p.Apply(e).ToArray();
            for (int i = 0; i < size; i++) inverse[(i * size) + k] = column[i];
        }
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < i; j++) inverse[(i * size) + j] = inverse[(j * size) + i] = (inverse[(i * size) + j] + inverse[(j * size) + i]) / 2;
        }
        (double[] values, double[] vectors) = JacobiRotations.Eigen(inverse, size);
        double[] root = new double[size * size];
        for (int k = 0; k < size; k++)
        {
            for (int i = 0; i < size; i++)
            {
                for (int j = 0; j < size; j++) root[(i * size) + j] += Math.Sqrt(values[k]) * vectors[(k * size) + i] * vectors[(k * size) + j];
            }
        }
        double[] product = DenseCurvature.Multiply(root, DenseCurvature.Multiply(h, root, size, size, size), size, size, size);
        return JacobiRotations.Eigen(product, size).Values;
    }
}

public sealed class ConditionNumberTestsOnCpu() : ConditionNumberTests(KernelFamily.Cpu);

public sealed class ConditionNumberTestsOnGpu() : ConditionNumberTests(KernelFamily.Gpu);
