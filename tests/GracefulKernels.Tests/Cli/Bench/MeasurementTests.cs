using GracefulKernels.Cli.Bench;

namespace GracefulKernels.Tests;

public class MeasurementTests
{
    [Fact]
    public void MedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo()
        => Assert.Equal(new Measurement(1, 2.5), Measurement.FromSamples([4, 1, 3, 2]));

    [Fact]
    public void ResetGoesBeforeEveryRun()
    {
        int fresh = 0, runs = 0;
        Measurement.Of(() => { Assert.Equal(1, fresh--); runs++; }, () => fresh = 1, new MeasureTime(7, 0, 10, 0));
        Assert.Equal(7, runs);
    }

    [Fact]
    public void NoRunBeginsPastTheLimit()
    {
        int runs = 0;
        Measurement.Of(() => { runs++; Thread.Sleep(5); }, () => { }, new MeasureTime(100, 100, 0, 0));
        Assert.Equal(1, runs);
    }
}
