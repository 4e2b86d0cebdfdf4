using GracefulKernels.Cli.Data;

namespace GracefulKernels.Tests;

public sealed class DigitsTests
{
    [Fact]
    public void All1797AreThere()
    {
        Digits all = Digits.All;
        Assert.Equal(1797, all.Count);
        Assert.Equal(1797 * 64, all.Images.Length);
        // The counts that scikit-learn's documentation gives.
        Assert.Equal([178, 182, 177, 183, 181, 182, 181, 179, 174, 180], Enumerable.Range(0, 10).Select(d => all.Labels.Count(y => y == d)));
        Assert.Equal([0f, 0, 5, 13, 9, 1, 0, 0], all.Images[..8].Select(v => v * 16));
        Assert.Equal([0, 1, 2, 3], all.Labels[..4]);
        Assert.Equal((0f, 1f), (all.Images.Min(), all.Images.Max()));
    }

    [Fact]
    public void ASplitIsStratifiedDisjointCompleteAndRepeatable()
    {
        int[][] parts = Digits.SplitRows(Digits.All.Labels, 5, 0.5, 0.3, 0.2);
        Assert.Equal(Enumerable.Range(0, 1797), parts.SelectMany(p => p).Order());
        double[] shares = [0.5, 0.3, 0.2];
        for (int p = 0; p < parts.Length; p++)
        {
            Assert.Equal(parts[p].Order(), parts[p]);
            for (int d = 0; d < 10; d++)
            {
                int whole = Digits.All.Labels.Count(y => y == d), part = parts[p].Count(i => Digits.All.Labels[i] == d);
                Assert.InRange(part - (shares[p] * whole), -1, 1);
            }
        }
        Assert.Equal(parts[0], Digits.SplitRows(Digits.All.Labels, 5, 0.5, 0.3, 0.2)[0]);
        Assert.NotEqual(parts[0], Digits.SplitRows(Digits.All.Labels, 6, 0.5, 0.3, 0.2)[0]);
        Digits[] digits = Digits.All.Split(5, 0.5, 0.3, 0.2);
        Assert.Equal(Digits.All.Images[(parts[1][7] * 64)..((parts[1][7] + 1) * 64)], digits[1].Images[(7 * 64)..(8 * 64)]);
        Assert.Equal(Digits.All.Labels[parts[1][7]], digits[1].Labels[7]);
    }

    [Fact]
    public void SharesThatAreNoneAreRefused()
    {
        Assert.Equal("shares", Assert.Throws<ArgumentException>(() => Digits.SplitRows([1], 1, 0.5, 0.4)).ParamName);
        Assert.Throws<ArgumentException>(() => Digits.SplitRows([1], 1, 1.5, -0.5));
        Assert.Throws<ArgumentException>(() => Digits.SplitRows([1], 1, double.NaN));
    }
}
