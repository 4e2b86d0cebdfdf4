using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>
/// Factors, applications (π-damped, exact λ, EKFAC, the exact last layer) and dense blocks with their solutions against independent fp64 answers. The files hold expanded
/// factors only.
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

    [Theory]
    [MemberData(nameof(Layers))]
    public void ApplicationsInTheEigenbasisAgree(string name)
    {
        JsonElement c = Case(name), expected = c.GetProperty("expected"), parameters = c.GetProperty("parameters");
        double tight = c.GetProperty("tolerance").GetProperty("float32").GetProperty("relative_norm").GetDouble();
        double loose = c.GetProperty("tolerance").GetProperty("float32").GetProperty("solves_relative_norm").GetDouble();
        using LinearizedNetwork linear = Linearized(c);
        string layer = parameters.GetProperty("layer").GetString()!;
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(KroneckerFactors.Compute(linear));
        EigenBlock block = basis[layer];
        bool last = expected.TryGetProperty("last_exact.lambda0.1", out _);
        Assert.Equal(last, !block.HasOutputFactor);
        Tolerance.AssertRelativeNorm(Golden.Array(Family, expected.GetProperty("A_eigenvalues")), block.InputEigenvalues.Span, tight, "eigenvalues of A");
        if (!last) Tolerance.AssertRelativeNorm(Golden.Array(Family, expected.GetProperty("G_eigenvalues")), block.OutputEigenvalues.Span, tight, "eigenvalues of G");
        SecondMoments moments = SecondMoments.Compute(linear, basis);
        using ParameterVector vector = FromMatrix(linear.Network, layer, Golden.Array(Family, c.GetProperty("inputs").GetProperty("V")), block.Rows, block.Columns);
        using var first = new EigenPreconditioner(basis, 1, linear.Network.Parameters, linear.Network.Device);
        using var measured = new EigenPreconditioner(basis, 1, linear.Network.Parameters, linear.Network.Device, moments);
        foreach (JsonElement lambda in parameters.GetProperty("lambdas").EnumerateArray())
        {
            string suffix = lambda.GetDouble().ToString(System.Globalization.CultureInfo.InvariantCulture);
            foreach ((string kind, EigenPreconditioner from) in new[] { ("exact", first), ("ekfac", measured), ("last_exact", first) })
            {
                if (kind == "last_exact" && !last) continue;
                using EigenPreconditioner p = from.WithDamping(lambda.GetDouble());
                using ParameterVector applied = p.Apply(vector);
                double[] want = Golden.Array(Family, expected.GetProperty($"{kind}.lambda{suffix}"));
                Tolerance.AssertRelativeNorm(want, ToMatrix(applied, layer, block.Rows, block.Columns), loose, $"{kind}, λ = {suffix}");
                Assert.All(linear.Network.Parameters.Parameters.Where(q => q.Layer != layer), q => Assert.All(applied.ToArray(q.Name), x => Assert.Equal(0f, x)));
            }
        }
    }

    /// <summary>The dense Gauss–Newton block from VJPs, its diagonal, its distance from G ⊗ A, and its damped inverse by Cholesky.</summary>
    [Theory]
    [MemberData(nameof(Layers))]
    public void DenseBlocksAgree(string name)
    {
        JsonElement c = Case(name), expected = c.GetProperty("expected"), parameters = c.GetProperty("parameters");
        double tight = c.GetProperty("tolerance").GetProperty("float32").GetProperty("relative_norm").GetDouble();
        double loose = c.GetProperty("tolerance").GetProperty("float32").GetProperty("solves_relative_norm").GetDouble();
        using LinearizedNetwork linear = Linearized(c);
        string layer = parameters.GetProperty("layer").GetString()!;
        KroneckerBlock factors = KroneckerFactors.Compute(linear)[layer];
        int rows = factors.Rows, columns = factors.Columns, size = rows * columns;
        int[] permutation = Permutation(expected, columns, linear.Network.Parameters[$"{layer}.weight"], c);
        int[] all = [.. Enumerable.Range(0, size).Select(i => (i / columns * columns) + permutation[i % columns])];
        double[] want = Permuted(Golden.Array(Family, expected.GetProperty("block")), all), block = new DenseCurvature(linear).Block(factors);
        Tolerance.AssertRelativeNorm(want, block, tight, "block");
        double[] product = DenseCurvature.Kronecker(factors.HasOutputFactor ? factors.OutputFactor() : null, factors.InputFactor(), rows, columns);
        double gap = Math.Sqrt(product.Zip(block, (p, q) => (p - q) * (p - q)).Sum() / block.Sum(v => v * v));
        Assert.Equal(expected.GetProperty("kfac_block_relative_gap").GetDouble(), gap, 2 * tight);
        DiagonalCurvature diagonal = DiagonalCurvature.Compute(linear);
        using ParameterVector exact = ParameterVector.FromArray(
            linear.Network.Parameters, linear.Network.Device, [.. linear.Network.Parameters.Parameters.SelectMany(p => diagonal[p.Name]).Select(v => (float)v)]);
        double[] golden = Golden.Array(Family, expected.GetProperty("block"));
        Tolerance.AssertRelativeNorm([.. Enumerable.Range(0, size).Select(i => golden[(i * size) + i])], ToMatrix(exact, layer, rows, columns), tight, "diagonal");
        double[] v = Golden.Array(Family, c.GetProperty("inputs").GetProperty("V"));
        foreach (JsonElement lambda in parameters.GetProperty("lambdas").EnumerateArray())
        {
            double[] damped = (double[])block.Clone(), solution = [.. all.Select(i => v[i])];
            for (int i = 0; i < size; i++) damped[(i * size) + i] += lambda.GetDouble();
            DenseLinearAlgebra.Potrf(size, damped, size);
            DenseLinearAlgebra.Potrs(size, damped, size, 1, solution, 1);
            double[] solved = Golden.Array(Family, expected.GetProperty($"block_solve.lambda{lambda.GetDouble().ToString(System.Globalization.CultureInfo.InvariantCulture)}"));
            Tolerance.AssertRelativeNorm([.. all.Select(i => solved[i])], solution, loose, $"block solve, λ = {lambda.GetDouble()}");
        }
    }

    /// <summary>Patch covariances are tested with their kernel.</summary>
    [Fact]
    public void NoCaseOfTheFilesIsLeftOut()
    {
        IEnumerable<string> names = Golden.Manifest(Family).GetProperty("cases").EnumerateArray().Select(e => e.GetProperty("name").GetString()!);
        Assert.Equal(Layers.Select(l => l.Data).Order(), names.Where(n => !n.StartsWith("patch.", StringComparison.Ordinal)).Order());
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
        double[] product = DenseCurvature.Kronecker(block.HasOutputFactor ? block.OutputFactor() : null, block.InputFactor(), block.Rows, block.Columns);
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
}

public sealed class KroneckerGoldenTestsOnCpu() : KroneckerGoldenTests(KernelFamily.Cpu);

public sealed class KroneckerGoldenTestsOnGpu() : KroneckerGoldenTests(KernelFamily.Gpu);
