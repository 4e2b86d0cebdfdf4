namespace GracefulKernels;

/// <summary>
/// Kronecker factors of the Gauss–Newton matrix <c>1/n Σ_i J_iᵀ J_i</c> of a linearised network, layer by layer (K-FAC: Martens, Grosse 2015; for convolutions
/// Grosse, Martens 2016; "expand" and "reduce" of Eschenhagen et al. 2023, see <see cref="FactorConvention"/>). For the squared loss they depend on
/// neither labels nor residual: computed once. A last linear layer is exact, <c>I ⊗ A</c>, and needs no G; so are γ and β of batch normalisations, each with its
/// dense block <c>1/n Σ_i Σ_c g gᵀ</c>.
/// </summary>
/// <remarks>Raw fp64 sums and counts on the host: parts of the data, from any machine, add up with <c>+</c> and are normalised only when damped.</remarks>
public sealed class KroneckerFactors
{
    internal KroneckerFactors(IReadOnlyList<KroneckerBlock> blocks, long samples, double weightSum, FactorConvention convention)
    {
        Convention = convention;
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

    /// <summary>How shared weights were factored.</summary>
    public FactorConvention Convention { get; }

    internal double WeightSum { get; }

    /// <summary>What a raw sum of inputs is multiplied by. Seeds are weighted, and with them γ and β; inputs are not, so a last layer takes the mean weight.</summary>
    internal double InputScale(KroneckerBlock b) => (b.HasOutputFactor || b.Name == b.Weight ? 1 : MeanWeight) / b.InputCount;

    /// <summary>The block of a layer, or of a batch normalisation's parameter.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message names those that are.</exception>
    public KroneckerBlock this[string name] => ParameterBlock.Find(Blocks, name);

    /// <summary>Computes the factors of all layers over the samples of <paramref name="network"/>.</summary>
    /// <param name="network">The linearised network.</param>
    /// <param name="options">Exact or random seeds, expand or reduce.</param>
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
        using var sums = new FactorSums(network.Network.Plan, network.Kernels, network.BatchSize, options.Convention);
        int samples = SeedSweep.Run(
            network, options, weights, sums, (b, n) => sums.AddInputs(network.Sweep, n, network.State(b)), null, progress, cancellation);
        double weightSum = samples;
        if (weights.Length > 0)
        {
            weightSum = 0;
            foreach (float s in weights[..(samples * network.Outputs)]) weightSum += s;
            weightSum /= network.Outputs;
        }
        return new KroneckerFactors(sums.Download(samples, SeedSweep.Probes(options)), samples, weightSum, options.Convention);
    }

    /// <summary>The factors of both sets of samples together.</summary>
    /// <exception cref="ArgumentException">They belong to different networks, or follow different conventions.</exception>
    public static KroneckerFactors operator +(KroneckerFactors a, KroneckerFactors b)
    {
        ArgumentNullException.ThrowIfNull(a);
        return a.Merge(b);
    }

    /// <inheritdoc cref="op_Addition"/>
    public KroneckerFactors Merge(KroneckerFactors other)
    {
        ArgumentNullException.ThrowIfNull(other);
        ParameterBlock.Match(Blocks, other.Blocks, nameof(other));
        if (Convention != other.Convention) throw new ArgumentException($"other has the convention {other.Convention}; expected {Convention}.", nameof(other));
        KroneckerBlock? differs = other.Blocks.FirstOrDefault(b => b.HasOutputFactor != this[b.Name].HasOutputFactor);
        if (differs is not null) throw new ArgumentException($"block '{differs.Name}' is exact in one of the two networks only.", nameof(other));
        return new KroneckerFactors(
            [.. Blocks.Zip(other.Blocks, (p, q) => p.Plus(q))], Samples + other.Samples, WeightSum + other.WeightSum, Convention);
    }

    /// <summary>Writes the raw sums as safetensors (F64), with counts and format as metadata.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => FactorsFile.Save(this, path);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">Another format, or a tensor or count that is missing or does not fit.</exception>
    public static KroneckerFactors Load(string path) => FactorsFile.Load(path);
}
