namespace GracefulKernels;

/// <summary>The VJPs that statistics of gradients are made of: all seeds of a batch, batch after batch.</summary>
internal static class SeedSweep
{
    /// <summary>What the sums over seeds are divided by.</summary>
    public static int Probes(FactorOptions options) => options.Seeds == FactorSeeds.OneHot ? 1 : options.Probes;

    /// <param name="weights">s [n × C] or empty: seeds are √s∘e.</param>
    /// <param name="sink">Receives the cotangents.</param>
    /// <param name="before">Called with number and samples of each batch.</param>
    /// <param name="after">Called behind each batch.</param>
    /// <returns>The samples that were gone through.</returns>
    public static int Run(
        LinearizedNetwork network,
        FactorOptions options,
        ReadOnlySpan<float> weights,
        ICotangentSink sink,
        Action<int, int>? before,
        Action? after,
        IProgress<double>? progress,
        CancellationToken cancellation)
    {
        if (weights.Length > 0) Targets.CheckWeights(weights, network.Samples, network.Outputs, nameof(weights));
        int samples = Math.Min(options.Samples ?? network.Samples, network.Samples), size = network.BatchSize, batches = (samples + size - 1) / size;
        int seeds = options.Seeds == FactorSeeds.OneHot ? network.Outputs : options.Probes;
        float[] seed = new float[size * network.Outputs];
        using var deviceSeed = new DeviceFloats(network.Kernels, seed.Length);
        for (int b = 0; b < batches; b++)
        {
            int first = b * size, n = Math.Min(size, samples - first);
            cancellation.ThrowIfCancellationRequested();
            before?.Invoke(b, n);
            for (int k = 0; k < seeds; k++)
            {
                cancellation.ThrowIfCancellationRequested();
                Span<float> host = seed.AsSpan(0, n * network.Outputs);
                Fill(host, options, first, network.Outputs, k, weights);
                Kernels.Block<float> u = deviceSeed.Block.Slice(0, host.Length);
                network.Kernels.Upload<float>(host, u);
                network.Sweep.RunCotangent(n, network.State(b), u, sink);
                progress?.Report(((b * (double)seeds) + k + 1) / ((double)batches * seeds));
            }
            after?.Invoke();
        }
        return samples;
    }

    private static void Fill(Span<float> seed, FactorOptions options, int firstSample, int outputs, int k, ReadOnlySpan<float> weights)
    {
        var random = new CounterRandom((ulong)options.Seed);
        for (int i = 0; i < seed.Length; i++)
        {
            long element = ((long)firstSample * outputs) + i;
            float sign = options.Seeds == FactorSeeds.OneHot
                ? (i % outputs == k ? 1f : 0f)
                // A function of sample, output and probe alone: the cut in batches does not change it.
                : (random.Bits(((ulong)element * (ulong)options.Probes) + (ulong)k) >> 63 == 0 ? 1f : -1f);
            seed[i] = weights.IsEmpty ? sign : sign * MathF.Sqrt(weights[(int)element]);
        }
    }
}
