using System.Diagnostics;
using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>How P-SGD runs.</summary>
public sealed record PsgdOptions
{
    /// <summary>
    /// η over the epochs. Stable below <c>2(1 + μ)/λ_max(P⁻¹H)</c>: for exact factors, which see neither correlation between positions nor between layers,
    /// that is often nearer to 0.01 than to the paper's 0.1; a damping above λ raises it.
    /// </summary>
    public LearningRate LearningRate { get; init; } = LearningRate.Cosine(0.01);

    /// <summary>μ in [0, 1).</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Samples of a batch.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Stops, not converged, after so many sweeps through the samples.</summary>
    public int Epochs { get; init; } = 30;

    /// <summary>Stops when ‖∇L(d)‖ ≤ Tolerance·‖∇L(0)‖ at a full evaluation.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Epochs from one full evaluation of loss and gradient to the next; each costs as much as an epoch. The last epoch is always evaluated.</summary>
    public int EvaluationInterval { get; init; } = 5;

    /// <summary>Of the order of the samples.</summary>
    public int Seed { get; init; }

    /// <summary>Memory for primal states, as <see cref="LinearizedOptions.CacheBytes"/>, besides the problem's own.</summary>
    public long? CacheBytes { get; init; }

    internal void Validate(string name)
    {
        ArgumentNullException.ThrowIfNull(LearningRate, name);
        _ = Check.NonNegative(Tolerance, name, nameof(Tolerance));
        if (!(Momentum >= 0 && Momentum < 1)) throw new ArgumentOutOfRangeException(name, Momentum, $"Momentum is {Momentum}; expected a number in [0, 1).");
        if (BatchSize < 1) throw new ArgumentOutOfRangeException(name, BatchSize, $"BatchSize is {BatchSize}; expected at least 1.");
        if (Epochs < 0) throw new ArgumentOutOfRangeException(name, Epochs, $"Epochs is {Epochs}; expected at least 0.");
        if (EvaluationInterval < 1) throw new ArgumentOutOfRangeException(name, EvaluationInterval, $"EvaluationInterval is {EvaluationInterval}; expected at least 1.");
    }
}

/// <summary>
/// Preconditioned stochastic gradient descent, the paper's solver: <c>v ← μv + P⁻¹∇_B L</c>, <c>d ← d − ηv</c>. The samples are shuffled once by the seed and cut
/// in batches, whose primal states are kept as memory allows; every epoch takes the batches in a new order. The gradient of a batch is
/// <c>(m/n)·J_Bᵀ(s∘r) + λd</c> with m batches: without bias also where the last is smaller.
/// </summary>
public static class Psgd
{
    // A convex loss that a sane step size is working on does not rise a hundredfold.
    private const double Explosion = 100;

    /// <summary>Solves <paramref name="problem"/> from d = 0.</summary>
    /// <param name="problem">Not changed.</param>
    /// <param name="options">Learning rate, batches and budget.</param>
    /// <param name="preconditioner">Fixed and positive definite; none is the identity.</param>
    /// <param name="progress">After each epoch, and once at the start.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">The preconditioner belongs to another network.</exception>
    /// <exception cref="DivergenceException">The loss is not finite or a hundred times that of the start; the message names the learning rate.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the problem is as before.</exception>
    public static SolverResult Solve(
        LinearQuadraticProblem problem,
        PsgdOptions? options = null,
        Preconditioner? preconditioner = null,
        IProgress<SolverProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(problem);
        options ??= new PsgdOptions();
        options.Validate(nameof(options));
        problem.Expect(preconditioner);
        var clock = Stopwatch.StartNew();
        var random = new CounterRandom((ulong)options.Seed);
        int[] order = random.Permutation(problem.Network.Samples);
        using LinearizedNetwork network = problem.Network.Reordered(
            order, new LinearizedOptions { BatchSize = options.BatchSize, CacheBytes = options.CacheBytes }, cancellation);
        using var shuffled = new LinearQuadraticProblem(network, Reordered(problem.Targets, order), problem.Lambda);
        IKernels kernels = problem.Kernels;
        ParameterLayout layout = network.Network.Parameters;
        var d = new ParameterVector(layout, network.Network.Device);
        using var gradient = new DeviceFloats(kernels, layout.DeviceLength);
        using DeviceFloats? preconditioned = preconditioner is null ? null : new DeviceFloats(kernels, layout.DeviceLength);
        using var velocity = new DeviceFloats(kernels, layout.DeviceLength);
        using var outputs = new DeviceFloats(kernels, problem.TargetBlock.Length);
        using var seeds = new DeviceFloats(kernels, problem.TargetBlock.Length);
        var history = new List<SolverProgress>();
        try
        {
            double first = double.NaN;
            Report(0, Evaluate());
            int epoch = 0;
            // Not evaluated is NaN, which is not below the tolerance.
            while (!(history[^1].RelativeGradient <= options.Tolerance) && epoch < options.Epochs)
            {
                double eta = options.LearningRate.At((double)epoch / options.Epochs);
                epoch++;
                double loss = Epoch(epoch, eta);
                (double Loss, double Gradient) now = (loss, double.NaN);
                bool diverged = Diverges(loss);
                if (!diverged && (epoch % options.EvaluationInterval == 0 || epoch == options.Epochs))
                {
                    now = Evaluate();
                    diverged = Diverges(now.Loss);
                }
                if (diverged) throw new DivergenceException("P-SGD", epoch, now.Loss, history[0].Loss, eta, options.LearningRate.Initial);
                Report(epoch, now);
            }
            return new SolverResult(d, history[^1].RelativeGradient <= options.Tolerance ? SolverStop.Tolerance : SolverStop.Budget, epoch, history, clock.Elapsed);

            double Epoch(int number, double eta)
            {
                double sum = 0;
                float scale = (float)((double)network.Batches / network.Samples);
                foreach (int b in random.Permutation(network.Batches, (ulong)number << 32))
                {
                    cancellation.ThrowIfCancellationRequested();
                    Block<float> f = network.Rows(outputs.Block, b), u = network.Rows(seeds.Block, b);
                    network.JvpBatch(b, d.Block, f);
                    kernels.Add(network.Rows(network.F0Block, b), f, f);
                    sum += kernels.WeightedSquaredLoss(
                        network.BatchLength(b), network.Outputs, f, network.Rows(shuffled.TargetBlock, b), network.Rows(shuffled.WeightBlock, b), scale, u);
                    network.VjpBatch(b, u, 0f, gradient.Block);
                    if (problem.Lambda > 0) kernels.Axpby((float)problem.Lambda, d.Block, 1f, gradient.Block);
                    Block<float> z = gradient.Block;
                    if (preconditioner is not null) preconditioner.Apply(gradient.Block, z = preconditioned!.Block);
                    kernels.Axpby(1f, z, (float)options.Momentum, velocity.Block);
                    kernels.Axpby((float)-eta, velocity.Block, 1f, d.Block);
                }
                return (sum / network.Samples) + shuffled.Penalty(d.Block);
            }

            (double Loss, double Gradient) Evaluate()
            {
                shuffled.Outputs(d.Block, outputs.Block, cancellation);
                double loss = shuffled.DataLoss(outputs.Block, seeds.Block) + shuffled.Penalty(d.Block);
                shuffled.Gradient(seeds.Block, d.Block, gradient.Block, cancellation);
                double norm = Math.Sqrt(kernels.Dot(gradient.Block, gradient.Block));
                if (double.IsNaN(first)) first = norm;
                return (loss, norm == 0 ? 0 : norm / first);
            }

            bool Diverges(double loss) => !double.IsFinite(loss) || loss > Explosion * Math.Max(history[0].Loss, double.Epsilon);

            void Report(int at, (double Loss, double Gradient) now)
            {
                history.Add(new SolverProgress(at, now.Loss, now.Gradient, clock.Elapsed));
                progress?.Report(history[^1]);
            }
        }
        catch
        {
            d.Dispose();
            throw;
        }
    }

    private static Targets Reordered(Targets targets, int[] order)
    {
        float[] values = Rows(targets.Values.Span, order, targets.Classes), weights = Rows(targets.Weights.Span, order, targets.Classes);
        return new Targets(values, targets.Samples, targets.Classes, weights);
    }

    private static float[] Rows(ReadOnlySpan<float> matrix, int[] order, int columns)
    {
        if (matrix.IsEmpty) return [];
        float[] rows = new float[matrix.Length];
        for (int i = 0; i < order.Length; i++) matrix.Slice(order[i] * columns, columns).CopyTo(rows.AsSpan(i * columns));
        return rows;
    }
}
