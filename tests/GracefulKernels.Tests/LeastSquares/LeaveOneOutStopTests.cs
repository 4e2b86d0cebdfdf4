namespace GracefulKernels.Tests;

/// <summary>The estimate that early stopping follows, against dense fp64 answers, and where it stops.</summary>
public abstract class LeaveOneOutStopTests(KernelFamily family)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheEstimateIsTheFrozenFiltersWithTheSameSigns(bool preconditioned)
    {
        const int Iterations = 5, Seed = 5;
        using SolverTests.Small s = new(family.Device);
        Targets targets = s.Targets(weighted: true);
        using var problem = new LinearQuadraticProblem(s.Linear, targets, 0.05);
        using KroneckerPreconditioner p = s.Preconditioner(problem, 0.05);
        KroneckerPreconditioner? used = preconditioned ? p : null;
        SolverResult result = Pcg.Solve(problem, new PcgOptions
        {
            // A refresh in the midst.
            Tolerance = 0, MaxIterations = Iterations, RefreshInterval = 3, LeaveOneOut = new() { Patience = 100, Seed = Seed },
        }, used);
        var dense = new DensePcg(DensePcg.Jacobian(s.Linear), [.. targets.Weights.ToArray().Select(v => (double)v)], 40, 0.05, used is null ? null : v => Apply(used, v));
        double[] t = [.. targets.Values.ToArray().Zip(s.Linear.F0.ToArray(), (a, b) => (double)a - b)];
        List<double[]> fitted = dense.Solve(t, Iterations);
        var random = new CounterRandom(Seed);
        double[] z = [.. Enumerable.Range(0, t.Length).Select(i => random.Bits((ulong)i) >> 63 == 0 ? 1.0 : -1.0)];
        List<double[]> probe = dense.Frozen(z);
        for (int k = 0; k <= Iterations; k++)
        {
            double loss = 0;
            for (int i = 0; i < t.Length; i++) loss += targets.Weights.Span[i] * Math.Pow(fitted[k][i] - t[i], 2) / 80;
            double expected = loss / Math.Pow(1 - (DensePcg.Dot(z, probe[k]) / t.Length), 2);
            // The scalars of an fp32 run part from those of fp64 ever faster: from 1e-8 in the first iteration to 5e-5 in the fifth.
            Assert.Equal(expected, result.History[k].LeaveOneOut, 1e-3 * expected);
        }
        double least = result.History.Min(h => h.LeaveOneOut);
        Assert.Equal(result.History.Last(h => h.LeaveOneOut <= least * (1 + LeaveOneOutOptions.Slack)).Iteration, result.Chosen);
    }

    [Fact]
    public void ManyProbesGiveTheTrace()
    {
        const int Iterations = 6;
        int probes = family.Fewer(64, 4);
        using SolverTests.Small s = new(family.Device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: false), 0);
        SolverResult result = Pcg.Solve(problem, new PcgOptions { MaxIterations = Iterations, LeaveOneOut = new() { Patience = 100, Probes = probes } });
        double[] ones = [.. Enumerable.Repeat(1.0, 160)];
        var dense = new DensePcg(DensePcg.Jacobian(s.Linear), ones, 40, 0);
        double[] t = [.. problem.Targets.Values.ToArray().Zip(s.Linear.F0.ToArray(), (a, b) => (double)a - b)];
        _ = dense.Solve(t, Iterations);
        double[] trace = new double[Iterations + 1];
        for (int i = 0; i < 160; i++)
        {
            double[] unit = new double[160];
            unit[i] = 1;
            List<double[]> column = dense.Frozen(unit);
            for (int k = 0; k <= Iterations; k++) trace[k] += column[k][i];
        }
        Assert.Equal(0, result.History[0].LeaveOneOut - result.History[0].Loss);
        for (int k = 1; k <= Iterations; k++)
        {
            // λ = 0: the loss has no penalty.
            double tau = 1 - Math.Sqrt(result.History[k].Loss / result.History[k].LeaveOneOut), exact = trace[k] / 160;
            // Four standard deviations of the mean over the probes.
            Assert.Equal(exact, tau, 4 * Math.Sqrt(2 * exact / 160 / probes));
        }
    }

    [Fact]
    public void ItIsNearTheErrorOfLeavingEachSampleOut()
    {
        const int Iterations = 10;
        using Noisy c = new(family.Device, samples: 60, features: 25, noise: 1);
        using var problem = new LinearQuadraticProblem(c.Linear, c.Targets, 0);
        SolverResult result = Pcg.Solve(problem, new PcgOptions { Tolerance = 0, MaxIterations = Iterations, LeaveOneOut = new() { Patience = 100, Probes = family.Fewer(200, 20) } });
        double[] t = [.. c.Targets.Values.ToArray().Select(v => (double)v)], ones = [.. Enumerable.Repeat(1.0, t.Length)];
        double[][] jacobian = DensePcg.Jacobian(c.Linear);
        double[] error = new double[Iterations + 1];
        for (int i = 0; i < t.Length; i++)
        {
            double[] without = [.. ones];
            without[i] = 0;
            List<double[]> left = new DensePcg(jacobian, without, t.Length, 0).Solve(t, Iterations);
            for (int k = 0; k <= Iterations; k++) error[k] += Math.Pow(left[k][i] - t[i], 2) / (2 * t.Length);
        }
        // Leverages differ, one sample in 60 moves the filter, and the trace is random: 15 %, where the loss itself is up to three times too small.
        for (int k = 0; k <= Iterations; k++) Assert.InRange(result.History[k].LeaveOneOut, 0.85 * error[k], 1.15 * error[k]);
        Assert.True(result.History[Iterations].Loss < 0.5 * error[Iterations]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ItStopsWhereOverFittingBegins(int seed)
    {
        const int Most = 60;
        // Devices: one of them is enough.
        if (!family.IsCpu && seed > 1) return;
        using Noisy c = new(family.Device, samples: 1000, features: 700, noise: 4, seed);
        using var problem = new LinearQuadraticProblem(c.Linear, c.Targets, 0);
        SolverResult result = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-5, MaxIterations = Most, LeaveOneOut = new() { Patience = 6, Probes = 4 } });
        Assert.Equal(SolverStop.LeaveOneOut, result.Stop);
        Assert.Equal(result.Chosen + 6, result.Iterations);
        Assert.Equal(result.History[result.Chosen].Loss, problem.Loss(result.Update), 1e-5 * result.Loss);
        double[] error = [.. Enumerable.Range(0, result.Iterations + 20).Select(k => c.TestError(
            Pcg.Solve(problem, new PcgOptions { Tolerance = 0, MaxIterations = k, AllowSingular = true }).Update))];
        double best = error.Min(), chosen = c.TestError(result.Update);
        // What leave-one-out estimates has the noise's variance of 16 in it: within a fiftieth of the best there. Running on costs ten times the best error.
        Assert.True(chosen + 16 <= 1.02 * (best + 16), $"chosen {result.Chosen}: {chosen:G4}; best {Array.IndexOf(error, best)}: {best:G4}");
        Assert.True(chosen <= 1.5 * best, $"chosen {result.Chosen}: {chosen:G4}; best {Array.IndexOf(error, best)}: {best:G4}");
        Assert.True(error[^1] > 10 * best, $"{error[^1]:G4} after {error.Length - 1}, best {best:G4}");
    }

    [Fact]
    public void ATighteningRidgeStopsAtTheOptimum()
    {
        using Noisy c = new(family.Device, samples: 60, features: 25, noise: 1);
        using var problem = new LinearQuadraticProblem(c.Linear, c.Targets, 10);
        SolverResult plain = Pcg.Solve(problem), followed = Pcg.Solve(problem, new PcgOptions { LeaveOneOut = new() });
        // Far too much ridge: every iteration towards the optimum lowers the error.
        Assert.Equal(plain.Iterations, followed.Chosen);
        Tolerance.AssertSameBits(plain.Update.ToArray(), followed.Update.ToArray(), "following changes nothing");
        Assert.All(plain.History, h => Assert.True(double.IsNaN(h.LeaveOneOut)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Pcg.Solve(problem, new PcgOptions { LeaveOneOut = new() { Patience = 0 } }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Pcg.Solve(problem, new PcgOptions { LeaveOneOut = new() { Probes = 0 } }));
    }

    /// <summary>One output, linear in features of falling scale, of which noise hides most.</summary>
    private sealed class Noisy : IDisposable
    {
        private readonly float[] _test;
        private readonly double[] _truth;

        public Noisy(ComputeDevice device, int samples, int features, double noise, int seed = 1)
        {
            const int Test = 500;
            var b = new NetworkBuilder(features);
            Network network = b.Build(b.Linear("head", b.Input, 1, bias: false), device);
            float[] all = RandomNetworks.Normal((samples + Test) * features, seed), disturbance = RandomNetworks.Normal(samples, seed + 100);
            for (int i = 0; i < all.Length; i++) all[i] /= MathF.Sqrt(1 + (i % features));
            double[] truth = [.. Enumerable.Range(0, samples + Test).Select(i => Enumerable.Range(0, features).Sum(k => all[(i * features) + k] * (k < 10 ? 1.0 : 0)))];
            Linear = new LinearizedNetwork(network, all.AsSpan(0, samples * features), samples);
            Targets = new Targets([.. Enumerable.Range(0, samples).Select(i => (float)(truth[i] + (noise * disturbance[i])))], samples, 1);
            _test = all[(samples * features)..];
            _truth = truth[samples..];
        }

        public LinearizedNetwork Linear { get; }

        public Targets Targets { get; }

        /// <summary>Mean squared distance from what noise hides.</summary>
        public double TestError(ParameterVector d)
            => new LinearizedModel(Linear.Network, d).Predict(_test, _truth.Length).Zip(_truth, (f, t) => (f - t) * (f - t)).Average();

        public void Dispose() => Linear.Dispose();
    }

    private static double[] Apply(KroneckerPreconditioner p, double[] v)
    {
        // In fp32: its rounding is far below that of the scalars.
        using var vector = ParameterVector.FromArray(p.Layout, p.Device, [.. v.Select(x => (float)x)]);
        using ParameterVector applied = p.Apply(vector);
        return [.. applied.ToArray().Select(x => (double)x)];
    }
}

public sealed class LeaveOneOutStopTestsOnCpu() : LeaveOneOutStopTests(KernelFamily.Cpu);

public sealed class LeaveOneOutStopTestsOnGpu() : LeaveOneOutStopTests(KernelFamily.Gpu);
