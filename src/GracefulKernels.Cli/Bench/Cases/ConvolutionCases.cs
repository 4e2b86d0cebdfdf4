using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>
/// The convolutions of ResNet-18 (224² images, N = 16) and ResNet-20 (32² images, N = 128). Operations are counted as everybody counts
/// them: 2·N·oh·ow·out·kh·kw·in, taps that fall on the padding included.
/// </summary>
internal static class ConvolutionCases
{
    private static readonly ConvolutionShape[] Shapes =
    [
        new(16, 224, 224, 3, 64, kernel: 7, stride: 2, padding: 3),
        new(16, 56, 56, 64, 64, kernel: 3, stride: 1, padding: 1),
        new(16, 56, 56, 64, 128, kernel: 3, stride: 2, padding: 1),
        new(16, 56, 56, 64, 128, kernel: 1, stride: 2, padding: 0),
        new(16, 28, 28, 128, 128, kernel: 3, stride: 1, padding: 1),
        new(16, 28, 28, 128, 256, kernel: 3, stride: 2, padding: 1),
        new(16, 28, 28, 128, 256, kernel: 1, stride: 2, padding: 0),
        new(16, 14, 14, 256, 256, kernel: 3, stride: 1, padding: 1),
        new(16, 14, 14, 256, 512, kernel: 3, stride: 2, padding: 1),
        new(16, 14, 14, 256, 512, kernel: 1, stride: 2, padding: 0),
        new(16, 7, 7, 512, 512, kernel: 3, stride: 1, padding: 1),
        new(128, 32, 32, 3, 16, kernel: 3, stride: 1, padding: 1),
        new(128, 32, 32, 16, 16, kernel: 3, stride: 1, padding: 1),
        new(128, 32, 32, 16, 32, kernel: 3, stride: 2, padding: 1),
        new(128, 16, 16, 32, 32, kernel: 3, stride: 1, padding: 1),
        new(128, 16, 16, 32, 64, kernel: 3, stride: 2, padding: 1),
        new(128, 8, 8, 64, 64, kernel: 3, stride: 1, padding: 1),
    ];

    public static IReadOnlyList<BenchCase> All { get; } =
        [.. Shapes.Select(Forward), .. Shapes.Select(InputGradient), .. Shapes.Select(WeightGradient), .. Shapes.Select(Jvp)];

    /// <summary>For example <c>16x56x56x64-3x3/2-128</c>: images, kernel and stride, output channels.</summary>
    public static string Name(ConvolutionShape s)
        => $"{s.Batch}x{s.Height}x{s.Width}x{s.InChannels}-{s.KernelHeight}x{s.KernelWidth}/{s.StrideY}-{s.OutChannels}";

    private static BenchCase Forward(ConvolutionShape shape) => new("conv-forward", Name(shape), shape, Count(shape), (kernels, operands) =>
    {
        Block<float> x = operands.Input(shape.InputLength), w = operands.Input(shape.WeightLength), y = operands.Output(shape.OutputLength);
        operands.Run = () => kernels.ConvolutionForward(shape, x, w, y, default);
    })
    { Quick = IsQuick(shape) };

    private static BenchCase InputGradient(ConvolutionShape shape) => new("conv-input-gradient", Name(shape), shape, Count(shape), (kernels, operands) =>
    {
        Block<float> dy = operands.Input(shape.OutputLength), w = operands.Input(shape.WeightLength), dx = operands.Output(shape.InputLength);
        operands.Run = () => kernels.ConvolutionInputGradient(shape, dy, w, 0, dx);
    })
    { Quick = IsQuick(shape) };

    private static BenchCase WeightGradient(ConvolutionShape shape) => new("conv-weight-gradient", Name(shape), shape, Count(shape), (kernels, operands) =>
    {
        Block<float> x = operands.Input(shape.InputLength), dy = operands.Input(shape.OutputLength), dw = operands.Output(shape.WeightLength);
        operands.Run = () => kernels.ConvolutionWeightGradient(shape, x, dy, 0, dw);
    })
    { Quick = IsQuick(shape) };

    /// <summary>The tangent of a residual block's last convolution: bias, a second branch and the activation's mask in the epilogue.</summary>
    private static BenchCase Jvp(ConvolutionShape shape)
    {
        WorkCount forward = Count(shape);
        long rows = (long)shape.Batch * shape.Positions;
        long maskWords = rows * ((shape.OutChannels + 15) / 16);
        WorkCount work = new()
        {
            Flops = 2 * forward.Flops,
            BytesRead = (2 * forward.BytesRead) + (4 * shape.OutputLength) + (2 * maskWords),
            BytesWritten = forward.BytesWritten,
        };
        return new BenchCase("conv-jvp", Name(shape), shape, work, (kernels, operands) =>
        {
            Block<float> tangent = operands.Input(shape.InputLength), w = operands.Input(shape.WeightLength);
            Block<float> primal = operands.Input(shape.InputLength), dw = operands.Input(shape.WeightLength);
            Block<float> y = operands.Output(shape.OutputLength);
            Epilogue epilogue = new()
            {
                Bias = operands.Input(shape.OutChannels),
                Addend = operands.Input(shape.OutputLength),
                Mask = operands.Bits<ushort>(maskWords),
                Activation = EpilogueActivation.Mask,
                Slope = 0.2f,
            };
            operands.Run = () => kernels.ConvolutionForwardPair(shape, tangent, w, primal, dw, y, epilogue);
        })
        { Quick = IsQuick(shape) };
    }

    private static bool IsQuick(ConvolutionShape shape) => shape is { InChannels: 128, StrideY: 1 } or { InChannels: 16, StrideY: 1 };

    // The gradients read and write the same three arrays in other roles.
    private static WorkCount Count(ConvolutionShape shape) => new()
    {
        Flops = 2.0 * shape.OutputLength * shape.PatchLength,
        BytesRead = 4.0 * (shape.InputLength + shape.WeightLength),
        BytesWritten = 4.0 * shape.OutputLength,
    };
}
