namespace GracefulKernels.Tests;

/// <summary>Candidates, their costs, and what training begins with.</summary>
public class ResidualFamilyTests
{
    internal static readonly ResidualFamily Small = new(new LayerShape(9, 7, 2, false), 5, [[1, 2], [1, 2, 3]], [[2, 3], [3, 5]], 0.1f);

    [Fact]
    public void CostsAreThoseOfTheNetworks()
    {
        Assert.Equal(24, Small.Count);
        foreach (ResidualCandidate c in All())
        {
            Network network = Small.Build(c, 1);
            Assert.Equal(network.MultiplyAccumulates, Small.MultiplyAccumulates(c));
            Assert.Equal(network.Parameters.Count, Small.Parameters(c));
            Assert.Equal(5, network.Outputs);
            Assert.Equal(Small.Of(Small.Genes(c)), c);
        }
        // 32² pixels: 27·16 + 6·9·16² MACs, 16²: 9·(16·32 + 5·32²), 8²: 9·(32·64 + 5·64²), and 640 of the head; He et al. call it 0.04 G.
        Assert.Equal(1024L * (432 + (6 * 2304)) + (256L * 9 * (512 + (5 * 1024))) + (64L * 9 * (2048 + (5 * 4096))) + 640, ResNets.Cifar(20).MultiplyAccumulates);
    }

    [Fact]
    public void EveryBlockBeginsAsTheIdentity()
    {
        float[] images = RandomNetworks.Normal(3 * 126, 1);
        // With non-negative inputs a block that adds nothing passes them on: depth changes nothing.
        Network shallow = Small.Build(new ResidualCandidate([1, 1], [2, 3]), 1), deep = Small.Build(new ResidualCandidate([2, 3], [2, 3]), 1);
        Assert.All(deep.Parameters.Parameters.Where(p => p.Name.EndsWith("conv2.weight", StringComparison.Ordinal)), p => Assert.All(deep.GetTensor(p.Name), w => Assert.Equal(0, w)));
        Assert.All(deep.Parameters.Parameters.Where(p => p.Name.EndsWith("conv1.weight", StringComparison.Ordinal)), p => Assert.Contains(deep.GetTensor(p.Name), w => w != 0));
        var relu = new ResidualFamily(Small.Input, 5, [[1, 2], [1, 2, 3]], [[2, 3], [3, 5]]);
        Network a = relu.Build(relu.Smallest, 1), b = relu.Build(new ResidualCandidate([2, 3], [2, 3]), 1);
        float[] stem = a.GetTensor("stem.weight"), embed = a.GetTensor("embed.weight");
        float[] weights = [.. b.Parameters.Parameters.SelectMany(p => p.Name switch { "stem.weight" => stem, "embed.weight" => embed, _ => b.GetTensor(p.Name) })];
        using ParameterVector same = ParameterVector.FromArray(b.Parameters, b.Device, weights);
        Tolerance.AssertSameBits(a.Predict(images, 3), b.WithWeights(same).Predict(images, 3), "embedding");
        Assert.NotEqual(0, shallow.Predict(images, 3)[0]);
    }

    [Fact]
    public void CandidatesOfTheSameNumbersAreEqual()
    {
        ResidualCandidate a = new([1, 2], [3, 5]), b = new([1, 2], [3, 5]), c = new([1, 2], [2, 5]);
        Assert.True(a.Equals(b) && a.GetHashCode() == b.GetHashCode() && !a.Equals(c) && !a.Equals((object?)null));
        Assert.Equal("1×3 2×5", a.ToString());
        Assert.True(Small.Has(a));
        Assert.False(Small.Has(new ResidualCandidate([3, 2], [3, 5])));
        Assert.False(Small.Has(new ResidualCandidate([1], [3])));
        Assert.Equal(("1×2 1×3", "2×3 3×5"), (Small.Smallest.ToString(), Small.Largest.ToString()));
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        LayerShape input = Small.Input;
        Refused("Stage 2 may have 4 channels and stage 1 5", () => new ResidualFamily(input, 5, [[1], [1]], [[3, 5], [4, 8]]));
        Refused("widths has 1 stages; expected 2", () => new ResidualFamily(input, 5, [[1], [1]], [[3]]));
        Refused("depths has 1 behind 2", () => new ResidualFamily(input, 5, [[2, 1]], [[3]]));
        Refused("depths has no stage", () => new ResidualFamily(input, 5, [], []));
        Refused("widths has a stage without a choice", () => new ResidualFamily(input, 5, [[1]], [[]]));
        Refused("depths", () => new ResidualFamily(input, 5, [[0]], [[3]]));
        Refused("embedding", () => new ResidualFamily(input, 0, [[1]], [[3]]));
        Refused("expected an image", () => new ResidualFamily(new LayerShape(1, 1, 4, true), 5, [[1]], [[3]]));
        Refused("not of this family", () => Small.Build(new ResidualCandidate([4, 1], [2, 3]), 1));
        Refused("widths is [1]; expected [2]", () => new ResidualCandidate([1, 1], [3]));

        static void Refused(string message, Action action)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
    }

    internal static IEnumerable<ResidualCandidate> All()
        => from d1 in (int[])[1, 2] from d2 in (int[])[1, 2, 3] from w1 in (int[])[2, 3] from w2 in (int[])[3, 5] select new ResidualCandidate([d1, d2], [w1, w2]);
}
