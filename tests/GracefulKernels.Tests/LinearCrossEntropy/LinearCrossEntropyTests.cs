using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Linear + cross-entropy against its definition in fp64, on every device.</summary>
public abstract class LinearCrossEntropyTests(KernelFamily family)
{
    /// <summary>Odd sizes; more rows than share a piece of work; several chunks of rows; classes that are cut.</summary>
    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 1 }, { 3, 5, 2 }, { 7, 3, 65 }, { 37, 19, 13 }, { 70, 33, 129 }, { 600, 8, 10 }, { 700, 16, 9001 }, { 5, 20, 50_000 }, { 70, 6, 60_001 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void MatchesTheReference(int rows, int features, int classes)
    {
        (float[] e, float[] w, float[] b, int[] labels) = Sample(rows, features, classes);
        (float[] E, float[] W, float[] B) start = (RandomFloats.Uniform(5, e.Length), RandomFloats.Uniform(6, w.Length), RandomFloats.Uniform(7, classes));
        int turn = 0;
        foreach (LinearLossOptions options in new LinearLossOptions[]
        {
            new() { GradientScale = 1f / rows },
            new() { LabelSmoothing = 0.1f, AddToEmbeddings = true },
            new() { GradientScale = 0.25f, AddToParameters = true },
        })
        {
            bool biased = turn++ != 1;
            float[] bias = biased ? b : [];
            LinearLossReference expected = new(options, features, classes, e, w, bias, labels, start.E, start.W, start.B);
            foreach (IKernels kernels in family.Sets)
            {
                bool adds = options.AddToEmbeddings || options.AddToParameters;
                LinearLossRun run = Chunked(kernels, turn, () => new(kernels, options, features, classes, e, w, bias, labels, adds ? start : null, gap: turn % 2 * 3));
                Check(expected, run, labels, features, options, $"{kernels.Name} {options}");
            }
        }
    }

    [Fact]
    public void EveryOutputAloneIsTheSame()
    {
        const int Rows = 45, Features = 12, Classes = 70;
        (float[] e, float[] w, float[] b, int[] labels) = Sample(Rows, Features, Classes);
        IKernels kernels = family.Best;
        var all = new LinearLossRun(kernels, new(), Features, Classes, e, w, b, labels);
        for (int only = 0; only < 4; only++)
        {
            var run = new LinearLossRun(
                kernels, new(), Features, Classes, e, w, b, labels, embeddings: only == 0, weight: only == 1, bias: only == 2, values: only == 3);
            Assert.Equal(all.Sums, run.Sums);
            if (only == 0) Tolerance.AssertSameBits(all.Embeddings, run.Embeddings, "embeddings");
            if (only == 1) Tolerance.AssertSameBits(all.Weight, run.Weight, "weight");
            if (only == 2) Tolerance.AssertSameBits(all.Bias, run.Bias, "bias");
            if (only == 3) Tolerance.AssertSameBits(all.Values, run.Values, "values");
        }
    }

    /// <summary>Rows as if they were not there: a NaN in them reaches no sum.</summary>
    [Theory]
    [InlineData(90)]
    [InlineData(50_000)]
    public void IgnoredRowsTakeNoPart(int classes)
    {
        const int Rows = 40, Features = 6;
        (float[] e, float[] w, float[] b, int[] labels) = Sample(Rows, Features, classes);
        for (int r = 0; r < Rows; r++)
        {
            labels[r] = Math.Max(labels[r], 0);
            if (r % 3 != 1) continue;
            labels[r] = -7;
            e.AsSpan(r * Features, Features).Fill(r % 2 == 0 ? float.NaN : float.PositiveInfinity);
        }
        int[] kept = [.. Enumerable.Range(0, Rows).Where(r => labels[r] != -7)];
        var options = new LinearLossOptions { IgnoreIndex = -7 };
        foreach (IKernels kernels in family.Sets)
        {
            var run = new LinearLossRun(kernels, options, Features, classes, e, w, b, labels);
            var without = new LinearLossRun(
                kernels, options, Features, classes, [.. kept.SelectMany(r => e[(r * Features)..((r + 1) * Features)])], w, b, [.. kept.Select(r => labels[r])]);
            Assert.Equal((kept.Length, 0L), (run.Sums.ValidRows, run.Sums.UndefinedRows));
            Tolerance.AssertRelativeNorm([.. without.Weight.Select(v => (double)v)], run.Weight, family.IsCpu ? 0 : 1e-6, "weight");
            Tolerance.AssertRelativeNorm([.. without.Bias.Select(v => (double)v)], run.Bias, family.IsCpu ? 0 : 1e-6, "bias");
            for (int i = 0, at = 0; i < Rows; i++)
            {
                ReadOnlySpan<float> row = run.Embeddings.AsSpan(i * Features, Features);
                if (labels[i] == -7)
                {
                    Assert.Equal(0f, run.Values[i]);
                    Assert.True(row.IndexOfAnyExcept(0f) < 0, $"row {i}");
                    continue;
                }
                Assert.Equal(without.Values[at], run.Values[i], 1e-6 * Math.Abs(run.Values[i]));
                Tolerance.AssertRelativeNorm([.. without.Embeddings[(at * Features)..((at + 1) * Features)].Select(v => (double)v)], row, family.IsCpu ? 0 : 1e-6, $"row {i}");
                at++;
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NothingToDoClearsOrLeaves(bool adds)
    {
        (float[] e, float[] w, float[] b, int[] labels) = Sample(4, 3, 5);
        var options = new LinearLossOptions { AddToEmbeddings = adds, AddToParameters = adds };
        (float[] E, float[] W, float[] B) start = (RandomFloats.Uniform(5, 12), RandomFloats.Uniform(6, 15), RandomFloats.Uniform(7, 5));
        foreach (IKernels kernels in family.Sets)
        {
            foreach (bool empty in new[] { false, true })
            {
                int[] none = empty ? [] : [-100, -100, -100, -100];
                var run = new LinearLossRun(kernels, options, 3, 5, empty ? [] : e, w, b, none, empty ? ([], start.W, start.B) : start, gap: 2);
                Assert.Equal(default, run.Sums);
                Assert.Equal(adds ? start.W : new float[15], run.Weight);
                Assert.Equal(adds ? start.B : new float[5], run.Bias);
                if (!empty) Assert.Equal(adds ? start.E : new float[12], run.Embeddings);
                Assert.All(run.Values, v => Assert.Equal(0f, v));
            }
        }
    }

    /// <summary>Classes of one logit each, given by the bias: all that an exponential can meet, whole and cut.</summary>
    [Theory]
    [InlineData(6)]
    [InlineData(50_000)]
    public void InfinitiesAndNaN(int classes)
    {
        float inf = float.PositiveInfinity, nan = float.NaN;
        // Logits of the first three classes (others are −∞), label, loss, gradient of the three.
        (float[] Z, int Label, double Loss, double[] Gradient)[] rows =
        [
            ([0, 0, 0], 1, Math.Log(3), [1.0 / 3, -2.0 / 3, 1.0 / 3]),
            ([inf, 0, 0], 0, 0, [0, 0, 0]),
            ([inf, 0, 0], 1, inf, [1, -1, 0]),
            ([inf, inf, 0], 0, Math.Log(2), [-0.5, 0.5, 0]),
            ([0, -inf, -inf], 0, 0, [0, 0, 0]),
            ([0, -inf, 0], 1, inf, [0.5, -1, 0.5]),
            ([-inf, -inf, -inf], 0, nan, [nan, nan, nan]),
            ([0, nan, 0], 0, nan, [nan, nan, nan]),
            ([nan, 0, 0], 0, nan, [nan, nan, nan]),
            ([-80, 20, -80], 1, 2 * Math.Exp(-100), [Math.Exp(-100), -2 * Math.Exp(-100), Math.Exp(-100)]),
        ];
        foreach (IKernels kernels in family.Sets)
        {
            foreach ((float[] z, int label, double loss, double[] gradient) in rows)
            {
                float[] bias = RandomFloats.Filled(classes, -inf);
                z.CopyTo(bias, 0);
                var run = new LinearLossRun(kernels, new(), 1, classes, [0], RandomFloats.Uniform(1, classes), bias, [label]);
                string what = $"{kernels.Name} [{string.Join(", ", z)}] at {label}";
                Assert.Equal(double.IsNaN(loss) ? 1 : 0, run.Sums.UndefinedRows);
                Tolerance.AssertClose([loss], run.Values, 5e-6, 1e-30, what);
                // fp32 exponentials below the smallest normal number are 0 on some devices.
                Tolerance.AssertClose(gradient, run.Bias.AsSpan(0, 3), 5e-6, 1e-37, what);
            }
        }
    }

    [Fact]
    public void OneClassHasNoLoss()
    {
        foreach (IKernels kernels in family.Sets)
        {
            var run = new LinearLossRun(kernels, new() { LabelSmoothing = 0.1f }, 3, 1, RandomFloats.Uniform(1, 60), RandomFloats.Uniform(2, 3), [5], new int[20]);
            Assert.Equal(0, run.Sums.Loss, 1e-12);
            // ε·p − ε is rounded.
            Assert.All(run.Embeddings.Concat(run.Weight).Concat(run.Bias), v => Assert.Equal(0, v, 1e-6));
        }
    }

    private protected static (float[] E, float[] W, float[] B, int[] Labels) Sample(int rows, int features, int classes)
    {
        var random = new Random(rows + classes);
        float[] e = [.. RandomFloats.Uniform(1, (long)rows * features).Select(v => 3 * v)];
        return (e, RandomFloats.Uniform(2, (long)classes * features), RandomFloats.Uniform(3, classes), [.. Enumerable.Range(0, rows).Select(r => r % 11 == 10 ? -100 : random.Next(classes))]);
    }

    /// <summary>On devices also with chunks of the fewest rows.</summary>
    private static LinearLossRun Chunked(IKernels kernels, int turn, Func<LinearLossRun> run)
    {
        if (kernels is not GpuKernels gpu || turn % 2 == 0) return run();
        long before = gpu.LogitElements;
        gpu.LogitElements = 1;
        try
        {
            return run();
        }
        finally
        {
            gpu.LogitElements = before;
        }
    }

    private static void Check(LinearLossReference expected, LinearLossRun run, int[] labels, int features, LinearLossOptions options, string what)
    {
        // A logit's rounding moves a row's loss by as much, and the one of the log-sum-exp; a probability by twice that, relative to it.
        double logit = Tolerance.Gamma(features + 4) * expected.Magnitude, norm = (2 * logit) + 1e-5;
        Assert.Equal(labels.Count(y => y != options.IgnoreIndex), run.Sums.ValidRows);
        Assert.Equal(0, run.Sums.UndefinedRows);
        for (int r = 0; r < labels.Length; r++) Assert.Equal(expected.Values[r], run.Values[r], (2 * logit) + (5e-6 * expected.Values[r]) + 1e-9);
        Assert.Equal(expected.Values.Sum(), run.Sums.Loss, (2 * logit * labels.Length) + (5e-6 * expected.Values.Sum()) + 1e-9);
        Close(expected.EmbeddingGradient, run.Embeddings, norm, what + " embeddings");
        Close(expected.WeightGradient, run.Weight, norm, what + " weight");
        Close(expected.BiasGradient, run.Bias, norm, what + " bias");
    }

    private static void Close(double[] expected, float[] actual, double tolerance, string what)
    {
        // With one class all is 0 but for ε·p − ε.
        if (expected.All(v => Math.Abs(v) < 1e-12)) Assert.All(actual, v => Assert.Equal(0, v, 1e-5));
        else Tolerance.AssertRelativeNorm(expected, actual, tolerance, what);
    }
}

public sealed class LinearCrossEntropyTestsOnCpu() : LinearCrossEntropyTests(KernelFamily.Cpu);

public sealed class LinearCrossEntropyTestsOnGpu() : LinearCrossEntropyTests(KernelFamily.Gpu);
