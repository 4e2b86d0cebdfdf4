using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>
/// Factors, damped applications and the exact last layer against independent fp64 answers. The exact-λ and EKFAC applications of the files
/// (<c>exact.*</c>, <c>ekfac.*</c>) and <c>block_solve.*</c> belong to preconditioners that the library does not have.
/// </summary>
public abstract class KroneckerGoldenTests(KernelFamily family)
{
    private const string Family = "kfac";

    public static TheoryData<string> Layers =>
        ["cnn.conv1", "cnn.conv2", "cnn.fc", "mlp.fc1", "mlp.fc2", "mlp.fc3", "deep_linear.fc1", "deep_linear.fc2", "deep_linear.fc3"];

    [Theory]
    [MemberData(nameof(Layers))]
    public void FactorsAndDampedApplicationsAgree(string name)
    {
        JsonElement c = Case(name), expected = c.GetProperty("expected"), parameters = c.GetProperty("parameters");
        double tight = c.GetProperty("tolerance").GetProperty("float32").GetProperty("relative_norm").GetDouble();
        double loose = c.GetProperty("tolerance").GetProperty("float32").GetProperty("solves_relative_norm").GetDouble();
        using LinearizedNetwork linear = Linearized(c);
        KroneckerFactors factors = KroneckerFactors.Compute(linear);
        string layer = parameters.GetProperty("layer").GetString()!;
        KroneckerBlock block = factors[layer];
        int rows = block.Rows, columns = block.Columns;
        Assert.Equal((parameters.GetProperty("out").GetInt32(), parameters.GetProperty("in_plus_1").GetInt32()), (rows, columns));
        string a = expected.TryGetProperty("A_kkc", out _) ? "A_kkc" : "A_ckk";
        int[] permutation = Permutation(expected, columns, linear.Network.Parameters[$"{layer}.weight"], c);
        double[] wantA = Permuted(Golden.Array(Family, expected.GetProperty("A_ckk")), permutation);
        if (a == "A_kkc") Assert.Equal(Golden.Array(Family, expected.GetProperty("A_kkc")), wantA);
        Tolerance.AssertRelativeNorm(wantA, block.InputFactor(), tight, "A");
        Assert.Equal(parameters.GetProperty("n").GetInt32(), factors.Samples);
        bool last = expected.TryGetProperty("last_exact.lambda0.1", out _);
        Assert.Equal(last, !block.HasOutputFactor);
        if (!last) Tolerance.AssertRelativeNorm(Golden.Array(Family, expected.GetProperty("G")), block.OutputFactor(), tight, "G");

        double[] v = Golden.Array(Family, c.GetProperty("inputs").GetProperty("V"));
        using ParameterVector vector = FromMatrix(linear.Network, layer, v, rows, columns);
        foreach (double lambda in parameters.GetProperty("lambdas").EnumerateArray().Select(l => l.GetDouble()))
        {
            using var preconditioner = new KroneckerPreconditioner(factors, lambda, linear.Network.Parameters, linear.Network.Device);
            using ParameterVector applied = preconditioner.Apply(vector);
            string key = $"{(last ? "last_exact" : "damped")}.lambda{lambda.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
            Tolerance.AssertRelativeNorm(Golden.Array(Family, expected.GetProperty(key)), ToMatrix(applied, layer, rows, columns), loose, key);
            // Blocks do not mix: what belongs to other layers was zero and stays so.
            Assert.All(linear.Network.Parameters.Parameters.Where(p => p.Layer != layer), p => Assert.All(applied.ToArray(p.Name), x => Assert.Equal(0f, x)));
        }
    }

    /// <summary>For a deep linear network G ⊗ A is the dense Gauss–Newton block itself; the file's block came from one backward pass an output.</summary>
    [Theory]
    [InlineData("deep_linear.fc1")]
    [InlineData("deep_linear.fc2")]
    [InlineData("deep_linear.fc3")]
    public void DeepLinearNetworksAreExact(string name)
    {
        JsonElement c = Case(name);
        using LinearizedNetwork linear = Linearized(c);
        KroneckerBlock block = KroneckerFactors.Compute(linear)[c.GetProperty("parameters").GetProperty("layer").GetString()!];
        double[] a = block.InputFactor(), g = block.HasOutputFactor ? block.OutputFactor() : Identity(block.Rows);
        int size = block.Rows * block.Columns;
        double[] product = new double[size * size];
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                product[(i * size) + j] = g[(i / block.Columns * block.Rows) + (j / block.Columns)] * a[(i % block.Columns * block.Columns) + (j % block.Columns)];
            }
        }
        // Factors are sums of fp32 products: 1e-5 is the file's bound for them.
        Tolerance.AssertRelativeNorm(Golden.Array(Family, c.GetProperty("expected").GetProperty("block")), product, 2e-5, "G ⊗ A");
    }

    private static JsonElement Case(string name)
        => Golden.Manifest(Family).GetProperty("cases").EnumerateArray().Single(e => e.GetProperty("name").GetString() == name);

    private LinearizedNetwork Linearized(JsonElement c)
    {
        JsonElement inputs = c.GetProperty("inputs");
        int[] shape = Golden.Shape(Family, inputs.GetProperty("x"));
        Network network = GoldenNetworks.Load(Family, c.GetProperty("parameters").GetProperty("architecture"), shape, inputs.GetProperty("w0"), family.Device);
        return new LinearizedNetwork(
            network, Golden.Floats(Family, inputs.GetProperty("x")), shape[0], ImageLayout.Nchw, new LinearizedOptions { BatchSize = 7 });
    }

    /// <summary>Place in (c, kh, kw) order of each place in (kh, kw, c) order, the bias last. A flattened image behaves like a kernel as large as itself.</summary>
    private static int[] Permutation(JsonElement expected, int columns, ParameterInfo weight, JsonElement c)
    {
        if (expected.TryGetProperty("perm", out JsonElement perm)) return Golden.Ints(Family, perm);
        int channels = weight.Channels, pixels = weight.Pixels;
        Assert.True(channels * pixels + 1 == columns, c.GetProperty("name").GetString());
        return [.. Enumerable.Range(0, columns).Select(k => k == columns - 1 ? k : (k % channels * pixels) + (k / channels))];
    }

    private static double[] Permuted(double[] matrix, int[] permutation)
    {
        int n = permutation.Length;
        double[] result = new double[matrix.Length];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++) result[(i * n) + j] = matrix[(permutation[i] * n) + permutation[j]];
        }
        return result;
    }

    private static ParameterVector FromMatrix(Network network, string layer, double[] matrix, int rows, int columns)
    {
        float[] flat = [.. network.Parameters.Parameters.SelectMany(p => p.Layer != layer
            ? new float[p.Length]
            : p.Name.EndsWith("bias", StringComparison.Ordinal)
                ? Enumerable.Range(0, rows).Select(r => (float)matrix[(r * columns) + columns - 1])
                : Enumerable.Range(0, rows * (columns - 1)).Select(i => (float)matrix[(i / (columns - 1) * columns) + (i % (columns - 1))]))];
        return ParameterVector.FromArray(network.Parameters, network.Device, flat);
    }

    private static double[] ToMatrix(ParameterVector vector, string layer, int rows, int columns)
    {
        float[] weight = vector.ToArray($"{layer}.weight"), bias = vector.ToArray($"{layer}.bias");
        double[] matrix = new double[rows * columns];
        for (int i = 0; i < matrix.Length; i++)
        {
            int r = i / columns, k = i % columns;
            matrix[i] = k == columns - 1 ? bias[r] : weight[(r * (columns - 1)) + k];
        }
        return matrix;
    }

    private static double[] Identity(int n)
    {
        double[] identity = new double[n * n];
        for (int i = 0; i < n; i++) identity[(i * n) + i] = 1;
        return identity;
    }
}

public sealed class KroneckerGoldenTestsOnCpu() : KroneckerGoldenTests(KernelFamily.Cpu);

public sealed class KroneckerGoldenTestsOnGpu() : KroneckerGoldenTests(KernelFamily.Gpu);
