using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>What PCG does with vectors of parameters, and the activation; both stream memory.</summary>
internal static class VectorCases
{
    // The parameters of ResNet-18.
    private const int Length = 11_000_000;
    private const int Columns = 64;

    public static IReadOnlyList<BenchCase> All { get; } = [LeakyRelu(), LeakyReluMasked(), Axpy(), Dot(), Norm()];

    private static BenchCase LeakyRelu()
    {
        WorkCount work = new() { Flops = Length, BytesRead = 4.0 * Length, BytesWritten = (4 + (1 / 8.0)) * Length };
        return new BenchCase("vector-leaky", $"{Length / Columns}x{Columns}", Length, work, (kernels, operands) =>
        {
            Block<float> x = operands.Input(Length), y = operands.Output(Length);
            Block<ushort> mask = operands.Bits<ushort>(Length / 16);
            operands.Run = () => kernels.LeakyRelu(Length / Columns, Columns, 0.2f, x, y, mask);
        })
        { Quick = true };
    }

    private static BenchCase LeakyReluMasked()
    {
        WorkCount work = new() { Flops = Length, BytesRead = (4 + (1 / 8.0)) * Length, BytesWritten = 4.0 * Length };
        return new BenchCase("vector-leaky-jvp", $"{Length / Columns}x{Columns}", Length, work, (kernels, operands) =>
        {
            Block<float> x = operands.Input(Length), y = operands.Output(Length);
            Block<ushort> mask = operands.Bits<ushort>(Length / 16);
            operands.Run = () => kernels.LeakyReluMasked(Length / Columns, Columns, 0.2f, mask, x, 0, y);
        })
        { Quick = true };
    }

    private static BenchCase Axpy()
    {
        WorkCount work = new() { Flops = 2.0 * Length, BytesRead = 8.0 * Length, BytesWritten = 4.0 * Length };
        return new BenchCase("vector-axpy", $"{Length}", Length, work, (kernels, operands) =>
        {
            // Added up hundreds of times, y stays small: no overflow, no denormals.
            Block<float> x = operands.Input(Length), y = operands.Input(Length);
            operands.Run = () => kernels.Axpby(1e-3f, x, 1, y);
        })
        { Quick = true };
    }

    private static BenchCase Dot()
    {
        WorkCount work = new() { Flops = 2.0 * Length, BytesRead = 8.0 * Length };
        return new BenchCase("vector-dot", $"{Length}", Length, work, (kernels, operands) =>
        {
            Block<float> x = operands.Input(Length), y = operands.Input(Length);
            operands.Run = () => operands.Returned = kernels.Dot(x, y);
        })
        { Quick = true };
    }

    private static BenchCase Norm()
    {
        WorkCount work = new() { Flops = 2.0 * Length, BytesRead = 4.0 * Length };
        return new BenchCase("vector-norm", $"{Length}", Length, work, (kernels, operands) =>
        {
            Block<float> x = operands.Input(Length);
            operands.Run = () => operands.Returned = Math.Sqrt(kernels.Dot(x, x));
        })
        { Quick = true };
    }
}
