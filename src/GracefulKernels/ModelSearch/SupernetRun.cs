using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The state of one training of a supernet: candidates' graphs once each, and the operands of a batch.</summary>
internal sealed class SupernetRun : IDisposable
{
    /// <summary>Draws above the budget after which the smallest candidate is taken.</summary>
    private const int Patience = 200;

    private readonly Supernet _supernet;
    private readonly float[] _images;
    private readonly int[] _labels;
    private readonly int _classes;
    private readonly float[] _weight;
    private readonly float[] _bias;
    private readonly SupernetOptions _options;
    private readonly IKernels _kernels;
    private readonly CounterRandom _random;
    private readonly CandidateBreeder _candidates;
    private readonly int _capacity;
    private readonly float[] _batchImages;
    private readonly BatchObjective _objective;
    private readonly DeviceFloats _seeds;
    private readonly Dictionary<ResidualCandidate, Network> _networks = [];

    public SupernetRun(Supernet supernet, float[] images, int[] labels, int classes, float[] weight, float[] bias, SupernetOptions options)
    {
        (_supernet, _images, _labels, _classes, _weight, _bias, _options) = (supernet, images, labels, classes, weight, bias, options);
        _kernels = supernet.Device.Kernels;
        _random = new CounterRandom((ulong)options.Seed);
        _candidates = new CandidateBreeder(supernet.Family, new EvolutionOptions { Seed = options.Seed + 1, MaxMultiplyAccumulates = options.MaxMultiplyAccumulates });
        _capacity = Math.Min(options.BatchSize, labels.Length);
        _batchImages = new float[_capacity * supernet.Family.Input.Elements];
        // Before anything is allocated: a classifier that does not fit is refused here.
        _ = Through(supernet.Family.Smallest);
        _objective = TrainingObjective.CrossEntropy(labels, options.LabelSmoothing).On(_kernels, classes, _capacity);
        _seeds = new DeviceFloats(_kernels, (long)_capacity * classes);
    }

    /// <summary>One sweep through the samples in a new order, each batch by a candidate of its own; returns the mean loss on the way.</summary>
    public double Epoch(int number, double eta, CancellationToken cancellation)
    {
        int[] order = _random.Permutation(_labels.Length, (ulong)number << 32);
        double sum = 0;
        for (int first = 0; first < order.Length; first += _capacity)
        {
            cancellation.ThrowIfCancellationRequested();
            sum += Step(order.AsSpan(first, Math.Min(_capacity, order.Length - first)), eta);
        }
        return sum / order.Length;
    }

    public void Dispose()
    {
        _objective.Dispose();
        _seeds.Dispose();
    }

    private double Step(ReadOnlySpan<int> samples, double eta)
    {
        Network graph = Through(_candidates.Any(Patience));
        ParameterLayout layout = graph.Parameters;
        int n = samples.Length, size = _supernet.Family.Input.Elements;
        for (int i = 0; i < n; i++) _images.AsSpan(samples[i] * size, size).CopyTo(_batchImages.AsSpan(i * size));
        // Workspaces of a candidate live for its step: there are too many candidates to keep them.
        using DeviceWeights weights = graph.CopyWeightsToDevice();
        using var sweep = new Sweep(graph.Plan, _kernels, weights, n, records: true);
        using var state = new PrimalState(graph.Plan.State, _kernels, n);
        using var gradient = new ParameterVector(layout, graph.Device);
        _kernels.Upload<float>(layout.ToDeviceOrder(_supernet.Gather(layout)), weights.Parameters);
        _kernels.Upload<float>(_batchImages.AsSpan(0, n * size), sweep.BeginPrimal(n, state));
        sweep.RunPrimal();
        Block<float> seeds = _seeds.Block.Slice(0, (long)n * _classes);
        double loss = _objective.Evaluate(samples, sweep.Output, seeds).Loss;
        sweep.RunCotangent(n, state, seeds, new GradientSink { Gradient = gradient.Block });
        double norm = gradient.Norm(), scale = norm > _options.MaxGradientNorm ? _options.MaxGradientNorm / norm : 1;
        _supernet.Step(layout, gradient.ToArray(), (float)scale, (float)eta, (float)_options.Momentum, (float)_options.WeightDecay);
        return loss;
    }

    /// <summary>The graph of a candidate through the gallery's classifier.</summary>
    private Network Through(ResidualCandidate candidate)
    {
        if (!_networks.TryGetValue(candidate, out Network? network))
        {
            network = _supernet.Family.Graph(candidate, _supernet.Device).ThroughFrozenHead(_classes, _weight, _bias);
            _networks.Add(candidate, network);
        }
        return network;
    }
}
