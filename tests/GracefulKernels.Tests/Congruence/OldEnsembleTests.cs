namespace GracefulKernels.Tests;

public class OldEnsembleTests
{
    [Fact]
    public void TheMeanIsRoundedOnce()
    {
        float[][] models = [.. Enumerable.Range(0, 3).Select(k => RandomFloats.Uniform(k, 50))];
        float[] mean = OldEnsemble.MeanLogits(models), stacked = new float[50];
        OldEnsemble.MeanLogits([.. models.SelectMany(m => m)], 3, stacked);
        for (int i = 0; i < 50; i++) Assert.Equal((float)(((double)models[0][i] + models[1][i] + models[2][i]) / 3), mean[i]);
        Assert.Equal(mean, stacked);
        // fp32 sums would lose the third: 2²⁴ + 1 + 1.
        Assert.Equal([(float)((16777216.0 + 2) / 3)], OldEnsemble.MeanLogits([16777216f], [1f], [1f]));
        Assert.Equal([float.NaN, float.PositiveInfinity], OldEnsemble.MeanLogits([float.NaN, float.PositiveInfinity], [1f, 1f]));
        Assert.Equal(models[0], OldEnsemble.MeanLogits(models[0]));
    }

    [Fact]
    public void WhatDoesNotFitIsNamed()
    {
        Assert.Throws<ArgumentException>(() => OldEnsemble.MeanLogits());
        Assert.Contains("models[1] is [2]; expected [3]", Assert.Throws<ArgumentException>(() => OldEnsemble.MeanLogits(new float[3], new float[2])).Message);
        Assert.Contains("stacked is [7]; expected [2 × 3]", Assert.Throws<ArgumentException>(() => OldEnsemble.MeanLogits(new float[7], 2, new float[3])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => OldEnsemble.MeanLogits(new float[7], 0, new float[3]));
        float[] memory = new float[8];
        Assert.Throws<ArgumentException>(() => OldEnsemble.MeanLogits(memory, 2, memory.AsSpan(1, 4)));
        memory[4] = 2;
        OldEnsemble.MeanLogits(memory, 2, memory.AsSpan(0, 4));
        Assert.Equal(1f, memory[0]);
    }
}
