using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>
/// Patch covariances of 3×3 convolutions. Operations are those of the SYRK over patches that defines them; an algorithm that does less
/// shows a fraction above 1.
/// </summary>
internal static class CovarianceCases
{
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        Case(new(16, 56, 56, 64, 64, kernel: 3, stride: 1, padding: 1), quick: false),
        Case(new(16, 28, 28, 128, 128, kernel: 3, stride: 1, padding: 1), quick: false),
        Case(new(16, 14, 14, 256, 256, kernel: 3, stride: 1, padding: 1), quick: true),
        Case(new(128, 32, 32, 16, 16, kernel: 3, stride: 1, padding: 1), quick: true),
        Case(new(128, 16, 16, 32, 32, kernel: 3, stride: 1, padding: 1), quick: false),
        Case(new(128, 8, 8, 64, 64, kernel: 3, stride: 1, padding: 1), quick: false),
    ];

    private static BenchCase Case(ConvolutionShape shape, bool quick)
    {
        double rows = (double)shape.Batch * shape.Positions;
        double d = shape.PatchLength;
        // The sum is added to: read and written, fp64.
        WorkCount work = new() { Flops = rows * d * (d + 1), BytesRead = (4.0 * shape.InputLength) + (8 * d * d), BytesWritten = 8 * d * d };
        string name = $"{shape.Batch}x{shape.Height}x{shape.Width}x{shape.InChannels}-{shape.KernelHeight}x{shape.KernelWidth}/{shape.StrideY}";
        return new BenchCase("covariance", name, shape, work, (kernels, operands) =>
        {
            Block<float> x = operands.Input(shape.InputLength);
            Block<double> sum = operands.Sum((long)shape.PatchLength * shape.PatchLength);
            operands.Run = () => kernels.PatchCovariance(shape, x, false, sum);
        })
        { Quick = quick };
    }
}
