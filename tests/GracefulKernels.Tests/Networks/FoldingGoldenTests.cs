using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>Batch normalisation folded into the weights before it, against independent fp64 answers.</summary>
public class FoldingGoldenTests
{
    private const string Family = "linearized";

    /// <summary>The folded weights of the golden files were folded by PyTorch in fp64.</summary>
    [Fact]
    public void FoldingGivesTheSameWeights()
    {
        JsonElement[] cases = [.. Golden.Manifest(Family).GetProperty("cases").EnumerateArray()];
        JsonElement kept = cases.Single(e => e.GetProperty("name").GetString() == "resnet20_leaky_bn");
        JsonElement folded = cases.Single(e => e.GetProperty("name").GetString() == "resnet20_leaky_folded");
        Network network = GoldenNetworks.Load(
            Family, kept.GetProperty("parameters").GetProperty("architecture"), [8, 3, 32, 32], kept.GetProperty("inputs").GetProperty("w0")).FoldBatchNorm();
        Dictionary<string, (double[] Values, int[] Shape)> expected = GoldenNetworks.Tensors(Family, folded.GetProperty("inputs").GetProperty("w0"));
        Assert.Equal(expected.Keys.Order(), network.Parameters.Parameters.Select(p => p.Name).Order());
        foreach ((string name, (double[] values, int[] shape)) in expected)
        {
            Assert.Equal(shape, network.Parameters[name].Shape);
            float[] have = network.GetTensor(name);
            // fp64 in another order, then one rounding to fp32: at most one unit in the last place.
            for (int i = 0; i < have.Length; i++)
            {
                Assert.True(Math.Abs(have[i] - values[i]) <= MathF.BitIncrement(MathF.Abs(have[i])) - MathF.Abs(have[i]), $"{name}[{i}]: {have[i]:R}, {values[i]:R}");
            }
        }
    }
}
