using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>One run of stochastic gradient descent on a convex loss of a linearised network's outputs.</summary>
internal sealed class LinearizedSgdRun : IDisposable
{
    // A convex loss that a sane step size is working on does not rise a hundredfold.
    private const double Explosion = 100;

    private readonly string _name;
    private readonly LinearizedNetwork _network;
    private readonly BatchLoss _loss;
    private readonly double _lambda;
    private readonly PsgdOptions _options;
    private readonly Preconditioner? _preconditioner;
    private readonly CancellationToken _cancellation;
    private readonly SolverLog _log;
    private readonly IKernels _kernels;
    private readonly CounterRandom _random;
    private readonly ParameterVector _d;
    private readonly DeviceFloats _gradient;
    private readonly DeviceFloats? _preconditioned;
    private readonly DeviceFloats _velocity;
    private readonly DeviceFloats _outputs;
    private readonly DeviceFloats _seeds;
    private readonly Checkpoint? _checkpoint;
    private double _reference = double.NaN;
    private bool _solved;

    /// <param name="name">For messages and checkpoints.</param>
    /// <param name="network">The samples in the order of <see cref="Order"/>.</param>
    /// <param name="loss">In the same order.</param>
    /// <param name="print">Of all besides the options; null without checkpoint.</param>
    public LinearizedSgdRun(
        string name,
        LinearizedNetwork network,
        BatchLoss loss,
        double lambda,
        PsgdOptions options,
        Preconditioner? preconditioner,
        RunFingerprint? print,
        IProgress<SolverProgress>? progress,
        CancellationToken cancellation)
    {
        _name = name;
        _network = network;
        _loss = loss;
        _lambda = lambda;
        _options = options;
        _preconditioner = preconditioner;
        _cancellation = cancellation;
        _log = new SolverLog(options.Tolerance, options.Epochs, options.TimeLimit, progress);
        _kernels = network.Kernels;
        _random = new CounterRandom((ulong)options.Seed);
        ParameterLayout layout = network.Network.Parameters;
        _d = new ParameterVector(layout, network.Network.Device);
        _gradient = new DeviceFloats(_kernels, layout.DeviceLength);
        _preconditioned = preconditioner is null ? null : new DeviceFloats(_kernels, layout.DeviceLength);
        _velocity = new DeviceFloats(_kernels, layout.DeviceLength);
        _outputs = new DeviceFloats(_kernels, network.F0Block.Length);
        _seeds = new DeviceFloats(_kernels, network.F0Block.Length);
        if (print is null) return;
        options.AddTo(print);
        _checkpoint = new Checkpoint(options.Checkpoint!, name, print, _kernels, [new("d", _d.Block), new("velocity", _velocity.Block)], scalars: 1);
    }

    /// <summary>The samples shuffled by the seed.</summary>
    public static int[] Order(LinearizedNetwork network, PsgdOptions options) => new CounterRandom((ulong)options.Seed).Permutation(network.Samples);

    /// <summary>The network over the samples in an order, in the batches of the options.</summary>
    public static LinearizedNetwork Shuffle(LinearizedNetwork network, int[] order, PsgdOptions options, CancellationToken cancellation)
        => network.Reordered(order, new LinearizedOptions { BatchSize = options.BatchSize, CacheBytes = options.CacheBytes }, cancellation);

    public SolverResult Solve()
    {
        int epoch = Resume();
        if (epoch < 0) Enter(epoch = 0, Evaluate());
        SolverStop? stop;
        while ((stop = Stop(epoch)) is null)
        {
            double eta = _options.LearningRate.At((double)epoch / _options.Epochs);
            epoch++;
            double loss = Epoch(epoch, eta);
            (double Loss, double Gradient) now = (loss, double.NaN);
            bool diverged = Diverges(loss);
            if (!diverged && (epoch % _options.EvaluationInterval == 0 || epoch == _options.Epochs))
            {
                now = Evaluate();
                diverged = Diverges(now.Loss);
            }
            if (diverged) throw new DivergenceException(_name, epoch, now.Loss, _log.History[0].Loss, eta, _options.LearningRate.Initial);
            Enter(epoch, now);
        }
        _log.Note(_checkpoint?.Write(epoch, [_reference], _log.History, last: true));
        _solved = true;
        return new SolverResult(_d, stop.Value, epoch, _log.History, _log.Elapsed);
    }

    public void Dispose()
    {
        if (!_solved) _d.Dispose();
        _gradient.Dispose();
        _preconditioned?.Dispose();
        _velocity.Dispose();
        _outputs.Dispose();
        _seeds.Dispose();
    }

    /// <summary>The epoch that a checkpoint was written in; −1 to begin anew.</summary>
    private int Resume()
    {
        if (_checkpoint?.Read(out List<SolverProgress> history) is not { } scalars) return -1;
        _reference = scalars[0];
        _log.Restore(history);
        return history.Count - 1;
    }

    private SolverStop? Stop(int epoch)
    {
        // Not evaluated is NaN, which is not below the tolerance.
        if (_log.Last.RelativeGradient <= _options.Tolerance) return SolverStop.Tolerance;
        if (epoch >= _options.Epochs) return SolverStop.Budget;
        return _log.IsOutOfTime ? SolverStop.TimeLimit : null;
    }

    private double Epoch(int number, double eta)
    {
        double sum = 0;
        float scale = (float)((double)_network.Batches / _network.Samples);
        foreach (int b in _random.Permutation(_network.Batches, (ulong)number << 32))
        {
            _cancellation.ThrowIfCancellationRequested();
            Block<float> f = _network.Rows(_outputs.Block, b), u = _network.Rows(_seeds.Block, b);
            _network.JvpBatch(b, _d.Block, f);
            _kernels.Add(_network.Rows(_network.F0Block, b), f, f);
            sum += _loss.Evaluate(b * _network.BatchSize, _network.BatchLength(b), f, scale, u);
            _network.VjpBatch(b, u, 0f, _gradient.Block);
            AddPenalty();
            Block<float> z = _gradient.Block;
            if (_preconditioner is not null) _preconditioner.Apply(_gradient.Block, z = _preconditioned!.Block);
            _kernels.Axpby(1f, z, (float)_options.Momentum, _velocity.Block);
            _kernels.Axpby((float)-eta, _velocity.Block, 1f, _d.Block);
        }
        return (sum / _network.Samples) + Penalty();
    }

    /// <summary>Loss and relative gradient of all samples at one d.</summary>
    private (double Loss, double Gradient) Evaluate()
    {
        _network.Jvp(_d.Block, _outputs.Block, _cancellation);
        _kernels.Add(_network.F0Block, _outputs.Block, _outputs.Block);
        double loss = (_loss.Evaluate(0, _network.Samples, _outputs.Block, 1f / _network.Samples, _seeds.Block) / _network.Samples) + Penalty();
        _network.Vjp(_seeds.Block, _gradient.Block, _cancellation);
        AddPenalty();
        double norm = Math.Sqrt(_kernels.Dot(_gradient.Block, _gradient.Block));
        if (double.IsNaN(_reference)) _reference = norm;
        return (loss, norm == 0 ? 0 : norm / _reference);
    }

    private double Penalty() => _lambda == 0 ? 0 : _lambda / 2 * _kernels.Dot(_d.Block, _d.Block);

    private void AddPenalty()
    {
        if (_lambda > 0) _kernels.Axpby((float)_lambda, _d.Block, 1f, _gradient.Block);
    }

    private bool Diverges(double loss) => !double.IsFinite(loss) || loss > Explosion * Math.Max(_log.History[0].Loss, _loss.Sane);

    private void Enter(int epoch, (double Loss, double Gradient) now)
    {
        _log.Add(epoch, now.Loss, now.Gradient);
        _log.Report(_checkpoint?.Write(epoch, [_reference], _log.History));
    }
}
