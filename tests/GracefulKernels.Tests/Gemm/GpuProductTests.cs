using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Every tile of the device's products, in slices and whole, at its edges, and with loads of 4 and of 16 bytes.</summary>
public class GpuProductTests
{
    /// <summary>A small device takes large tiles and no slices; a large one the smaller tiles, and slices.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(132)]
    public void TilesMatchTheReferenceAtTheirEdges(int units)
    {
        Planned(units, kernels =>
        {
            int seed = 0;
            foreach ((int m, int n, int k) in new[]
            {
                (129, 129, 17), (128, 128, 16), (127, 127, 15), (257, 65, 9), (129, 64, 8), (130, 33, 7), (127, 32, 8), (255, 17, 23), (129, 16, 8),
                (128, 10, 40), (65, 65, 33), (64, 64, 1100), (63, 40, 1025), (130, 16, 1030),
            })
            {
                // Both storages of each operand, with luck; the tests of the room meet the others.
                for (int i = 0; i < 4; i++) GemmCase.Check(kernels, m, n, k, seed++);
            }
        });
    }

    /// <summary>What begins at any element is loaded and stored one by one, in the same order; and a second run gives the same bits.</summary>
    [Theory]
    [InlineData(1, 132, 68, 40)]
    [InlineData(132, 132, 68, 1200)]
    [InlineData(132, 40, 16, 1200)]
    public void MisalignedOperandsGiveTheSameBits(int units, int m, int n, int k)
    {
        Planned(units, kernels =>
        {
            foreach ((bool ta, bool tb) in new[] { (false, false), (false, true), (true, false), (true, true) })
            {
                float[] aligned = OnDevice(kernels, new GemmShape(m, n, k, ta, tb), 0);
                Everywhere.AssertSame<float>(aligned, OnDevice(kernels, new GemmShape(m, n, k, ta, tb), 0), "again");
                Everywhere.AssertSame<float>(aligned, OnDevice(kernels, new GemmShape(m, n, k, ta, tb), 1), "misaligned");
            }
        });
    }

    /// <summary>Several rounds of stretches, as where scratch memory does not hold all of them.</summary>
    [Fact]
    public void CovarianceInRoundsMatchesTheReference()
    {
        GpuKernels kernels = Device;
        using GpuCall alone = kernels.Begin();
        long budget = kernels.StretchElements;
        try
        {
            kernels.StretchElements = 2500;
            SyrkTests.Covariance(kernels);
        }
        finally
        {
            kernels.StretchElements = budget;
        }
    }

    [Fact]
    public void PlansCoverTheInnerDimension()
    {
        var random = new Random(5);
        for (int i = 0; i < 2000; i++)
        {
            int m = random.Next(1, 3000), n = random.Next(1, 3000), k = random.Next(0, 20_000), products = random.Next(1, 3);
            GpuProductPlan plan = GpuProductPlan.Choose(m, n, k, products, units: random.Next(1, 150), lower: false);
            (int rows, int columns, int inner) = GpuProductPlan.SizeOf(plan.Tile);
            Assert.True(plan.RowTiles * rows >= m && plan.ColumnTiles * columns >= n && plan.Blocks * inner >= k && plan.Tiles == plan.RowTiles * plan.ColumnTiles);
            Assert.True(plan.Slices * plan.SliceBlocks >= plan.Blocks * products);
            Assert.True(plan.Slices == 1 || (plan.Slices - 1) * plan.SliceBlocks < plan.Blocks * products);
        }
    }

    [Theory]
    [InlineData(4096, 4096, 4096, "Tile128x128", 1)]
    [InlineData(1024, 10, 512, "Tile128x16", 2)]
    [InlineData(1_000_000, 32, 288, "Tile128x32", 1)]
    [InlineData(1_000_000, 64, 576, "Tile128x64", 1)]
    [InlineData(512, 512, 512, "Tile64x64", 2)]
    [InlineData(64, 576, 1_000_000, "Tile64x64", 29)]
    [InlineData(512, 640, 1_000_000, "Tile128x128", 13)]
    public void PlansOfALargeDevice(int m, int n, int k, string tile, int slices)
    {
        GpuProductPlan plan = GpuProductPlan.Choose(m, n, k, products: 1, units: 132, lower: false);
        Assert.Equal((tile, slices), (plan.Tile.ToString(), plan.Slices));
    }

    [Fact]
    public void TrianglesAreNumberedRowByRow()
    {
        int index = 0;
        for (int row = 0; row < 1500; row++)
        {
            for (int column = 0; column <= row; column++) Assert.Equal(row, GpuProduct.TriangleRow(index++));
        }
        // Where the root of fp32 would be rows away.
        Assert.Equal(46_339, GpuProduct.TriangleRow(46_339 * 46_340 / 2));
        Assert.Equal(46_338, GpuProduct.TriangleRow((46_339 * 46_340 / 2) - 1));
    }

    private static GpuKernels Device => (GpuKernels)KernelFamily.Gpu.Best;

    /// <summary>Runs with the plans of a device of so many multiprocessors, while other tests wait.</summary>
    internal static void Planned(int units, Action<GpuKernels> test)
    {
        GpuKernels kernels = Device;
        using GpuCall alone = kernels.Begin();
        kernels.PlannedUnits = units;
        try
        {
            test(kernels);
        }
        finally
        {
            kernels.PlannedUnits = 0;
        }
    }

    /// <summary>A product of device memory whose operands and outputs begin <paramref name="shift"/> elements behind an allocation.</summary>
    private static float[] OnDevice(GpuKernels kernels, GemmShape shape, int shift)
    {
        var random = new Random(shape.K);
        int m = shape.M, n = shape.N, k = shape.K;
        using DeviceMemory a = Placed(kernels, Matrices.Random(random, m * k), shift), b = Placed(kernels, Matrices.Random(random, k * n), shift);
        using DeviceMemory c = Placed(kernels, Matrices.Random(random, m * n), shift), bias = Placed(kernels, Matrices.Random(random, n), shift);
        using DeviceMemory addend = Placed(kernels, Matrices.Random(random, m * n), shift);
        var epilogue = new Epilogue
        {
            Bias = bias.AsBlock<float>().Slice(shift, n),
            Addend = addend.AsBlock<float>().Slice(shift, m * n),
            Activation = EpilogueActivation.LeakyRelu,
            Slope = 0.1f,
        };
        Block<float> output = c.AsBlock<float>().Slice(shift, m * n);
        kernels.Gemm(shape, 0.75f, a.AsBlock<float>().Slice(shift, m * k), b.AsBlock<float>().Slice(shift, k * n), 0.5f, output, epilogue);
        float[] result = new float[m * n];
        kernels.Download(output, result);
        return result;
    }

    private static DeviceMemory Placed(GpuKernels kernels, float[] values, int shift)
    {
        DeviceMemory memory = kernels.Allocate((values.Length + shift) * sizeof(float));
        kernels.Upload<float>(values, memory.AsBlock<float>().Slice(shift, values.Length));
        return memory;
    }
}
