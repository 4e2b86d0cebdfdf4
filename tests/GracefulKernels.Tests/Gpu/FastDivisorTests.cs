using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public class FastDivisorTests
{
    [Fact]
    public void DividesAsDivisionDoes()
    {
        var random = new Random(1);
        int[] divisors = [.. Enumerable.Range(1, 300), .. Enumerable.Range(0, 31).SelectMany(b => new[] { 1 << b, (1 << b) + 1, Math.Max(1, (1 << b) - 1) }), int.MaxValue];
        foreach (int d in divisors)
        {
            FastDivisor by = FastDivisor.Of(d);
            int multiple = int.MaxValue / d * d;
            foreach (int n in (int[])[0, 1, d - 1, d, multiple - 1, multiple, int.MaxValue, .. Enumerable.Range(0, 100).Select(_ => random.Next())])
            {
                if (n / d != by.Quotient(n)) Assert.Fail($"{n} / {d} = {n / d}, not {by.Quotient(n)}");
            }
        }
    }
}
