namespace GracefulKernels;

/// <summary>
/// The exact diagonal of the Gauss–Newton matrix, <c>1/n Σ_i Σ_c (∂f_ic/∂w)²</c> for each parameter w, of a linearised network. It depends on neither labels nor residual.
/// </summary>
/// <remarks>Raw fp64 sums and counts on the host: parts of the data, from any machine, add up with <c>+</c>.</remarks>
public sealed class DiagonalCurvature
{
    internal DiagonalCurvature(IReadOnlyList<ParameterInfo> parameters, double[][] sums, long samples, double count)
    {
        Parameters = parameters;
        Sums = sums;
        Samples = samples;
        Count = count;
    }

    /// <summary>n.</summary>
    public long Samples { get; }

    internal IReadOnlyList<ParameterInfo> Parameters { get; }

    /// <summary>A tensor each, in device order.</summary>
    internal double[][] Sums { get; }

    /// <summary>n, times the probes.</summary>
    internal double Count { get; }

    /// <summary>The diagonal over one parameter tensor, row-major in PyTorch's layout.</summary>
    /// <exception cref="KeyNotFoundException">There is no such parameter.</exception>
    public double[] this[string name]
    {
        get
        {
            int k = Parameters.ToList().FindIndex(p => p.Name == name);
            if (k < 0) throw new KeyNotFoundException($"There is no parameter '{name}'. Parameters: {string.Join(", ", Parameters.Select(p => p.Name))}.");
            ParameterInfo info = Parameters[k];
            double[] tensor = new double[info.Length];
            ChannelOrder.ToChannelsFirst<double>(info.Rows, info.Channels, info.Pixels, [.. Sums[k].Select(v => v / Count)], tensor);
            return tensor;
        }
    }

    /// <summary>Squares the gradients of all samples of <paramref name="network"/>.</summary>
    /// <param name="network">The linearised network.</param>
    /// <param name="options">Exact or random seeds, all or some samples.</param>
    /// <param name="weights">s [n × C] ≥ 0 of a weighted problem, or empty: then the seeds are √s∘e.</param>
    /// <param name="progress">Fraction of the work done.</param>
    /// <param name="cancellation">Looked at between batches and seeds.</param>
    /// <exception cref="ArgumentException">The weights have another shape, or one is negative or not finite.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static DiagonalCurvature Compute(
        LinearizedNetwork network,
        FactorOptions? options = null,
        ReadOnlySpan<float> weights = default,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new FactorOptions();
        options.Validate(nameof(options));
        ParameterLayout layout = network.Network.Parameters;
        using var sums = new SquaredSums(network.Network.Plan, network.Kernels, network.BatchSize, layout);
        int samples = SeedSweep.Run(network, options, weights, sums, null, sums.Collect, progress, cancellation);
        double[][] tensors = [.. layout.Parameters.Select(p => sums.Total.AsSpan((int)p.Offset, p.Length).ToArray())];
        return new DiagonalCurvature(layout.Parameters, tensors, samples, (double)samples * SeedSweep.Probes(options));
    }

    /// <summary>The diagonal over both sets of samples together.</summary>
    /// <exception cref="ArgumentException">They belong to different networks.</exception>
    public static DiagonalCurvature operator +(DiagonalCurvature a, DiagonalCurvature b)
    {
        ArgumentNullException.ThrowIfNull(a);
        return a.Merge(b);
    }

    /// <inheritdoc cref="op_Addition"/>
    public DiagonalCurvature Merge(DiagonalCurvature other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Expect(other.Parameters, nameof(other));
        return new DiagonalCurvature(
            Parameters, [.. Sums.Zip(other.Sums, (p, q) => p.Zip(q, (x, y) => x + y).ToArray())], Samples + other.Samples, Count + other.Count);
    }

    /// <summary>Writes the raw sums as safetensors (F64, PyTorch's names and layouts), with counts and format as metadata.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => DiagonalFile.Save(this, path);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="layout">Of the network that it belongs to.</param>
    /// <exception cref="InvalidDataException">Another format or version, or a tensor or count that is missing or does not fit.</exception>
    public static DiagonalCurvature Load(string path, ParameterLayout layout) => DiagonalFile.Load(path, layout);

    internal void Expect(IReadOnlyList<ParameterInfo> parameters, string name)
    {
        if (parameters.Count == Parameters.Count && parameters.Zip(Parameters).All(p => p.First.Name == p.Second.Name && p.First.Shape.SequenceEqual(p.Second.Shape))) return;
        throw new ArgumentException($"{name} belongs to another network.", name);
    }
}
