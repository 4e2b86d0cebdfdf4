namespace GracefulKernels.Tests;

/// <summary>Files of eigenvectors, moments and diagonals, and what is refused.</summary>
public class CurvatureFilesTests
{
    [Fact]
    public void EverythingSurvivesItsFile()
    {
        Network network = RandomNetworks.Get("kept", 2);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 9, 1), 9);
        using var folder = new TemporaryFolder();
        KroneckerFactors factors = KroneckerFactors.Compute(linear, new FactorOptions { Convention = FactorConvention.Reduce });
        factors.Save(folder.File("factors"));
        Assert.Equal(FactorConvention.Reduce, KroneckerFactors.Load(folder.File("factors")).Convention);
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(factors);
        basis.Save(folder.File("basis"));
        SecondMoments moments = SecondMoments.Compute(linear, basis);
        moments.Save(folder.File("moments"));
        DiagonalCurvature diagonal = DiagonalCurvature.Compute(linear);
        diagonal.Save(folder.File("diagonal"));
        KroneckerEigenbasis basis2 = KroneckerEigenbasis.Load(folder.File("basis"));
        SecondMoments moments2 = SecondMoments.Load(folder.File("moments"));
        DiagonalCurvature diagonal2 = DiagonalCurvature.Load(folder.File("diagonal"), network.Parameters);
        Assert.Equal((9L, 9L, 9L), (basis2.Samples, moments2.Samples, diagonal2.Samples));
        using ParameterVector v = RandomNetworks.Direction(network, 3);
        foreach (double lambda in new[] { 0.1, 0.003 })
        {
            using var p = new EigenPreconditioner(basis, lambda, network.Parameters, network.Device, moments);
            using var q = new EigenPreconditioner(basis2, lambda, network.Parameters, network.Device, moments2);
            Tolerance.AssertSameBits(p.Apply(v).ToArray(), q.Apply(v).ToArray(), "EKFAC");
            using var d = new DiagonalPreconditioner(diagonal, lambda, network.Parameters, network.Device);
            using var e = new DiagonalPreconditioner(diagonal2, lambda, network.Parameters, network.Device);
            Tolerance.AssertSameBits(d.Apply(v).ToArray(), e.Apply(v).ToArray(), "diagonal");
        }
        // Moments of the loaded basis add to those of the first.
        Assert.Equal(18, (moments2 + SecondMoments.Compute(linear, basis2)).Samples);
    }

    [Fact]
    public void OtherFormatsAndVersionsAreRefused()
    {
        Network network = RandomNetworks.Get("vector", 2);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 9, 1), 9);
        using var folder = new TemporaryFolder();
        KroneckerFactors factors = KroneckerFactors.Compute(linear);
        string path = folder.File("file");
        factors.Save(path);
        Refused("expected 'graceful-eigenbasis/1'", () => KroneckerEigenbasis.Load(path));
        Refused("expected 'graceful-second-moments/1'", () => SecondMoments.Load(path));
        Refused("expected 'graceful-diagonal/1'", () => DiagonalCurvature.Load(path, network.Parameters));
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(factors);
        foreach ((string from, string to, string message) in new[]
        {
            ("graceful-eigenbasis/1", "graceful-eigenbasis/2", "format is 'graceful-eigenbasis/2'"),
            ("\"block.0.rows\":\"20\"", "\"block.0.rows\":\"21\"", "tensor 'fc1.G.vectors' is [20 × 20]; expected [21 × 21]"),
            ("\"blocks\":\"3\"", "\"blocks\":\"2\"", "tensors; expected"),
            ("\"blocks\":\"3\"", "\"blocks\":\"4\"", "no metadata 'block.3.bias'"),
        })
        {
            basis.Save(path);
            Replace(path, from, to);
            Refused(message, () => KroneckerEigenbasis.Load(path));
        }
        basis.Save(path);
        byte[] bytes = File.ReadAllBytes(path);
        // The last tensor is a matrix of eigenvectors; its last element becomes 2.
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 8), 2.0);
        File.WriteAllBytes(path, bytes);
        Refused("an eigenvector has the norm 1", () => KroneckerEigenbasis.Load(path));
        SecondMoments moments = SecondMoments.Compute(linear, basis);
        moments.Save(path);
        bytes = File.ReadAllBytes(path);
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 8), -2.0);
        File.WriteAllBytes(path, bytes);
        Refused("a sum of squares is not negative", () => SecondMoments.Load(path));
    }

    /// <summary>Version 1 had no convention: its factors are expanded.</summary>
    [Fact]
    public void FactorsOfVersionOneAreRead()
    {
        Network network = RandomNetworks.Get("vector", 2);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 9, 1), 9);
        using var folder = new TemporaryFolder();
        string path = folder.File("factors");
        KroneckerFactors factors = KroneckerFactors.Compute(linear);
        factors.Save(path);
        Replace(path, "graceful-kronecker/2", "graceful-kronecker/1");
        Replace(path, "\"convention\"", "\"conventioN\"");
        KroneckerFactors old = KroneckerFactors.Load(path);
        Assert.Equal(FactorConvention.Expand, old.Convention);
        Assert.Equal(factors["fc1"].InputFactor(), old["fc1"].InputFactor());
        Replace(path, "graceful-kronecker/1", "graceful-kronecker/2");
        Refused("no metadata 'convention'", () => KroneckerFactors.Load(path));
        Replace(path, "\"conventioN\":\"Expand\"", "\"convention\":\"Expanx\"");
        Refused("metadata 'convention' is 'Expanx'", () => KroneckerFactors.Load(path));
    }

    [Fact]
    public void MomentsOfAnotherBasisAndOfAnotherNetworkAreRefused()
    {
        Network network = RandomNetworks.Get("vector", 2), other = RandomNetworks.Get("residual", 2);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 9, 1), 9);
        using var elsewhere = new LinearizedNetwork(network, RandomNetworks.Images(network, 9, 8), 9);
        using var second = new LinearizedNetwork(other, RandomNetworks.Images(other, 2, 1), 2);
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(KroneckerFactors.Compute(linear));
        KroneckerEigenbasis apart = KroneckerEigenbasis.Compute(KroneckerFactors.Compute(elsewhere));
        SecondMoments moments = SecondMoments.Compute(linear, basis);
        Assert.Equal("moments", Assert.Throws<ArgumentException>(() => new EigenPreconditioner(apart, 1, network.Parameters, network.Device, moments)).ParamName);
        Assert.Equal("other", Assert.Throws<ArgumentException>(() => moments + SecondMoments.Compute(linear, apart)).ParamName);
        Assert.Equal("basis", Assert.Throws<ArgumentException>(() => SecondMoments.Compute(second, basis)).ParamName);
        Assert.Equal("basis", Assert.Throws<ArgumentException>(() => new EigenPreconditioner(basis, 1, other.Parameters, other.Device)).ParamName);
        DiagonalCurvature diagonal = DiagonalCurvature.Compute(linear);
        Assert.Equal("curvature", Assert.Throws<ArgumentException>(() => new DiagonalPreconditioner(diagonal, 1, other.Parameters, other.Device)).ParamName);
        Assert.Equal("other", Assert.Throws<ArgumentException>(() => diagonal + DiagonalCurvature.Compute(second)).ParamName);
        Assert.Throws<KeyNotFoundException>(() => diagonal["nobody"]);
        Assert.Throws<KeyNotFoundException>(() => basis["nobody"]);
        Assert.Throws<ArgumentOutOfRangeException>(() => SecondMoments.Compute(linear, basis, new FactorOptions { Samples = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => KroneckerFactors.Compute(linear, new FactorOptions { Convention = (FactorConvention)7 }));
    }

    /// <summary>Without damping a rank-deficient factor has no inverse: the error proposes a λ, and that one works.</summary>
    [Fact]
    public void NoDampingIsRefusedWithAProposal()
    {
        Network network = RandomNetworks.Get("vector", 2);
        using var linear = new LinearizedNetwork(network, RandomNetworks.Images(network, 1, 1), 1);
        KroneckerEigenbasis basis = KroneckerEigenbasis.Compute(KroneckerFactors.Compute(linear));
        Proposes("Block 'fc1'", l => new EigenPreconditioner(basis, l, network.Parameters, network.Device));
        SecondMoments moments = SecondMoments.Compute(linear, basis);
        Proposes("Block 'fc1'", l => new EigenPreconditioner(basis, l, network.Parameters, network.Device, moments));
        // A pixel that is always black has no curvature.
        float[] images = RandomNetworks.Images(network, 4, 1);
        for (int i = 0; i < images.Length; i += 13) images[i] = 0;
        using var black = new LinearizedNetwork(network, images, 4);
        DiagonalCurvature diagonal = DiagonalCurvature.Compute(black);
        Proposes("The diagonal of 'fc1.weight'", l => new DiagonalPreconditioner(diagonal, l, network.Parameters, network.Device));
        Assert.Equal("damping", Assert.Throws<ArgumentOutOfRangeException>(() => new DiagonalPreconditioner(diagonal, double.NaN, network.Parameters, network.Device)).ParamName);
    }

    private static void Proposes(string name, Func<double, Preconditioner> make)
    {
        NotPositiveDefiniteException e = Assert.Throws<NotPositiveDefiniteException>(() => make(0));
        Assert.Equal((name, 0.0), (e.Name, e.Damping));
        Assert.StartsWith($"{name} is singular: curvature {e.Pivot} is ", e.Message, StringComparison.Ordinal);
        string proposed = e.Message.Split("Try a damping of ")[1].Split(',')[0];
        using Preconditioner made = make(double.Parse(proposed, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static void Refused(string message, Func<object> load)
        => Assert.Contains(message, Assert.Throws<InvalidDataException>(load).Message, StringComparison.Ordinal);

    /// <summary>In the header; both texts are of one length.</summary>
    private static void Replace(string path, string from, string to)
    {
        Assert.Equal(from.Length, to.Length);
        byte[] bytes = File.ReadAllBytes(path);
        int at = bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(from));
        Assert.True(at >= 0, $"no {from}");
        System.Text.Encoding.UTF8.GetBytes(to).CopyTo(bytes, at);
        File.WriteAllBytes(path, bytes);
    }
}
