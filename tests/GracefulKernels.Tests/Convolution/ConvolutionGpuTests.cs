using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The device's convolutions at the edges of their tiles, in slices and whole, with loads of 4 and of 16 bytes.</summary>
public class ConvolutionGpuTests
{
    /// <summary>A small device takes large tiles and no slices; a large one the smaller tiles, and slices.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(132)]
    public void TilesMatchTheDefinitionAtTheirEdges(int units) => GpuProductTests.Planned(units, kernels =>
    {
        ConvolutionShape[] shapes =
        [
            new(1, 10, 13, 4, 129, 3, 1, 1), new(1, 8, 16, 16, 128, 3, 1, 1), new(2, 8, 9, 12, 64, 3, 1, 1), new(1, 11, 12, 8, 65, 3, 2, 1),
            new(1, 7, 7, 132, 20, 3, 1, 1), new(2, 9, 9, 20, 68, 3, 2, 1), new(3, 5, 5, 40, 36, 2, 2, 0), new(70, 1, 1, 8, 40, 3, 1, 1),
            new(2, 7, 6, 64, 48, 1, 2, 0), new(1, 9, 40, 3, 64, 7, 2, 3), new(4, 16, 16, 8, 40, 3, 1, 1), new(4, 16, 16, 8, 20, 3, 1, 1),
            new(5, 3, 3, 6, 66, 3, 3, 1), new(2, 9, 10, 8, 34, 3, 2, 2, 1, 2, 0, 3, 1, 2, 2), new(1, 4, 150, 2, 5, 1, 1, 1, 1, 1, 2, 0, 3, 1, 1),
        ];
        ConvolutionTests.ForwardAndPair(kernels, shapes);
        ConvolutionTests.Gradients(kernels, shapes);
        ConvolutionTests.Epilogues(kernels, [shapes[0], shapes[7], new(1, 6, 8, 64, 36, 3, 1, 1)]);
    });

    /// <summary>What begins at any element is loaded and stored one by one, in the same order; and a second run gives the same bits.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(132)]
    public void MisalignedOperandsGiveTheSameBits(int units) => GpuProductTests.Planned(units, kernels =>
    {
        foreach (ConvolutionShape s in new ConvolutionShape[] { new(3, 14, 14, 64, 36, 3, 1, 1), new(4, 15, 13, 16, 12, 3, 2, 1), new(2, 12, 9, 8, 132, 3, 1, 2, dilation: 2) })
        {
            var random = new Random(7);
            float[] x = Matrices.Random(random, s.InputLength), w = Matrices.Random(random, s.WeightLength), dy = Matrices.Random(random, s.OutputLength);
            AssertSame(DeviceCopies.Runs(kernels, dy, (m, y) => kernels.ConvolutionForwardPair(s, m.Of(x), m.Of(w), m.Of(x), m.Of(w), y, default)));
            AssertSame(DeviceCopies.Runs(kernels, x, (m, dx) => kernels.ConvolutionInputGradient(s, m.Of(dy), m.Of(w), 0.5f, dx)));
            AssertSame(DeviceCopies.Runs(kernels, w, (m, dw) => kernels.ConvolutionWeightGradient(s, m.Of(x), m.Of(dy), 0.5f, dw)));
        }
    });

    private static void AssertSame((float[] Aligned, float[] Again, float[] Misaligned) results)
    {
        Everywhere.AssertSame<float>(results.Aligned, results.Again, "again");
        Everywhere.AssertSame<float>(results.Aligned, results.Misaligned, "misaligned");
    }
}
