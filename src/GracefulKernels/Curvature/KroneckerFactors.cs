namespace GracefulKernels;

/// <summary>
/// Kronecker factors of the Gauss–Newton matrix <c>1/n Σ_i J_iᵀ J_i</c> of a linearised network, layer by layer (K-FAC: Martens, Grosse 2015; for convolutions
/// Grosse, Martens 2016; "expand" of Eschenhagen et al. 2023): <c>A = 1/(nT) Σ ā āᵀ</c>, <c>G = 1/n Σ_i Σ_t Σ_c g gᵀ</c>. For the squared loss they depend on
/// neither labels nor residual: computed once. A last linear layer is exact, <c>I ⊗ A</c>, and needs no G; so are γ and β of batch normalisations, each with its
/// dense block <c>1/n Σ_i Σ_c g gᵀ</c>.
/// </summary>
/// <remarks>Raw fp64 sums and counts on the host: parts of the data, from any machine, add up with <c>+</c> and are normalised only when damped.</remarks>
public sealed class KroneckerFactors
{
    internal KroneckerFactors(IReadOnlyList<KroneckerBlock> blocks, long samples, double weightSum)
    {
        Blocks = blocks;
        Samples = samples;
        WeightSum = weightSum;
    }

    /// <summary>One a layer, two a batch normalisation.</summary>
    public IReadOnlyList<KroneckerBlock> Blocks { get; }

    /// <summary>n.</summary>
    public long Samples { get; }

    /// <summary>Mean of the weights s over samples and outputs; 1 without weights.</summary>
    public double MeanWeight => WeightSum / Samples;

    internal double WeightSum { get; }

    /// <summary>The block of a layer, or of a batch normalisation's parameter.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message names those that are.</exception>
    public KroneckerBlock this[string name] => Blocks.FirstOrDefault(b => b.Name == name)
        ?? throw new KeyNotFoundException($"There is no block '{name}'. Blocks: {string.Join(", ", Blocks.Select(b => b.Name))}.");

    /// <summary>Computes the factors of all layers over the samples of <paramref name="network"/>.</summary>
    /// <param name="network">The linearised network.</param>
    /// <param name="options">Exact or random seeds.</param>
    /// <param name="weights">
    /// s [n × C] ≥ 0 of a weighted problem, or empty: then the seeds are √s∘e, and the exact last block is scaled by the mean of s (exact where s is constant).
    /// </param>
    /// <param name="progress">Fraction of the work done.</param>
    /// <param name="cancellation">Looked at between batches and seeds.</param>
    /// <exception cref="ArgumentException">The weights have another shape, or one is negative or not finite.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static KroneckerFactors Compute(
        LinearizedNetwork network,
        FactorOptions? options = null,
        ReadOnlySpan<float> weights = default,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new FactorOptions();
        options.Validate(nameof(options));
        if (weights.Length > 0) Targets.CheckWeights(weights, network.Samples, network.Outputs, nameof(weights));
        using var sums = new FactorSums(network.Network.Plan, network.Kernels, network.BatchSize);
        int seeds = options.Seeds == FactorSeeds.OneHot ? network.Outputs : options.Probes;
        float[] seed = new float[network.BatchSize * network.Outputs];
        using var deviceSeed = new DeviceFloats(network.Kernels, seed.Length);
        for (int b = 0; b < network.Batches; b++)
        {
            int n = network.BatchLength(b), first = b * network.BatchSize;
            sums.AddInputs(network.Sweep, n, network.State(b));
            for (int k = 0; k < seeds; k++)
            {
                cancellation.ThrowIfCancellationRequested();
                Span<float> host = seed.AsSpan(0, n * network.Outputs);
                FillSeed(host, options, first, network.Outputs, k, weights);
                Kernels.Block<float> u = deviceSeed.Block.Slice(0, host.Length);
                network.Kernels.Upload<float>(host, u);
                network.VjpBatch(b, u, sums);
                progress?.Report(((b * (double)seeds) + k + 1) / ((double)network.Batches * seeds));
            }
        }
        double weightSum = network.Samples;
        if (weights.Length > 0)
        {
            weightSum = 0;
            foreach (float s in weights) weightSum += s;
            weightSum /= network.Outputs;
        }
        int probes = options.Seeds == FactorSeeds.OneHot ? 1 : options.Probes;
        return new KroneckerFactors(sums.Download(network.Samples, probes), network.Samples, weightSum);
    }

    /// <summary>The factors of both sets of samples together.</summary>
    /// <exception cref="ArgumentException">They belong to different networks.</exception>
    public static KroneckerFactors operator +(KroneckerFactors a, KroneckerFactors b)
    {
        ArgumentNullException.ThrowIfNull(a);
        return a.Merge(b);
    }

    /// <inheritdoc cref="op_Addition"/>
    public KroneckerFactors Merge(KroneckerFactors other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Blocks.Count != other.Blocks.Count) throw new ArgumentException($"other has {other.Blocks.Count} blocks; expected {Blocks.Count}.", nameof(other));
        for (int i = 0; i < Blocks.Count; i++)
        {
            if (Blocks[i].Matches(other.Blocks[i])) continue;
            throw new ArgumentException(
                $"block {i} of other is '{other.Blocks[i].Name}' [{other.Blocks[i].Rows} × {other.Blocks[i].Columns}]; "
                + $"expected '{Blocks[i].Name}' [{Blocks[i].Rows} × {Blocks[i].Columns}].",
                nameof(other));
        }
        return new KroneckerFactors(
            [.. Blocks.Zip(other.Blocks, (p, q) => p.Plus(q))], Samples + other.Samples, WeightSum + other.WeightSum);
    }

    /// <summary>Writes the raw sums as safetensors (F64), with counts and format as metadata.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => FactorsFile.Save(this, path);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">Another format, or a tensor or count that is missing or does not fit.</exception>
    public static KroneckerFactors Load(string path) => FactorsFile.Load(path);

    private static void FillSeed(Span<float> seed, FactorOptions options, int firstSample, int outputs, int k, ReadOnlySpan<float> weights)
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
