using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class GemmTests(KernelFamily family)
{
    [Fact]
    public void SmallShapesMatchTheReference()
    {
        foreach (IKernels kernels in family.Sets)
        {
            // Devices have no edges below a tile of 16 columns: fewer rows and inner lengths.
            foreach (int m in family.IsCpu ? new[] { 1, 3, 6, 7, 14, 15, 29 } : [1, 6, 29])
            {
                foreach (int n in new[] { 1, 8, 15, 16, 17, 31, 32, 33, 48, 70 })
                {
                    foreach (int k in family.IsCpu ? new[] { 0, 1, 5, 16, 33 } : [0, 5, 33]) GemmCase.Check(kernels, m, n, k, seed: (m * 1000) + (n * 10) + k);
                }
            }
        }
    }

    [Fact]
    public void RandomShapesMatchTheReference()
    {
        foreach (IKernels kernels in family.Sets)
        {
            var random = new Random(7);
            for (int i = 0; i < (family.IsCpu ? 60 : 30); i++) GemmCase.Check(kernels, random.Next(1, 90), random.Next(1, 150), random.Next(0, 700), seed: i);
        }
    }

    /// <summary>Block edges: the inner dimension around 1024, more columns than are packed at a time, and the sweep with B whole.</summary>
    [Fact]
    public void BlockEdgesMatchTheReference()
    {
        foreach (IKernels kernels in family.Sets)
        {
            foreach ((int m, int n, int k) in new[] { (19, 40, 1023), (19, 40, 1025), (45, 1501, 513), (45, 700, 1025), (33, 4400, 300), (397, 33, 300), (500, 17, 64), (5, 900, 1000) })
            {
                GemmCase.Check(kernels, m, n, k, seed: m + n + k);
            }
        }
    }

    /// <summary>Few rows and columns, an inner dimension long enough to be cut into slices.</summary>
    [Fact]
    public void LongInnerDimensionsMatchTheReference()
    {
        foreach (IKernels kernels in family.Sets)
        {
            foreach ((int m, int n, int k) in new[] { (17, 33, 4095), (17, 33, 4097), (1, 256, 4111), (15, 40, 9000), (70, 5, 6200), (31, 64, 33000) })
            {
                // Both storages of each operand, factors and epilogues by turns.
                for (int seed = 0; seed < (k < 10_000 ? 6 : 1); seed++) GemmCase.Check(kernels, m, n, k, seed);
            }
        }
    }

    /// <summary>Every size to 70 of each dimension, with storages, factors and sides of the guard page at random.</summary>
    [Fact]
    public void EverySizeTo70MatchesTheReference()
    {
        foreach (IKernels kernels in family.Sets)
        {
            var random = new Random(3);
            for (int size = 1; size <= 70; size += family.IsCpu ? 1 : 3)
            {
                GemmCase.Check(kernels, size, random.Next(1, 71), random.Next(1, 71), seed: size);
                GemmCase.Check(kernels, random.Next(1, 71), size, random.Next(1, 71), seed: size + 100);
                GemmCase.Check(kernels, random.Next(1, 71), random.Next(1, 71), size, seed: size + 200);
            }
        }
    }
}

public sealed class GemmTestsOnCpu() : GemmTests(KernelFamily.Cpu);

public sealed class GemmTestsOnGpu() : GemmTests(KernelFamily.Gpu);
