using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class ActivationTests(KernelFamily family)
{
    private const float Slope = 0.05f;

    /// <summary>Every width to 70 in one and in several rows, and shapes that take more than one chunk along rows or along columns.</summary>
    public static IEnumerable<(int Rows, int Columns)> Shapes
        => [.. Enumerable.Range(0, 71).Select(c => (1 + (c % 4), c)), (0, 5), (5000, 16), (5000, 17), (2, Chunks.Elements + 7), (3, 2 * Chunks.Elements)];

    [Fact]
    public void LeakyReluAndItsMask()
    {
        foreach ((int rows, int columns) in Shapes)
        {
            float[] x = RandomFloats.AnyBits(columns, (long)rows * columns);
            using var gx = new GuardedBuffer<float>(x);
            float[] expected = [.. x.Select(v => v > 0 ? v : Slope * v)];
            float[] y = family.Run(RandomFloats.Filled(x.Length, float.NaN), (k, o) =>
            {
                using var mask = new GuardedBuffer<ushort>((long)rows * ((columns + 15) / 16));
                k.LeakyRelu(rows, columns, Slope, gx.Block, o, mask.Block);
                mask.AssertUntouchedOutside();
                Assert.Equal(Mask(rows, columns, x), mask.Span.ToArray());
            });
            Everywhere.AssertSame<float>(expected, y, $"{rows} × {columns}");
            Everywhere.AssertSame<float>(expected, family.Run(x, (k, o) => k.LeakyRelu(rows, columns, Slope, o, o, default)), "in place");
            Everywhere.AssertSame<float>(expected, family.Run(x, (k, o) =>
            {
                using var mask = new GuardedBuffer<ushort>((long)rows * ((columns + 15) / 16));
                k.LeakyRelu(rows, columns, Slope, o, o, mask.Block);
            }), "in place with a mask");
        }
    }

    [Fact]
    public void MaskedWithBetaZeroDoesNotReadTheOutput()
    {
        foreach ((int rows, int columns) in Shapes)
        {
            float[] primal = RandomFloats.Uniform(1, (long)rows * columns), x = RandomFloats.AnyBits(2, primal.Length);
            using var gx = new GuardedBuffer<float>(x);
            using var mask = new GuardedBuffer<ushort>(Mask(rows, columns, primal));
            float[] expected = [.. primal.Zip(x, (p, v) => p > 0 ? v : Slope * v)];
            float[] y = family.Run(
                RandomFloats.Filled(x.Length, float.NaN), (k, o) => k.LeakyReluMasked(rows, columns, Slope, mask.Block, gx.Block, 0f, o));
            Everywhere.AssertSame<float>(expected, y, $"{rows} × {columns}");
            Everywhere.AssertSame<float>(
                expected, family.Run(x, (k, o) => k.LeakyReluMasked(rows, columns, Slope, mask.Block, o, 0f, o)), "in place");
        }
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(-0.75f)]
    public void MaskedAccumulates(float beta)
    {
        foreach ((int rows, int columns) in Shapes)
        {
            float[] primal = RandomFloats.Uniform(1, (long)rows * columns);
            float[] x = RandomFloats.Uniform(2, primal.Length), y = RandomFloats.Uniform(3, primal.Length);
            using var gx = new GuardedBuffer<float>(x);
            using var mask = new GuardedBuffer<ushort>(Mask(rows, columns, primal));
            float[] z = family.Run(y, (k, o) => k.LeakyReluMasked(rows, columns, Slope, mask.Block, gx.Block, beta, o));
            for (int i = 0; i < z.Length; i++)
            {
                double expected = ((primal[i] > 0 ? 1 : (double)Slope) * x[i]) + (beta * (double)y[i]);
                // One rounding of βy (at most 1), one of the sum, and on a device one of the other product: ±x, which is exact, or at most the slope.
                Assert.True(Math.Abs(z[i] - expected) <= Tolerance.Unit * (1 + (family.IsCpu ? 0 : Slope) + Math.Abs(expected)) * 1.01);
            }
        }
    }

    [Fact]
    public void MaskedIsItsOwnAdjoint()
    {
        const int Rows = 7, Columns = 41;
        float[] primal = RandomFloats.Uniform(1, Rows * Columns), x = RandomFloats.Uniform(2, Rows * Columns), y = RandomFloats.Uniform(3, Rows * Columns);
        using var mask = new GuardedBuffer<ushort>(Mask(Rows, Columns, primal));
        IKernels k = family.Best;
        using var gx = new GuardedBuffer<float>(x);
        using var gy = new GuardedBuffer<float>(y);
        using var px = new GuardedBuffer<float>(x.Length);
        using var py = new GuardedBuffer<float>(x.Length);
        k.LeakyReluMasked(Rows, Columns, Slope, mask.Block, gx.Block, 0, px.Block);
        k.LeakyReluMasked(Rows, Columns, Slope, mask.Block, gy.Block, 0, py.Block);
        // Each side's terms carry one rounding of u·|term|; terms are below one.
        Assert.Equal(k.Dot(px.Block, gy.Block), k.Dot(gx.Block, py.Block), 2 * Rows * Columns * Tolerance.Unit);
    }

    private static ushort[] Mask(int rows, int columns, float[] x)
    {
        int words = (columns + 15) / 16;
        ushort[] mask = new ushort[rows * words];
        for (int i = 0; i < x.Length; i++)
        {
            (int row, int column) = Math.DivRem(i, columns);
            if (x[i] > 0) mask[(row * words) + (column / 16)] |= (ushort)(1 << (column % 16));
        }
        return mask;
    }

    [Fact]
    public void MisalignedMemoryGivesTheSameBitsAndSoDoesAnotherRun()
    {
        foreach ((int rows, int columns) in ((int, int)[])[(3, 16), (40, 112), (5, 4096), (1, 4112), (1, 4096 + 18)])
        {
            float[] x = RandomFloats.AnyBits(1, (long)rows * columns), primal = RandomFloats.Uniform(2, x.Length), y = RandomFloats.Uniform(3, x.Length);
            ushort[] words = new ushort[rows * ((columns + 15) / 16)], mask = Mask(rows, columns, primal);
            foreach (IKernels k in family.Sets)
            {
                AssertSame(DeviceCopies.Runs(k, y, (m, o) => k.LeakyRelu(rows, columns, Slope, m.Of(x), o, default)));
                AssertSame(DeviceCopies.Runs(k, y, (m, o) => k.LeakyRelu(rows, columns, Slope, m.Of(x), o, m.Of(words))));
                AssertSame(DeviceCopies.Runs(k, words, (m, o) => k.LeakyRelu(rows, columns, Slope, m.Of(x), m.Of(y), o)));
                AssertSame(DeviceCopies.Runs(k, y, (m, o) => k.LeakyReluMasked(rows, columns, Slope, m.Of(mask), m.Of(x), 0f, o)));
                AssertSame(DeviceCopies.Runs(k, y, (m, o) => k.LeakyReluMasked(rows, columns, Slope, m.Of(mask), m.Of(x), 1f, o)));
            }
        }
    }

    private static void AssertSame<T>((T[] Aligned, T[] Again, T[] Misaligned) runs) where T : unmanaged
    {
        Everywhere.AssertSame<T>(runs.Aligned, runs.Again, "again");
        Everywhere.AssertSame<T>(runs.Aligned, runs.Misaligned, "misaligned");
    }
}

public sealed class ActivationTestsOnCpu() : ActivationTests(KernelFamily.Cpu);

public sealed class ActivationTestsOnGpu() : ActivationTests(KernelFamily.Gpu);
