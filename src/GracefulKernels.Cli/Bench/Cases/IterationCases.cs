using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>What the solvers of LQF spend their time with, on ResNet-20 with CIFAR images: whole passes over a linearised network.</summary>
internal static class IterationCases
{
    // He et al. 2016: multiply-adds of one CIFAR image through ResNet-20, convolutions and the last layer; those of the first layer, which has no
    // incoming tangent and needs no cotangent of its input.
    private const double MultiplyAdds = 40.8e6, FirstLayer = 1024 * 16 * 27;

    private const int Outputs = 10;

    public static IReadOnlyList<BenchCase> All { get; } =
    [
        Step(batch: 16) with { Quick = true },
        Step(batch: 128),
        Iteration(samples: 5000, batchSize: 128),
        Factors(samples: 5000, batchSize: 128),
    ];

    /// <summary>One iteration of PCG with K-FAC and primal states at hand: a JVP and a VJP over all samples, and one apply of the preconditioner.</summary>
    public static BenchCase Iteration(int samples, int batchSize) => Case("lqf-iteration", samples, SweepFlops(samples), (_, operands) =>
    {
        (Network network, LinearizedNetwork linear) = Linearize(operands, samples, new LinearizedOptions { BatchSize = batchSize, CacheBytes = long.MaxValue });
        using LinearizedNetwork few = new(network, Images(64), 64);
        KroneckerFactors factors = KroneckerFactors.Compute(few, new FactorOptions { Seeds = FactorSeeds.Rademacher });
        KroneckerPreconditioner preconditioner = operands.Owns(new KroneckerPreconditioner(factors, 1e-2, network.Parameters, network.Device));
        Block<float> direction = Direction(network, operands), outputs = operands.Output((long)samples * Outputs);
        Block<float> gradient = Vector(network, operands), preconditioned = Vector(network, operands);
        operands.Run = () =>
        {
            linear.Jvp(direction, outputs, CancellationToken.None);
            linear.Vjp(outputs, gradient, CancellationToken.None);
            preconditioner.Apply(gradient, preconditioned);
        };
    });

    /// <summary>One step of P-SGD on a batch that nothing is kept of: primal, JVP and VJP.</summary>
    public static BenchCase Step(int batch) => Case("lqf-step", batch, SweepFlops(batch) + (2 * MultiplyAdds * batch), (_, operands) =>
    {
        // Two batches in turns: of one alone the state would still be there.
        (Network network, LinearizedNetwork linear) = Linearize(operands, 2 * batch, new LinearizedOptions { BatchSize = batch, CacheBytes = 0 });
        Block<float> direction = Direction(network, operands), outputs = operands.Output((long)batch * Outputs), gradient = Vector(network, operands);
        int turn = 0;
        operands.Run = () =>
        {
            turn = 1 - turn;
            linear.JvpBatch(turn, direction, outputs);
            linear.VjpBatch(turn, outputs, 0f, gradient);
        };
    });

    /// <summary>Kronecker factors with exact G: one backward pass an output. To be held against twelve iterations.</summary>
    public static BenchCase Factors(int samples, int batchSize)
    {
        double covariances = 0;
        foreach ((int positions, int patch, int channels) in Layers())
        {
            covariances += positions * (((double)patch * (patch + 1)) + (Outputs * (double)channels * (channels + 1)));
        }
        double flops = samples * (covariances + (Outputs * 2 * (MultiplyAdds - FirstLayer)));
        return Case("lqf-factors", samples, flops, (_, operands) =>
        {
            LinearizedNetwork linear = Linearize(operands, samples, new LinearizedOptions { BatchSize = batchSize, CacheBytes = long.MaxValue }).Linear;
            operands.Run = () => KroneckerFactors.Compute(linear);
        });
    }

    /// <summary>Two products an operator for the JVP and two for the VJP; half of that in the first layer.</summary>
    private static double SweepFlops(int samples) => 2 * ((4 * MultiplyAdds) - (2 * FirstLayer)) * samples;

    /// <summary>Positions, patch length with the bias's one, and output channels of each convolution.</summary>
    private static IEnumerable<(int Positions, int Patch, int Channels)> Layers()
    {
        yield return (1024, 28, 16);
        foreach ((int positions, int channels) in new[] { (1024, 16), (256, 32), (64, 64) })
        {
            for (int i = 0; i < 6; i++) yield return (positions, (9 * (i == 0 && channels > 16 ? channels / 2 : channels)) + 1, channels);
        }
    }

    private static BenchCase Case(string kernel, int samples, double flops, Action<IKernels, Operands> prepare)
    {
        WorkCount work = new() { Flops = flops, BytesRead = 4.0 * 3072 * samples, BytesWritten = 4.0 * Outputs * samples };
        return new BenchCase(kernel, $"resnet20 {samples}", samples, work, prepare);
    }

    private static (Network Network, LinearizedNetwork Linear) Linearize(Operands operands, int samples, LinearizedOptions options)
    {
        Network network = ResNets.Cifar(20, device: ComputeDevice.Of(operands.Kernels)).WithRandomWeights(seed: 1).FoldBatchNorm();
        return (network, operands.Owns(new LinearizedNetwork(network, Images(samples), samples, options: options)));
    }

    private static Block<float> Direction(Network network, Operands operands) => operands.Input(network.Parameters.DeviceLength, -1e-3f, 1e-3f);

    /// <summary>Zeros where no parameter lies.</summary>
    private static Block<float> Vector(Network network, Operands operands) => operands.Owns(new ParameterVector(network.Parameters, network.Device)).Block;

    private static unsafe float[] Images(int samples)
    {
        float[] images = new float[samples * 3072];
        fixed (float* pinned = images) RandomData.Fill(new Block<float>(pinned, images.Length), -1, 1);
        return images;
    }
}
