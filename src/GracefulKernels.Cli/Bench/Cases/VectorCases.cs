using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>What PCG does with vectors of parameters, and the activation; both stream memory.</summary>
internal static class VectorCases
{
    private const int Columns = 64;

    // The parameters of ResNet-18, and four times as many: no part of those waits in a third-level cache for the next call.
    private static readonly int[] Lengths = [11_000_000, 44_000_000];

    public static IReadOnlyList<BenchCase> All { get; } = [.. Lengths.SelectMany(OfLength)];

    private static IEnumerable<BenchCase> OfLength(int length)
        => [LeakyRelu(length), LeakyReluMasked(length), Axpy(length), Dot(length), Norm(length)];

    private static BenchCase LeakyRelu(int length)
    {
        WorkCount work = new() { Flops = length, BytesRead = 4.0 * length, BytesWritten = (4 + (1 / 8.0)) * length };
        return new BenchCase("vector-leaky", $"{length / Columns}x{Columns}", length, work, (kernels, operands) =>
        {
            Block<float> x = operands.Input(length), y = operands.Output(length);
            Block<ushort> mask = operands.Bits<ushort>(length / 16);
            operands.Run = () => kernels.LeakyRelu(length / Columns, Columns, 0.2f, x, y, mask);
        })
        { Quick = length == Lengths[0] };
    }

    private static BenchCase LeakyReluMasked(int length)
    {
        WorkCount work = new() { Flops = length, BytesRead = (4 + (1 / 8.0)) * length, BytesWritten = 4.0 * length };
        return new BenchCase("vector-leaky-jvp", $"{length / Columns}x{Columns}", length, work, (kernels, operands) =>
        {
            Block<float> x = operands.Input(length), y = operands.Output(length);
            Block<ushort> mask = operands.Bits<ushort>(length / 16);
            operands.Run = () => kernels.LeakyReluMasked(length / Columns, Columns, 0.2f, mask, x, 0, y);
        })
        { Quick = length == Lengths[0] };
    }

    private static BenchCase Axpy(int length)
    {
        WorkCount work = new() { Flops = 2.0 * length, BytesRead = 8.0 * length, BytesWritten = 4.0 * length };
        return new BenchCase("vector-axpy", $"{length}", length, work, (kernels, operands) =>
        {
            // Added up hundreds of times, y stays small: no overflow, no denormals.
            Block<float> x = operands.Input(length), y = operands.Input(length);
            operands.Run = () => kernels.Axpby(1e-3f, x, 1, y);
        })
        { Quick = length == Lengths[0] };
    }

    private static BenchCase Dot(int length)
    {
        WorkCount work = new() { Flops = 2.0 * length, BytesRead = 8.0 * length };
        return new BenchCase("vector-dot", $"{length}", length, work, (kernels, operands) =>
        {
            Block<float> x = operands.Input(length), y = operands.Input(length);
            operands.Run = () => operands.Returned = kernels.Dot(x, y);
        })
        { Quick = length == Lengths[0] };
    }

    private static BenchCase Norm(int length)
    {
        WorkCount work = new() { Flops = 2.0 * length, BytesRead = 4.0 * length };
        return new BenchCase("vector-norm", $"{length}", length, work, (kernels, operands) =>
        {
            Block<float> x = operands.Input(length);
            operands.Run = () => operands.Returned = Math.Sqrt(kernels.Dot(x, x));
        })
        { Quick = length == Lengths[0] };
    }
}
