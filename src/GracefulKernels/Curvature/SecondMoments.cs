namespace GracefulKernels;

/// <summary>
/// Exact second moments of gradients in a Kronecker eigenbasis, <c>S = E[(U_Gᵀ ∇W U_A)²]</c> elementwise, with <c>E = 1/n Σ_i Σ_c</c> over samples and outputs (EKFAC:
/// George et al. 2018, §3.2): the diagonal of the true Gauss–Newton block in that basis, in place of <c>s_G s_Aᵀ</c>. Blocks that are exact without it have none.
/// </summary>
/// <remarks>
/// Raw fp64 sums and counts on the host: parts of the data add up with <c>+</c>, as long as they were measured in one basis. A pass costs, for each seed, a backward pass and
/// one gradient a sample with its rotation; random seeds and a part of the samples (<see cref="FactorOptions"/>) make it cheap.
/// </remarks>
public sealed class SecondMoments
{
    internal SecondMoments(IReadOnlyList<MomentBlock> blocks, long samples, string basis)
    {
        Blocks = blocks;
        Samples = samples;
        Basis = basis;
    }

    /// <summary>One a block with an output factor.</summary>
    public IReadOnlyList<MomentBlock> Blocks { get; }

    /// <summary>n.</summary>
    public long Samples { get; }

    /// <summary>Of the eigenbasis.</summary>
    internal string Basis { get; }

    /// <summary>The block of a layer.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message names those that are.</exception>
    public MomentBlock this[string name] => ParameterBlock.Find(Blocks, name);

    /// <summary>Measures the moments over the samples of <paramref name="network"/>.</summary>
    /// <param name="network">The linearised network.</param>
    /// <param name="basis">Of factors of the same network, not necessarily of the same samples.</param>
    /// <param name="options">Exact or random seeds, all or some samples.</param>
    /// <param name="weights">s [n × C] ≥ 0 of a weighted problem, or empty: then the seeds are √s∘e.</param>
    /// <param name="progress">Fraction of the work done.</param>
    /// <param name="cancellation">Looked at between batches and seeds.</param>
    /// <exception cref="ArgumentException">The basis belongs to another network; the weights have another shape, or one is negative or not finite.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SecondMoments Compute(
        LinearizedNetwork network,
        KroneckerEigenbasis basis,
        FactorOptions? options = null,
        ReadOnlySpan<float> weights = default,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(basis);
        options ??= new FactorOptions();
        options.Validate(nameof(options));
        ParameterBlock.Cover(basis.Blocks, network.Network.Parameters, nameof(basis));
        using var sums = new RotatedSums(network.Network.Plan, network.Kernels, network.BatchSize, basis);
        int samples = SeedSweep.Run(
            network, options, weights, sums, (b, n) => sums.AddInputs(network.Sweep, n, network.State(b)), sums.Collect, progress, cancellation);
        return new SecondMoments(sums.Blocks((double)samples * SeedSweep.Probes(options)), samples, basis.Identity);
    }

    /// <summary>The moments of both sets of samples together.</summary>
    /// <exception cref="ArgumentException">They were measured in different bases.</exception>
    public static SecondMoments operator +(SecondMoments a, SecondMoments b)
    {
        ArgumentNullException.ThrowIfNull(a);
        return a.Merge(b);
    }

    /// <inheritdoc cref="op_Addition"/>
    public SecondMoments Merge(SecondMoments other)
    {
        ArgumentNullException.ThrowIfNull(other);
        ParameterBlock.Match(Blocks, other.Blocks, nameof(other));
        if (Basis != other.Basis) throw new ArgumentException("other was measured in another eigenbasis.", nameof(other));
        return new SecondMoments([.. Blocks.Zip(other.Blocks, (p, q) => p.Plus(q))], Samples + other.Samples, Basis);
    }

    /// <summary>Writes the raw sums as safetensors (F64), with counts, format and the basis' SHA-256 as metadata.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => MomentsFile.Save(this, path);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">Another format or version, or a tensor or count that is missing or does not fit.</exception>
    public static SecondMoments Load(string path) => MomentsFile.Load(path);
}
