using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class ShortcutTests(KernelFamily family)
{
    internal static IEnumerable<ShortcutShape> Shapes =>
    [
        new(2, 5, 7, 3, 2, 1, 2), new(1, 1, 1, 1, 1, 0, 0), new(3, 4, 4, 16, 2, 8, 8), new(2, 6, 5, 17, 3, 0, 5), new(2, 3, 3, 33, 1, 7, 0),
        .. Sizes.OneByOneAndCombined(small: [3, 4, 5, 2, 3], largest: [40, 12, 12, 20, 20], combinations: 10, seed: 4)
            .Select((n, i) => new ShortcutShape(1 + (i % 2), n[1], n[2], n[0], 1 + (i % 3), n[3] - 1, n[4] - 1)),
        new(0, 3, 3, 4, 2, 1, 1), new(9, 32, 32, 16, 2, 8, 8),
    ];

    private float[] Run(ShortcutShape s, float[] initial, Everywhere.Operation<float> operation)
        => family.Run(initial, operation, everyCount: OutputLength(s) > Chunks.Elements);

    [Fact]
    public void SubsamplesAndPads()
    {
        foreach (ShortcutShape s in Shapes)
        {
            float[] x = RandomFloats.AnyBits(1, InputLength(s));
            using var gx = new GuardedBuffer<float>(x);
            float[] expected = new float[OutputLength(s)];
            ForEach(s, (to, from) => expected[to] = x[from]);
            float[] y = Run(s, RandomFloats.Filled(expected.Length, float.NaN), (k, o) => k.Shortcut(s, gx.Block, o));
            Everywhere.AssertSame<float>(expected, y, $"{s}");
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    [InlineData(-0.5f)]
    public void AdjointScattersBack(float beta)
    {
        foreach (ShortcutShape s in Shapes)
        {
            float[] dy = RandomFloats.Uniform(1, OutputLength(s)), dx = RandomFloats.Uniform(2, InputLength(s));
            using var gdy = new GuardedBuffer<float>(dy);
            // −½ is exact, so the expected sums round as the kernel's do.
            float[] expected = [.. dx.Select(v => beta == 0 ? 0 : beta * v)];
            ForEach(s, (from, to) => expected[to] += dy[from]);
            float[] initial = beta == 0 ? RandomFloats.Filled(dx.Length, float.NaN) : dx;
            Everywhere.AssertSame<float>(expected, Run(s, initial, (k, o) => k.ShortcutAdjoint(s, gdy.Block, beta, o)), $"{s}");
        }
    }

    [Fact]
    public void TheAdjointIsTheAdjoint()
    {
        foreach (ShortcutShape s in Shapes)
        {
            using var x = new GuardedBuffer<float>(RandomFloats.Uniform(1, InputLength(s)));
            using var y = new GuardedBuffer<float>(RandomFloats.Uniform(2, OutputLength(s)));
            using var px = new GuardedBuffer<float>(OutputLength(s));
            using var py = new GuardedBuffer<float>(InputLength(s));
            IKernels k = family.Best;
            k.Shortcut(s, x.Block, px.Block);
            k.ShortcutAdjoint(s, y.Block, 0, py.Block);
            // The same exact products on both sides, summed in another order.
            Assert.Equal(k.Dot(px.Block, y.Block), k.Dot(x.Block, py.Block), 1e-15 * InputLength(s));
        }
    }

    [Fact]
    public void MisalignedMemoryGivesTheSameBitsAndSoDoesAnotherRun()
    {
        foreach (ShortcutShape s in (ShortcutShape[])[new(2, 5, 7, 8, 2, 4, 4), new(1, 4, 3, 1028, 2, 8, 512), new(2, 4, 4, 8, 1, 2, 6)])
        {
            float[] x = RandomFloats.Uniform(1, InputLength(s)), y = RandomFloats.Uniform(2, OutputLength(s));
            foreach (IKernels k in family.Sets)
            {
                AssertSame(DeviceCopies.Runs(k, y, (m, o) => k.Shortcut(s, m.Of(x), o)));
                foreach (float beta in (float[])[0f, 1f, 0.7f]) AssertSame(DeviceCopies.Runs(k, x, (m, o) => k.ShortcutAdjoint(s, m.Of(y), beta, o)));
            }
        }
    }

    private static void AssertSame((float[] Aligned, float[] Again, float[] Misaligned) runs)
    {
        Everywhere.AssertSame<float>(runs.Aligned, runs.Again, "again");
        Everywhere.AssertSame<float>(runs.Aligned, runs.Misaligned, "misaligned");
    }

    private static long InputLength(ShortcutShape s) => (long)s.Batch * s.Height * s.Width * s.Channels;

    private static long OutputLength(ShortcutShape s) => (long)s.Batch * s.OutHeight * s.OutWidth * s.OutChannels;

    private static void ForEach(ShortcutShape s, Action<int, int> copy)
    {
        for (int b = 0; b < s.Batch; b++)
        {
            for (int oy = 0; oy * s.Stride < s.Height; oy++)
            {
                for (int ox = 0; ox * s.Stride < s.Width; ox++)
                {
                    for (int c = 0; c < s.Channels; c++)
                    {
                        int to = ((((b * s.OutHeight) + oy) * s.OutWidth) + ox) * s.OutChannels + s.Before + c;
                        copy(to, ((((b * s.Height) + (oy * s.Stride)) * s.Width) + (ox * s.Stride)) * s.Channels + c);
                    }
                }
            }
        }
    }
}

public sealed class ShortcutTestsOnCpu() : ShortcutTests(KernelFamily.Cpu);

public sealed class ShortcutTestsOnGpu() : ShortcutTests(KernelFamily.Gpu);
