using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The device's patch covariance in rounds of stretches, and with loads of 4 and of 16 bytes.</summary>
public class PatchCovarianceGpuTests
{
    /// <summary>Several rounds of stretches, as where scratch memory does not hold all of them, and both tiles.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(132)]
    public void RoundsMatchTheDefinition(int units) => GpuProductTests.Planned(units, kernels =>
    {
        long budget = kernels.StretchElements;
        try
        {
            kernels.StretchElements = 12_000;
            PatchCovarianceTests.Check(kernels, [new(5, 20, 21, 4, 1, 3, 1, 1), new(9, 16, 15, 3, 1, 5, 1, 2), new(3, 30, 31, 8, 1, 3, 2, 1), new(2, 25, 24, 7, 1, 3, 1, 2, dilation: 2)]);
        }
        finally
        {
            kernels.StretchElements = budget;
        }
    });

    /// <summary>What begins at any element is loaded one by one, in the same order; and a second run gives the same bits.</summary>
    [Fact]
    public void MisalignedImagesGiveTheSameBits() => GpuProductTests.Planned(1, kernels =>
    {
        foreach (ConvolutionShape s in new ConvolutionShape[] { new(5, 12, 13, 8, 1, 3, 1, 1), new(5, 12, 13, 16, 1, 3, 2, 1) })
        {
            float[] x = Matrices.Random(new Random(3), s.InputLength);
            double[] sum = new double[(s.PatchLength + 1) * (s.PatchLength + 1)];
            (double[] aligned, double[] again, double[] misaligned) = DeviceCopies.Runs(kernels, sum, (m, to) => kernels.PatchCovariance(s, m.Of(x), true, to));
            Everywhere.AssertSame<double>(aligned, again, "again");
            Everywhere.AssertSame<double>(aligned, misaligned, "misaligned");
        }
    });
}
