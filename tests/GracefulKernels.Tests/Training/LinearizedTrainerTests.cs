namespace GracefulKernels.Tests;

/// <summary>Cross-entropy on the linearised network: a convex problem, with Newton's answer in fp64.</summary>
public abstract class LinearizedTrainerTests(KernelFamily family)
{
    private const int Samples = 30;
    private const double Lambda = 0.05;

    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    public void ItConvergesToNewtonsOptimum(double smoothing)
    {
        using LinearizedNetwork linear = Linear(out int[] labels);
        SolverResult result = LinearizedTrainer.Train(linear, labels, Lambda, new PsgdOptions
        {
            // All samples at once: no noise. A fixed rate below 1/λ_max of the squared loss, which is above that of cross-entropy.
            BatchSize = Samples, Epochs = 3000, EvaluationInterval = 20, Tolerance = family.IsCpu ? 1e-5 : 1e-4, LearningRate = LearningRate.Constant(Rate(linear)),
        }, labelSmoothing: smoothing);
        Assert.True(result.Converged, $"{result.Stop} {result.RelativeGradient:E1} after {result.Iterations}");
        double[][] jacobian = DensePcg.Jacobian(linear);
        (double[] d, double loss) = Newton(jacobian, linear.F0.ToArray(), labels, linear.Outputs, smoothing);
        // λ-strong convexity: ‖δd‖ ≤ ‖∇L‖/λ.
        double first = result.RelativeGradient == 0 ? 0 : GradientAtZero(jacobian, linear.F0.ToArray(), labels, linear.Outputs, smoothing);
        double bound = (result.RelativeGradient * first / Lambda) + 1e-4;
        double distance = Math.Sqrt(d.Zip(result.Update.ToArray(), (a, b) => (a - b) * (a - b)).Sum());
        Assert.True(distance <= bound, $"‖δd‖ = {distance:E2}, at most {bound:E2}");
        Assert.Equal(loss, result.Loss, 1e-5 * loss);
    }

    [Fact]
    public void BatchesComeNearAndRepeat()
    {
        using LinearizedNetwork linear = Linear(out int[] labels);
        var options = new PsgdOptions { BatchSize = 7, Epochs = family.Fewer(60, 40), LearningRate = LearningRate.Cosine(0.3 * Rate(linear)), Seed = 4, Tolerance = 0 };
        var progress = new Reports<SolverProgress>();
        SolverResult first = LinearizedTrainer.Train(linear, labels, Lambda, options, progress: progress);
        SolverResult again = LinearizedTrainer.Train(linear, labels, Lambda, options with { CacheBytes = 0 });
        Tolerance.AssertSameBits(first.Update.ToArray(), again.Update.ToArray(), "the same seed, nothing cached");
        Assert.Equal(first.History, progress.All);
        Assert.Equal(SolverStop.Budget, first.Stop);
        (_, double loss) = Newton(DensePcg.Jacobian(linear), linear.F0.ToArray(), labels, linear.Outputs, 0);
        // A cosine to 0 leaves a few hundredths of the way.
        Assert.InRange(first.Loss, loss * (1 - 1e-5), loss + (0.05 * (first.History[0].Loss - loss)));
    }

    [Fact]
    public void APreconditionerFindsTheSameOptimum()
    {
        using LinearizedNetwork linear = Linear(out int[] labels);
        using var problem = new LinearQuadraticProblem(linear, Targets.OneHot(labels, 3), Lambda);
        using var p = new KroneckerPreconditioner(KroneckerFactors.Compute(linear), Lambda, linear.Network.Parameters, linear.Network.Device);
        SolverResult result = LinearizedTrainer.Train(linear, labels, Lambda, new PsgdOptions
        {
            BatchSize = Samples, Epochs = 3000, EvaluationInterval = 20, Tolerance = 1e-3, LearningRate = LearningRate.Constant(1 / Spectrum.LargestEigenvalue(problem, p)),
        }, p);
        Assert.True(result.Converged);
        (_, double loss) = Newton(DensePcg.Jacobian(linear), linear.F0.ToArray(), labels, linear.Outputs, 0);
        Assert.Equal(loss, result.Loss, 1e-4 * loss);
    }

    [Fact]
    public void DivergenceCancellationAndBadArgumentsAreNamed()
    {
        using LinearizedNetwork linear = Linear(out int[] labels);
        DivergenceException e = Assert.Throws<DivergenceException>(
            () => LinearizedTrainer.Train(linear, labels, Lambda, new PsgdOptions { LearningRate = LearningRate.Constant(1e4) }));
        Assert.Contains("Training by cross-entropy diverged in epoch", e.Message, StringComparison.Ordinal);
        Assert.Contains("learning rate 10000", e.Message, StringComparison.Ordinal);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => LinearizedTrainer.Train(linear, labels, Lambda, cancellation: source.Token));
        AssertNamed("labels", "labels is [29]; expected [30]", () => LinearizedTrainer.Train(linear, labels.AsSpan(1), Lambda));
        AssertNamed("labels", "labels[3] is 3; expected a class in [0, 3).", () => LinearizedTrainer.Train(linear, [0, 1, 2, 3, .. new int[26]], Lambda));
        AssertNamed("lambda", "lambda is -1", () => LinearizedTrainer.Train(linear, labels, -1));
        AssertNamed("labelSmoothing", "labelSmoothing is 1", () => LinearizedTrainer.Train(linear, labels, Lambda, labelSmoothing: 1));
        AssertNamed("options", "BatchSize is 0", () => LinearizedTrainer.Train(linear, labels, Lambda, new PsgdOptions { BatchSize = 0 }));
        using SolverTests.Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0.1);
        using KroneckerPreconditioner p = s.Preconditioner(problem, 0.1);
        AssertNamed("preconditioner", "another network", () => LinearizedTrainer.Train(linear, labels, Lambda, preconditioner: p));
    }

    /// <summary>4 → 6 → 3 with a leaky ReLU: 51 parameters.</summary>
    private LinearizedNetwork Linear(out int[] labels)
    {
        var b = new NetworkBuilder(4);
        Network network = b.Build(b.Linear("fc2", b.LeakyRelu(b.Linear("fc1", b.Input, 6), 0.1f), 3), family.Device).WithRandomWeights(2);
        float[] x = RandomNetworks.Images(network, Samples, 3);
        labels = [.. Enumerable.Range(0, Samples).Select(i => x[4 * i] > 0.3f ? 0 : x[(4 * i) + 1] > 0 ? 1 : 2)];
        return new LinearizedNetwork(network, x, Samples);
    }

    private static double Rate(LinearizedNetwork linear)
    {
        using var problem = new LinearQuadraticProblem(linear, new Targets(new float[Samples * 3], Samples, 3), Lambda);
        return 1 / Spectrum.LargestEigenvalue(problem);
    }

    private static double GradientAtZero(double[][] j, float[] f0, int[] labels, int classes, double smoothing)
    {
        var sum = new double[j[0].Length];
        for (int i = 0; i < labels.Length; i++)
        {
            double[] p = Softmax([.. Enumerable.Range(0, classes).Select(c => (double)f0[(i * classes) + c])]);
            for (int c = 0; c < classes; c++)
            {
                for (int k = 0; k < sum.Length; k++) sum[k] += j[(i * classes) + c][k] * (p[c] - Target(labels[i], c, classes, smoothing)) / labels.Length;
            }
        }
        return Math.Sqrt(DensePcg.Dot(sum, sum));
    }

    /// <summary>Full Newton steps in fp64: the Hessian is (1/n) Σ J_iᵀ(diag p − ppᵀ)J_i + λI.</summary>
    private static (double[] D, double Loss) Newton(double[][] j, float[] f0, int[] labels, int classes, double smoothing)
    {
        int n = labels.Length, size = j[0].Length;
        double[] d = new double[size];
        for (int iteration = 0; ; iteration++)
        {
            double[] g = [.. d.Select(v => Lambda * v)];
            double[,] h = new double[size, size + 1];
            double loss = Lambda / 2 * DensePcg.Dot(d, d);
            for (int k = 0; k < size; k++) h[k, k] = Lambda;
            for (int i = 0; i < n; i++)
            {
                double[] p = Softmax([.. Enumerable.Range(0, classes).Select(c => f0[(i * classes) + c] + DensePcg.Dot(j[(i * classes) + c], d))]);
                for (int c = 0; c < classes; c++)
                {
                    double t = Target(labels[i], c, classes, smoothing);
                    loss -= t * Math.Log(p[c]) / n;
                    double[] row = j[(i * classes) + c];
                    for (int a = 0; a < size; a++) g[a] += row[a] * (p[c] - t) / n;
                    for (int e = 0; e < classes; e++)
                    {
                        double w = ((c == e ? p[c] : 0) - (p[c] * p[e])) / n;
                        double[] other = j[(i * classes) + e];
                        for (int a = 0; a < size; a++)
                        {
                            for (int b = 0; b < size; b++) h[a, b] += w * row[a] * other[b];
                        }
                    }
                }
            }
            if (DensePcg.Dot(g, g) < 1e-24) return (d, loss);
            Assert.True(iteration < 50, "Newton does not converge");
            for (int k = 0; k < size; k++) h[k, size] = -g[k];
            double[] step = Eliminate(h, size);
            for (int k = 0; k < size; k++) d[k] += step[k];
        }
    }

    /// <summary>Without pivoting: the matrix is positive definite.</summary>
    private static double[] Eliminate(double[,] h, int size)
    {
        for (int k = 0; k < size; k++)
        {
            for (int i = k + 1; i < size; i++)
            {
                double factor = h[i, k] / h[k, k];
                for (int c = k; c <= size; c++) h[i, c] -= factor * h[k, c];
            }
        }
        double[] x = new double[size];
        for (int i = size - 1; i >= 0; i--)
        {
            double sum = h[i, size];
            for (int c = i + 1; c < size; c++) sum -= h[i, c] * x[c];
            x[i] = sum / h[i, i];
        }
        return x;
    }

    /// <summary>PyTorch's smoothing: ε over all classes, the label among them.</summary>
    private static double Target(int label, int c, int classes, double smoothing) => (c == label ? 1 - smoothing : 0) + (smoothing / classes);

    private static double[] Softmax(double[] z)
    {
        double max = z.Max(), sum = z.Sum(v => Math.Exp(v - max));
        return [.. z.Select(v => Math.Exp(v - max) / sum)];
    }

    private static void AssertNamed(string parameter, string text, Action call)
    {
        ArgumentException e = Assert.ThrowsAny<ArgumentException>(call);
        Assert.True(e.Message.Contains(text, StringComparison.Ordinal), e.Message);
        Assert.Equal(parameter, e.ParamName);
    }
}

public sealed class LinearizedTrainerTestsOnCpu() : LinearizedTrainerTests(KernelFamily.Cpu);

public sealed class LinearizedTrainerTestsOnGpu() : LinearizedTrainerTests(KernelFamily.Gpu);
