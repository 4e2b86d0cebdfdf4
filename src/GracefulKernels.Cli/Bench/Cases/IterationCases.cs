using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>What one iteration of a solver costs: a JVP and a VJP of a linearised network over all samples.</summary>
internal static class IterationCases
{
    // He et al. 2016: multiply-adds of one CIFAR image through ResNet-20, convolutions and the last layer.
    private const double MultiplyAdds = 40.8e6;

    private const int BatchSize = 1000;

    /// <summary>ResNet-20, CIFAR images; primal states are kept where the device has the memory, as LQF keeps them.</summary>
    public static BenchCase Lqf(int samples)
    {
        // A JVP is two products an operator, a VJP likewise (inputs and weights).
        WorkCount work = new() { Flops = 4 * 2 * MultiplyAdds * samples, BytesRead = 4.0 * 3072 * samples, BytesWritten = 4.0 * 10 * samples };
        return new BenchCase("lqf-iteration", $"resnet20 {samples}", samples, work, (kernels, operands) =>
        {
            float[] images = new float[samples * 3072];
            unsafe
            {
                fixed (float* pinned = images) RandomData.Fill(new Block<float>(pinned, images.Length), -1, 1);
            }
            Network network = ResNets.Cifar(20, device: ComputeDevice.Of(kernels)).WithRandomWeights(seed: 1).FoldBatchNorm();
            LinearizedNetwork linear = operands.Owns(new LinearizedNetwork(network, images, samples, options: new LinearizedOptions { BatchSize = BatchSize }));
            Block<float> direction = operands.Input(network.Parameters.Count, -1e-3f, 1e-3f);
            Block<float> outputs = operands.Output((long)samples * linear.Outputs), gradient = operands.Output(direction.Length);
            operands.Run = () =>
            {
                linear.Jvp(direction, outputs, CancellationToken.None);
                linear.Vjp(outputs, gradient, CancellationToken.None);
            };
        });
    }
}
