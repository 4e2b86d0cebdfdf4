using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Every operation of every width against the scalar lanes: the same bits on any input.</summary>
public class LanesTests
{
    private const int Rounds = 4000;

    public static TheoryData<string> Widths => [.. KernelSetCases.Targets.Where(t => t != CpuTarget.Scalar).Select(t => t.ToString())];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Arithmetic(string target) => Check(target, new ArithmeticCheck());

    [Theory]
    [MemberData(nameof(Widths))]
    public void FusedMultiplyAddNearCancellationAndUnderflow(string target) => Check(target, new FusedCheck());

    [Theory]
    [MemberData(nameof(Widths))]
    public void RoundTiesToEven(string target) => Check(target, new RoundCheck());

    [Theory]
    [MemberData(nameof(Widths))]
    public void MaxAndMinTakeTheSecondOnNaNAndOnZeros(string target) => Check(target, new MaxMinCheck());

    [Theory]
    [MemberData(nameof(Widths))]
    public void ComparisonsSelectAndBits(string target) => Check(target, new CompareCheck());

    [Theory]
    [MemberData(nameof(Widths))]
    public void ScaleOverItsWholeRange(string target) => Check(target, new ScaleCheck());

    [Theory]
    [MemberData(nameof(Widths))]
    public void Folds(string target) => Check(target, new FoldCheck());

    [Theory]
    [MemberData(nameof(Widths))]
    public void WidenAndNarrow(string target) => Check(target, new ConvertCheck());

    [Theory]
    [MemberData(nameof(KernelSetCases.Names), MemberType = typeof(KernelSetCases))]
    public void PartialsStopAtTheGuardPage(string target) => Check(target, new PartialCheck());

    [Theory]
    [MemberData(nameof(Widths))]
    public void DoubleArithmetic(string target) => Check(target, new DoubleCheck());

    private static void Check<TCheck>(string target, TCheck check) where TCheck : ILanesCheck
    {
        switch (Enum.Parse<CpuTarget>(target))
        {
            case CpuTarget.Avx512: check.Run<Lanes512, DoubleLanes512>(); break;
            case CpuTarget.Avx2: check.Run<Lanes256, DoubleLanes256>(); break;
            case CpuTarget.Vector128: check.Run<Lanes128, DoubleLanes128>(); break;
            default: check.Run<LanesScalar, DoubleLanesScalar>(); break;
        }
    }

    private unsafe struct ArithmeticCheck : ILanesCheck
    {
        public readonly void Run<TLanes, TDoubles>() where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            for (int round = 0; round < Rounds; round++)
            {
                float[] a = RandomFloats.AnyBits(3 * round, 16), b = RandomFloats.AnyBits((3 * round) + 1, 16), c = RandomFloats.AnyBits((3 * round) + 2, 16);
                TLanes x = LanesOf.Load<TLanes, TDoubles>(a), y = LanesOf.Load<TLanes, TDoubles>(b), z = LanesOf.Load<TLanes, TDoubles>(c);
                LanesOf.Expect<TLanes, TDoubles>(i => a[i] + b[i], x + y, "+");
                LanesOf.Expect<TLanes, TDoubles>(i => a[i] - b[i], x - y, "-");
                LanesOf.Expect<TLanes, TDoubles>(i => a[i] * b[i], x * y, "*");
                LanesOf.Expect<TLanes, TDoubles>(i => a[i] / b[i], x / y, "/");
                LanesOf.Expect<TLanes, TDoubles>(i => -a[i], -x, "negate");
                LanesOf.Expect<TLanes, TDoubles>(i => MathF.Abs(a[i]), TLanes.Abs(x), "abs");
                LanesOf.Expect<TLanes, TDoubles>(i => MathF.Sqrt(a[i]), TLanes.Sqrt(x), "sqrt");
                LanesOf.Expect<TLanes, TDoubles>(i => MathF.FusedMultiplyAdd(a[i], b[i], c[i]), TLanes.MultiplyAdd(x, y, z), "fma");
                LanesOf.Expect<TLanes, TDoubles>(_ => a[5], TLanes.Broadcast(a[5]), "broadcast");
                LanesOf.Expect<TLanes, TDoubles>(_ => 0f, TLanes.Zero, "zero");
            }
        }
    }

    private unsafe struct FusedCheck : ILanesCheck
    {
        public readonly void Run<TLanes, TDoubles>() where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            var random = new Random(7);
            float[] a = new float[16], b = new float[16], c = new float[16];
            for (int round = 0; round < 4 * Rounds; round++)
            {
                for (int i = 0; i < 16; i++)
                {
                    a[i] = Scaled(random, random.Next(-80, 20));
                    b[i] = Scaled(random, random.Next(-70, 20));
                    // Near −a·b the product's low bits are all that is left; far from it they decide ties; deep down they underflow.
                    float near = (float)(-(double)a[i] * b[i]);
                    c[i] = random.Next(4) switch
                    {
                        0 => near,
                        1 => MathF.BitIncrement(near),
                        2 => near * Scaled(random, random.Next(-30, 30)),
                        _ => Scaled(random, random.Next(-149, -120)),
                    };
                }
                LanesOf.Expect<TLanes, TDoubles>(
                    i => MathF.FusedMultiplyAdd(a[i], b[i], c[i]),
                    TLanes.MultiplyAdd(LanesOf.Load<TLanes, TDoubles>(a), LanesOf.Load<TLanes, TDoubles>(b), LanesOf.Load<TLanes, TDoubles>(c)),
                    "fma");
            }
        }

        private static float Scaled(Random random, int exponent) => MathF.ScaleB(1 + random.NextSingle(), exponent) * (random.Next(2) == 0 ? 1 : -1);
    }

    private unsafe struct RoundCheck : ILanesCheck
    {
        public readonly void Run<TLanes, TDoubles>() where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            for (int start = -600; start < 600; start += 8)
            {
                float[] halves = [.. Enumerable.Range(start, 16).Select(i => i * 0.5f)];
                LanesOf.Expect<TLanes, TDoubles>(i => MathF.Round(halves[i], MidpointRounding.ToEven), TLanes.Round(LanesOf.Load<TLanes, TDoubles>(halves)), "round");
            }
            for (int round = 0; round < Rounds; round++)
            {
                float[] a = RandomFloats.AnyBits(round, 16);
                LanesOf.Expect<TLanes, TDoubles>(i => MathF.Round(a[i], MidpointRounding.ToEven), TLanes.Round(LanesOf.Load<TLanes, TDoubles>(a)), "round");
            }
        }
    }

    private unsafe struct MaxMinCheck : ILanesCheck
    {
        public readonly void Run<TLanes, TDoubles>() where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            float[] edges = [0f, -0f, float.NaN, 1f, -1f, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon];
            foreach (float first in edges)
            {
                float[] a = RandomFloats.Filled(16, first), b = [.. edges, .. edges];
                Pair<TLanes, TDoubles>(a, b);
                Pair<TLanes, TDoubles>(b, a);
            }
            for (int round = 0; round < Rounds; round++) Pair<TLanes, TDoubles>(RandomFloats.AnyBits(round, 16), RandomFloats.AnyBits(round + Rounds, 16));
        }

        private static void Pair<TLanes, TDoubles>(float[] a, float[] b) where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            TLanes x = LanesOf.Load<TLanes, TDoubles>(a), y = LanesOf.Load<TLanes, TDoubles>(b);
            LanesOf.Expect<TLanes, TDoubles>(i => a[i] > b[i] ? a[i] : b[i], TLanes.Max(x, y), "max");
            LanesOf.Expect<TLanes, TDoubles>(i => a[i] < b[i] ? a[i] : b[i], TLanes.Min(x, y), "min");
        }
    }

    private unsafe struct CompareCheck : ILanesCheck
    {
        public readonly void Run<TLanes, TDoubles>() where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            for (int round = 0; round < Rounds; round++)
            {
                float[] a = RandomFloats.AnyBits(round, 16), b = RandomFloats.AnyBits(round + Rounds, 16);
                if (round % 2 == 0) b = [.. a.Zip(b, (p, q) => q > 0 ? p : q)];
                TLanes x = LanesOf.Load<TLanes, TDoubles>(a), y = LanesOf.Load<TLanes, TDoubles>(b);
                Mask<TLanes, TDoubles>(i => a[i] > b[i], TLanes.GreaterThan(x, y), a, b);
                Mask<TLanes, TDoubles>(i => a[i] >= b[i], TLanes.GreaterThanOrEqual(x, y), a, b);
                Mask<TLanes, TDoubles>(i => a[i] == b[i], TLanes.Equal(x, y), a, b);
                int bits = round * 7919 & 0xFFFF;
                Mask<TLanes, TDoubles>(i => (bits >> i & 1) != 0, TLanes.FromBits((uint)bits), a, b);
            }
        }

        private static void Mask<TLanes, TDoubles>(Func<int, bool> expected, TLanes mask, float[] a, float[] b)
            where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            uint bits = 0;
            for (int i = 0; i < 16; i++) bits |= expected(i) ? 1u << i : 0;
            Assert.Equal(bits, TLanes.ToBits(mask));
            TLanes selected = TLanes.Select(mask, LanesOf.Load<TLanes, TDoubles>(a), LanesOf.Load<TLanes, TDoubles>(b));
            LanesOf.Expect<TLanes, TDoubles>(i => expected(i) ? a[i] : b[i], selected, "select");
        }
    }

    private unsafe struct ScaleCheck : ILanesCheck
    {
        public readonly void Run<TLanes, TDoubles>() where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            var random = new Random(3);
            for (int n = -250; n <= 250; n++)
            {
                for (int round = 0; round < 20; round++)
                {
                    float[] a = [0.5f, 2f, 1f, -0.5f, -2f, MathF.BitDecrement(2f), MathF.BitIncrement(0.5f), MathF.BitIncrement(1f),
                        .. Enumerable.Range(0, 8).Select(_ => (0.5f + (1.5f * random.NextSingle())) * (random.Next(2) == 0 ? 1 : -1))];
                    int exponent = n;
                    TLanes scaled = TLanes.Scale(LanesOf.Load<TLanes, TDoubles>(a), TLanes.Broadcast(n));
                    // In fp64 the product is exact; the cast is the one rounding.
                    LanesOf.Expect<TLanes, TDoubles>(i => (float)Math.ScaleB(a[i], exponent), scaled, $"scale by {n}");
                    LanesOf.Expect<LanesScalar, DoubleLanesScalar>(
                        i => (float)Math.ScaleB(a[i], exponent),
                        LanesScalar.Scale(LanesOf.Load<LanesScalar, DoubleLanesScalar>(a), LanesScalar.Broadcast(n)),
                        $"scalar scale by {n}");
                }
            }
        }
    }

    private unsafe struct FoldCheck : ILanesCheck
    {
        public readonly void Run<TLanes, TDoubles>() where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            for (int round = 0; round < Rounds; round++)
            {
                float[] a = round % 2 == 0 ? RandomFloats.AnyBits(round, 16) : RandomFloats.Uniform(round, 16);
                TLanes x = LanesOf.Load<TLanes, TDoubles>(a);
                float[] sum = [.. a], max = [.. a];
                double[] wide = [.. a.Take(8).Zip(a.Skip(8), (p, q) => p + (q * 1e-3))], wideSum = [.. wide];
                for (int step = 8; step > 0; step /= 2)
                {
                    for (int i = 0; i < step; i++)
                    {
                        sum[i] += sum[i + step];
                        max[i] = max[i] > max[i + step] ? max[i] : max[i + step];
                        if (step < 8) wideSum[i] += wideSum[i + step];
                    }
                }
                Everywhere.AssertSame<float>([sum[0]], [TLanes.Sum(x)], "sum");
                Everywhere.AssertSame<float>([max[0]], [TLanes.MaxAcross(x)], "max");
                fixed (double* w = wide) Everywhere.AssertSame<double>([wideSum[0]], [TDoubles.Sum(TDoubles.Load(w))], "double sum");
            }
        }
    }

    private unsafe struct ConvertCheck : ILanesCheck
    {
        public readonly void Run<TLanes, TDoubles>() where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            double* wide = stackalloc double[16];
            var random = new Random(9);
            for (int round = 0; round < Rounds; round++)
            {
                float[] a = RandomFloats.AnyBits(round, 16);
                TLanes.Widen(LanesOf.Load<TLanes, TDoubles>(a), out TDoubles low, out TDoubles high);
                TDoubles.Store(wide, low);
                TDoubles.Store(wide + 8, high);
                Everywhere.AssertSame<double>([.. a.Select(v => (double)v)], new ReadOnlySpan<double>(wide, 16), "widen");
                double[] between = [.. a.Select(v => v + ((MathF.BitIncrement(v) - (double)v) * random.Next(5) * 0.25))];
                fixed (double* p = between)
                {
                    LanesOf.Expect<TLanes, TDoubles>(i => (float)between[i], TLanes.Narrow(TDoubles.Load(p), TDoubles.Load(p + 8)), "narrow");
                }
            }
        }
    }

    private unsafe struct PartialCheck : ILanesCheck
    {
        public readonly void Run<TLanes, TDoubles>() where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            double* all = stackalloc double[8];
            for (int count = 0; count <= 16; count++)
            {
                int n = count;
                foreach (bool before in new[] { false, true })
                {
                    float[] a = RandomFloats.AnyBits(count, 16);
                    using var source = new GuardedBuffer<float>(a.AsSpan(0, n), before);
                    LanesOf.Expect<TLanes, TDoubles>(i => i < n ? a[i] : 0, TLanes.LoadPartial(source.Pointer, n), "load");
                    using var target = new GuardedBuffer<float>(n, before);
                    TLanes.StorePartial(target.Pointer, n, LanesOf.Load<TLanes, TDoubles>(a));
                    target.AssertUntouchedOutside();
                    Everywhere.AssertSame<float>(a.AsSpan(0, n), target.Span, "store");

                    ushort[] words = [.. Enumerable.Range(0, 16).Select(i => (ushort)(65535 - (i * 4095)))];
                    using var wordSource = new GuardedBuffer<ushort>(words.AsSpan(0, n), before);
                    TLanes loaded = TLanes.LoadUInt16(wordSource.Pointer, n);
                    LanesOf.Expect<TLanes, TDoubles>(i => i < n ? words[i] : 0, loaded, "load words");
                    using var wordTarget = new GuardedBuffer<ushort>(n, before);
                    TLanes.StoreUInt16(wordTarget.Pointer, n, loaded);
                    wordTarget.AssertUntouchedOutside();
                    Assert.Equal(words.AsSpan(0, n).ToArray(), wordTarget.Span.ToArray());

                    if (n > 8) continue;
                    double[] d = [.. a.Take(n).Select(v => v * 1.1)];
                    using var wideSource = new GuardedBuffer<double>(d, before);
                    using var wideTarget = new GuardedBuffer<double>(n, before);
                    TDoubles.Store(all, TDoubles.LoadPartial(wideSource.Pointer, n));
                    Everywhere.AssertSame<double>([.. d, .. new double[8 - n]], new ReadOnlySpan<double>(all, 8), "load doubles");
                    TDoubles.StorePartial(wideTarget.Pointer, n, TDoubles.Load(all));
                    wideTarget.AssertUntouchedOutside();
                    Everywhere.AssertSame<double>(d, wideTarget.Span, "store doubles");
                }
            }
        }
    }

    private unsafe struct DoubleCheck : ILanesCheck
    {
        public readonly void Run<TLanes, TDoubles>() where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            var random = new Random(5);
            double[] a = new double[8], b = new double[8], c = new double[8];
            for (int round = 0; round < Rounds; round++)
            {
                for (int i = 0; i < 8; i++)
                {
                    a[i] = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
                    b[i] = round % 2 == 0 ? BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)) : random.NextDouble();
                    c[i] = round % 3 == 0 ? BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)) : -a[i] * b[i];
                }
                fixed (double* pa = a, pb = b, pc = c)
                {
                    TDoubles x = TDoubles.Load(pa), y = TDoubles.Load(pb), z = TDoubles.Load(pc);
                    Expect<TDoubles>(i => a[i] + b[i], x + y, "+");
                    Expect<TDoubles>(i => a[i] - b[i], x - y, "-");
                    Expect<TDoubles>(i => a[i] * b[i], x * y, "*");
                    Expect<TDoubles>(i => a[i] / b[i], x / y, "/");
                    Expect<TDoubles>(i => Math.FusedMultiplyAdd(a[i], b[i], c[i]), TDoubles.MultiplyAdd(x, y, z), "fma");
                    Expect<TDoubles>(_ => a[3], TDoubles.Broadcast(a[3]), "broadcast");
                    Expect<TDoubles>(_ => 0, TDoubles.Zero, "zero");
                }
            }
        }

        private static void Expect<TDoubles>(Func<int, double> expected, TDoubles actual, string what) where TDoubles : struct, IDoubleLanes<TDoubles>
        {
            double* stored = stackalloc double[8];
            TDoubles.Store(stored, actual);
            Everywhere.AssertSame<double>([.. Enumerable.Range(0, 8).Select(expected)], new ReadOnlySpan<double>(stored, 8), what);
        }
    }
}
