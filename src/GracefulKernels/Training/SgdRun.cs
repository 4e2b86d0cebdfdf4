using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The state of one training: weights that change, velocity, and the workspace of a batch.</summary>
internal sealed class SgdRun : IDisposable
{
    private readonly Network _network;
    private readonly float[] _images;
    private readonly TrainingObjective _objective;
    private readonly SgdOptions _options;
    private readonly IKernels _kernels;
    private readonly CounterRandom _random;
    private readonly DeviceWeights _weights;
    private readonly Sweep _sweep;
    private readonly PrimalState _state;
    private readonly DeviceFloats _velocity;
    private readonly DeviceFloats _seeds;
    private readonly BatchObjective _batch;
    private readonly ParameterVector _gradient;
    private readonly GradientSink _sink;
    private readonly float[] _batchImages;
    private readonly int _capacity;

    public SgdRun(Network network, float[] images, TrainingObjective objective, SgdOptions options)
    {
        _network = network;
        _images = images;
        _objective = objective;
        _options = options;
        _kernels = network.Device.Kernels;
        _random = new CounterRandom((ulong)options.Seed);
        int capacity = _capacity = Math.Min(options.BatchSize, objective.Samples);
        _weights = network.CopyWeightsToDevice();
        _sweep = new Sweep(network.Plan, _kernels, _weights, capacity, records: true);
        _state = new PrimalState(network.Plan.State, _kernels, capacity);
        _velocity = new DeviceFloats(_kernels, network.Parameters.DeviceLength);
        _seeds = new DeviceFloats(_kernels, (long)capacity * network.Outputs);
        _batch = objective.On(_kernels, network.Outputs, capacity);
        _gradient = new ParameterVector(network.Parameters, network.Device);
        _sink = new GradientSink { Gradient = _gradient.Block };
        _batchImages = new float[capacity * network.InputShape.Elements];
    }

    /// <summary>What a run goes on from; null where none is asked for.</summary>
    public Checkpoint? CreateCheckpoint()
    {
        if (_options.Checkpoint is null) return null;
        var print = new RunFingerprint();
        print.Add("samples", _objective.Samples);
        print.Add("images", _images);
        _objective.AddTo(print);
        print.Add("parameters", _network.Parameters);
        using ParameterVector weights = _network.GetWeights();
        print.Add("weights of the network", weights);
        // One sample stands for the graph, its running statistics and the kind of device.
        print.Add("outputs of the network", _network.Predict(_images.AsSpan(0, _network.InputShape.Elements), 1));
        _options.AddTo(print);
        return new Checkpoint(
            _options.Checkpoint, "training", print, _kernels, [new("weights", _weights.Parameters), new("velocity", _velocity.Block)], scalars: 1);
    }

    /// <summary>The weights have been put back.</summary>
    public void Resumed() => _weights.Refresh();

    /// <summary>One sweep through the samples in a new order; returns the mean loss on the way, and the flips.</summary>
    public (double Loss, FlipCounts? Flips) Epoch(int number, double eta, CancellationToken cancellation)
    {
        int[] order = _random.Permutation(_objective.Samples, (ulong)number << 32);
        double sum = 0;
        long rows = 0;
        FlipCounts? flips = null;
        for (int first = 0; first < order.Length; first += _capacity)
        {
            cancellation.ThrowIfCancellationRequested();
            BatchSums step = Step(order.AsSpan(first, Math.Min(_capacity, order.Length - first)), eta);
            sum += step.Loss;
            rows += step.Rows;
            if (step.Flips is { } more) flips = (flips ?? default) + more;
        }
        return (sum / rows, flips);
    }

    public Network Result()
    {
        _kernels.Copy(_weights.Parameters, _gradient.Block);
        return _network.WithWeights(_gradient);
    }

    public void Dispose()
    {
        _weights.Dispose();
        _sweep.Dispose();
        _state.Dispose();
        _velocity.Dispose();
        _seeds.Dispose();
        _batch.Dispose();
        _gradient.Dispose();
    }

    private BatchSums Step(ReadOnlySpan<int> samples, double eta)
    {
        int n = samples.Length, size = _network.InputShape.Elements;
        for (int i = 0; i < n; i++) _images.AsSpan(samples[i] * size, size).CopyTo(_batchImages.AsSpan(i * size));
        _kernels.Upload<float>(_batchImages.AsSpan(0, n * size), _sweep.BeginPrimal(n, _state));
        _sweep.RunPrimal();
        Block<float> seeds = _seeds.Block.Slice(0, (long)n * _network.Outputs);
        BatchSums sums = _batch.Evaluate(samples, _sweep.Output, seeds);
        _sweep.RunCotangent(n, _state, seeds, _sink);
        if (_options.WeightDecay > 0) _kernels.Axpby((float)_options.WeightDecay, _weights.Parameters, 1f, _gradient.Block);
        _kernels.Axpby(Shortened(), _gradient.Block, (float)_options.Momentum, _velocity.Block);
        _kernels.Axpby((float)-eta, _velocity.Block, 1f, _weights.Parameters);
        _weights.Refresh();
        return sums;
    }

    /// <summary>What the gradient is multiplied by to be no longer than is allowed.</summary>
    private float Shortened()
    {
        if (_options.MaxGradientNorm is not { } most) return 1f;
        double norm = Math.Sqrt(_kernels.Dot(_gradient.Block, _gradient.Block));
        return norm > most ? (float)(most / norm) : 1f;
    }
}
