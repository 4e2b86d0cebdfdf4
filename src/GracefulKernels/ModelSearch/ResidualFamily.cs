namespace GracefulKernels;

/// <summary>
/// A family of residual networks that differ in width and depth, each a slice of the largest: a candidate has the first blocks of each stage and the leading channels of each layer
/// (single-path supernets: Guo et al. 2020; heterogeneous visual search: Duggal et al. 2021, §3.3).
/// </summary>
/// <remarks>
/// A network is convolution 3×3 → stages of basic blocks (He et al. 2016), the first block of every stage but the first with stride 2 → global mean → linear layer <c>embed</c> to
/// the size of the gallery's embedding, which is the output. Shortcuts are without parameters: they halve the image and widen by channels of zeros behind, so that channels keep their
/// places in every slice. There is no batch normalisation, whose statistics would belong to one slice each: the second convolution of every block begins at zero instead, and so
/// each block as the identity, which trains without (SkipInit: De, Smith 2020; Fixup: Zhang et al. 2019).
/// </remarks>
public sealed class ResidualFamily
{
    private readonly int[][] _depths;
    private readonly int[][] _widths;
    private readonly float _slope;

    /// <summary>States the family.</summary>
    /// <param name="input">Images.</param>
    /// <param name="embedding">k, the size of the embedding.</param>
    /// <param name="depths">Of each stage: how many blocks it may have, ascending.</param>
    /// <param name="widths">Of each stage: how many channels it may have, ascending; the most of a stage are no more than the fewest of the next.</param>
    /// <param name="slope">Of the leaky ReLUs; 0 for ReLU.</param>
    /// <exception cref="ArgumentException">There is no stage or no choice in one, the choices do not ascend, or a stage is narrower than the one before.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive, or the slope is not finite.</exception>
    public ResidualFamily(
        LayerShape input, int embedding, IReadOnlyList<IReadOnlyList<int>> depths, IReadOnlyList<IReadOnlyList<int>> widths, float slope = 0)
    {
        if (input.IsFlat) throw new ArgumentException($"input is {input}; expected an image.", nameof(input));
        if (!float.IsFinite(slope)) throw new ArgumentOutOfRangeException(nameof(slope), slope, "The slope is a finite number.");
        (Input, Embedding, _slope) = (input, Check.Positive(embedding), slope);
        (_depths, _widths) = (Choices(depths, nameof(depths)), Choices(widths, nameof(widths)));
        if (_widths.Length != _depths.Length) throw new ArgumentException($"widths has {_widths.Length} stages; expected {_depths.Length}, as depths.", nameof(widths));
        for (int s = 1; s < _widths.Length; s++)
        {
            if (_widths[s][0] >= _widths[s - 1][^1]) continue;
            throw new ArgumentException($"Stage {s + 1} may have {_widths[s][0]} channels and stage {s} {_widths[s - 1][^1]}; a shortcut without parameters takes none away.", nameof(widths));
        }
    }

    /// <summary>Images.</summary>
    public LayerShape Input { get; }

    /// <summary>k.</summary>
    public int Embedding { get; }

    /// <summary>Number of stages.</summary>
    public int Stages => _depths.Length;

    /// <summary>Number of candidates.</summary>
    public long Count => _depths.Concat(_widths).Aggregate(1L, (product, choices) => checked(product * choices.Length));

    /// <summary>The candidate that every other is a slice of.</summary>
    public ResidualCandidate Largest => new([.. _depths.Select(c => c[^1])], [.. _widths.Select(c => c[^1])]);

    /// <summary>The candidate that is a slice of every other.</summary>
    public ResidualCandidate Smallest => new([.. _depths.Select(c => c[0])], [.. _widths.Select(c => c[0])]);

    /// <summary>Whether the candidate is of this family.</summary>
    public bool Has(ResidualCandidate candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        if (candidate.Stages != Stages) return false;
        for (int s = 0; s < Stages; s++)
        {
            if (!_depths[s].Contains(candidate.Depths[s]) || !_widths[s].Contains(candidate.Widths[s])) return false;
        }
        return true;
    }

    /// <summary>Multiplications with an addition that the embedding of one image takes; that of <see cref="Network.MultiplyAccumulates"/>, without building the network.</summary>
    /// <exception cref="ArgumentException">The candidate is not of this family.</exception>
    public long MultiplyAccumulates(ResidualCandidate candidate) => Layers(candidate).Sum(l => l.Positions * l.Weights);

    /// <summary>Trainable numbers of a candidate.</summary>
    /// <exception cref="ArgumentException">The candidate is not of this family.</exception>
    public long Parameters(ResidualCandidate candidate) => Layers(candidate).Sum(l => l.Weights + l.Out);

    /// <summary>The network of a candidate, image → embedding, as training begins: weights drawn (He et al. 2015), the second convolution of every block and all biases zero.</summary>
    /// <param name="candidate">Of this family.</param>
    /// <param name="seed">The same seed gives the same weights everywhere.</param>
    /// <param name="device">Where the network runs; <see cref="ComputeDevice.Default"/> where none is given.</param>
    /// <exception cref="ArgumentException">The candidate is not of this family.</exception>
    public Network Build(ResidualCandidate candidate, int seed, ComputeDevice? device = null)
    {
        Network network = Graph(candidate, device).WithRandomWeights(seed);
        using ParameterVector drawn = network.GetWeights();
        float[] weights = drawn.ToArray();
        int at = 0;
        foreach (ParameterInfo p in network.Parameters.Parameters)
        {
            if (p.Name.EndsWith(".conv2.weight", StringComparison.Ordinal)) weights.AsSpan(at, p.Length).Clear();
            at += p.Length;
        }
        using ParameterVector start = ParameterVector.FromArray(network.Parameters, network.Device, weights);
        return network.WithWeights(start);
    }

    /// <summary>The network of a candidate, weights zero.</summary>
    internal Network Graph(ResidualCandidate candidate, ComputeDevice? device)
    {
        Expect(candidate);
        var b = new NetworkBuilder(Input.Height, Input.Width, Input.Channels);
        LayerOutput x = b.LeakyRelu(b.Convolution("stem", b.Input, candidate.Widths[0], 3, padding: 1), _slope);
        for (int s = 0; s < Stages; s++)
        {
            int width = candidate.Widths[s];
            for (int k = 0; k < candidate.Depths[s]; k++)
            {
                int stride = s > 0 && k == 0 ? 2 : 1;
                string name = BlockName(s, k);
                LayerOutput y = b.LeakyRelu(b.Convolution($"{name}.conv1", x, width, 3, stride, padding: 1), _slope);
                y = b.Convolution($"{name}.conv2", y, width, 3, padding: 1);
                x = b.LeakyRelu(b.Add(y, stride == 2 ? b.Shortcut(x, 2, 0, width - x.Shape.Channels) : x), _slope);
            }
        }
        return b.Build(b.Linear("embed", b.GlobalMean(x), Embedding), device);
    }

    /// <summary>A candidate by which choice it takes: first of depths, then of widths.</summary>
    internal ResidualCandidate Of(ReadOnlySpan<int> genes)
    {
        int[] depths = new int[Stages], widths = new int[Stages];
        for (int s = 0; s < Stages; s++) (depths[s], widths[s]) = (_depths[s][genes[s]], _widths[s][genes[Stages + s]]);
        return new ResidualCandidate(depths, widths);
    }

    /// <summary>Which choices a candidate takes.</summary>
    internal int[] Genes(ResidualCandidate candidate)
    {
        Expect(candidate);
        int[] genes = new int[2 * Stages];
        for (int s = 0; s < Stages; s++) (genes[s], genes[Stages + s]) = (Array.IndexOf(_depths[s], candidate.Depths[s]), Array.IndexOf(_widths[s], candidate.Widths[s]));
        return genes;
    }

    /// <summary>How many choices a gene has.</summary>
    internal int Choices(int gene) => gene < Stages ? _depths[gene].Length : _widths[gene - Stages].Length;

    private static string BlockName(int stage, int block) => $"stage{stage + 1}.{block}";

    private void Expect(ResidualCandidate candidate)
    {
        if (!Has(candidate)) throw new ArgumentException($"{candidate} is not of this family, from {Smallest} to {Largest}.", nameof(candidate));
    }

    private List<(long Positions, long Weights, int Out)> Layers(ResidualCandidate candidate)
    {
        Expect(candidate);
        int height = Input.Height, width = Input.Width, channels = candidate.Widths[0];
        List<(long, long, int)> layers = [((long)height * width, 9L * Input.Channels * channels, channels)];
        for (int s = 0; s < Stages; s++)
        {
            if (s > 0) (height, width) = ((height + 1) / 2, (width + 1) / 2);
            int wide = candidate.Widths[s];
            for (int k = 0; k < candidate.Depths[s]; k++)
            {
                layers.Add(((long)height * width, 9L * channels * wide, wide));
                layers.Add(((long)height * width, 9L * wide * wide, wide));
                channels = wide;
            }
        }
        layers.Add((1, (long)channels * Embedding, Embedding));
        return layers;
    }

    private static int[][] Choices(IReadOnlyList<IReadOnlyList<int>> stages, string name)
    {
        ArgumentNullException.ThrowIfNull(stages, name);
        if (stages.Count == 0) throw new ArgumentException($"{name} has no stage.", name);
        foreach (IReadOnlyList<int> choices in stages)
        {
            if (choices is null || choices.Count == 0) throw new ArgumentException($"{name} has a stage without a choice.", name);
            for (int i = 0; i < choices.Count; i++)
            {
                Check.Positive(choices[i], name);
                if (i > 0 && choices[i] <= choices[i - 1]) throw new ArgumentException($"{name} has {choices[i]} behind {choices[i - 1]}; the choices of a stage ascend.", name);
            }
        }
        return [.. stages.Select(c => c.ToArray())];
    }
}
