using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public unsafe class LaneMathTests
{
    private delegate void Function(float* x, float* y);

    [Fact]
    public void ExpIsWithinOneUlp()
    {
        // A thinned walk over all fp32 numbers of the domain; a prime stride meets every pattern of low bits.
        double worst = 0;
        foreach ((float low, float high) in new[] { (1e-30f, 88.7f), (-1e-30f, -103.9f) })
        {
            worst = Math.Max(worst, Worst(low, high, 701, Best("Exp"), Math.Exp));
        }
        Assert.True(worst <= 1, $"{worst} ulp");
    }

    [Fact]
    public void LogIsWithinOneUlp()
    {
        double worst = Worst(1.1754944e-38f, 3e38f, 1301, Best("Log"), Math.Log);
        worst = Math.Max(worst, Worst(0.5f, 2f, 17, Best("Log"), Math.Log));
        Assert.True(worst <= 1, $"{worst} ulp");
    }

    [Fact]
    public void LogOnePlusIsWithinOneAndAHalfUlp()
    {
        double worst = Worst(1e-30f, 3e7f, 1301, Best("LogOnePlus"), LogOnePlus);
        worst = Math.Max(worst, Worst(-1e-30f, -0.5f, 1301, Best("LogOnePlus"), LogOnePlus));
        worst = Math.Max(worst, Worst(0.2f, 3f, 17, Best("LogOnePlus"), LogOnePlus));
        Assert.True(worst <= 1.5, $"{worst} ulp");
    }

    [Fact]
    public void ExpRemainderIsAccurateOnItsInterval()
    {
        Function remainder = Best("ExpRemainder");
        // A relative 2⁻²³ of the polynomial and one rounding of the last step, 2⁻²⁴.
        float* x = stackalloc float[16];
        float* y = stackalloc float[16];
        for (int i = -1000; i <= 1000; i++)
        {
            x[0] = i / 1000f;
            remainder(x, y);
            double sum = 0;
            for (int k = 25; k >= 0; k--) sum = (sum * x[0] / (k + 3)) + 1;
            Assert.Equal(sum / 2, y[0], sum / 2 * 1.8e-7);
        }
    }

    [Fact]
    public void SpecialValuesOfExp()
    {
        float* x = stackalloc float[16];
        float* y = stackalloc float[16];
        float[] values = [0f, -0f, float.NegativeInfinity, float.NaN, -104f, -200f, -3e38f, 1f];
        values.CopyTo(new Span<float>(x, 16));
        foreach (Function exp in KernelSetCases.Targets.Select(t => On(t, "Exp")))
        {
            exp(x, y);
            Assert.Equal([1f, 1f, 0f, float.NaN, 0f, 0f, 0f], new Span<float>(y, 7).ToArray());
            Assert.Equal(MathF.E, y[7], 3e-7f);
        }
    }

    [Fact]
    public void EveryWidthGivesTheSameBits()
    {
        var random = new Random(1);
        float* x = stackalloc float[16];
        float* y = stackalloc float[16];
        float* expected = stackalloc float[16];
        (string Name, Func<float> Argument)[] cases =
        [
            ("Exp", () => (float)((random.NextDouble() * 180) - 95)),
            ("Log", () => (float)Math.Exp((random.NextDouble() * 170) - 85)),
            ("LogOnePlus", () => (float)(Math.Exp((random.NextDouble() * 40) - 20) - 0.3)),
            ("ExpRemainder", () => (float)((random.NextDouble() * 2) - 1)),
        ];
        foreach ((string name, Func<float> argument) in cases)
        {
            Function[] widths = [.. KernelSetCases.Targets.Select(t => On(t, name))];
            for (int round = 0; round < 3000; round++)
            {
                for (int i = 0; i < 16; i++) x[i] = argument();
                widths[0](x, expected);
                foreach (Function width in widths)
                {
                    width(x, y);
                    Tolerance.AssertSameBits(new Span<float>(expected, 16), new Span<float>(y, 16));
                }
            }
        }
    }

    private static double LogOnePlus(double x) => Math.Abs(x) < 1e-5 ? x - (x * x / 2) + (x * x * x / 3) : Math.Log(1 + x);

    /// <summary>Largest error over [from, to] (same sign) in units of the last place of the right answer.</summary>
    private static double Worst(float from, float to, int stride, Function function, Func<double, double> reference)
    {
        float* x = stackalloc float[16];
        float* y = stackalloc float[16];
        double worst = 0;
        int first = BitConverter.SingleToInt32Bits(from), last = BitConverter.SingleToInt32Bits(to);
        for (long at = first; at + (15L * stride) <= last; at += 16L * stride)
        {
            for (int i = 0; i < 16; i++) x[i] = BitConverter.Int32BitsToSingle((int)(at + (i * stride)));
            function(x, y);
            for (int i = 0; i < 16; i++)
            {
                double right = reference(x[i]);
                // One unit of the subnormal grid where the answer lies on it.
                double ulp = Math.ScaleB(1, Math.Max(Math.ILogB(right), -126) - 23);
                worst = Math.Max(worst, Math.Abs(y[i] - right) / ulp);
            }
        }
        return worst;
    }

    private static Function On(CpuTarget target, string name) => target switch
    {
        CpuTarget.Avx512 => Of<Lanes512, DoubleLanes512>.Named(name),
        CpuTarget.Avx2 => Of<Lanes256, DoubleLanes256>.Named(name),
        CpuTarget.Vector128 => Of<Lanes128, DoubleLanes128>.Named(name),
        _ => Of<LanesScalar, DoubleLanesScalar>.Named(name),
    };

    private static Function Best(string name) => On(KernelSetCases.Targets[0], name);

    private static class Of<TLanes, TDoubles>
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        public static Function Named(string name) => name switch
        {
            "Exp" => (x, y) => TLanes.Store(y, LaneMath.Exp<TLanes, TDoubles>(TLanes.Load(x))),
            "Log" => (x, y) => TLanes.Store(y, LaneMath.Log<TLanes, TDoubles>(TLanes.Load(x))),
            "LogOnePlus" => (x, y) => TLanes.Store(y, LaneMath.LogOnePlus<TLanes, TDoubles>(TLanes.Load(x))),
            "ExpRemainder" => (x, y) => TLanes.Store(y, LaneMath.ExpRemainder<TLanes, TDoubles>(TLanes.Load(x))),
            _ => throw new ArgumentException(name),
        };
    }
}
