using System.Diagnostics;
using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// A network linearised at its weights w0 over a set of samples: <c>f_lin(x; d) = f0(x) + J(x)·d</c> (LQF, Achille et al. 2021, eq. 1). The JVP of a linear
/// operator is one product over the doubled inner dimension, <c>[W | dW]·[ẋ ; x]</c>; the VJP is the ordinary backward pass at w0. What the
/// primal of a sample leaves for both is kept within a memory budget. One instance serves one caller at a time.
/// </summary>
/// <remarks>
/// Every result has the same bits for any instruction set, number of threads and budget of memory or file. Sums over samples run batch by batch in fp32, so
/// the gradient's last bits depend on <see cref="LinearizedOptions.BatchSize"/>.
/// </remarks>
public sealed class LinearizedNetwork : IDisposable
{
    private readonly float[] _images;
    private readonly Sweep _sweep;
    private readonly GradientSink _gradients = new();
    private readonly ActivationStore _store;
    private readonly DeviceFloats _f0;
    private readonly DeviceFloats _outputs;

    /// <summary>Runs the network once over all samples; keeps <c>f0</c> and, within the budget, the primal states.</summary>
    /// <param name="network">Frozen at its weights.</param>
    /// <param name="images">[samples × height × width × channels], or as <paramref name="layout"/> says; copied.</param>
    /// <param name="samples">n ≥ 1.</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="options">Batches and memory.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">No sample, a number of elements that does not fit, an element that is not finite, or a network without parameters.</exception>
    /// <exception cref="IOException"><see cref="LinearizedOptions.SpillFolder"/> cannot hold a file.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public LinearizedNetwork(
        Network network,
        ReadOnlySpan<float> images,
        int samples,
        ImageLayout layout = ImageLayout.Nhwc,
        LinearizedOptions? options = null,
        CancellationToken cancellation = default)
        : this(network, Prepare(network, images, samples, layout), samples, options ?? new LinearizedOptions(), cancellation) { }

    private LinearizedNetwork(Network network, float[] images, int samples, LinearizedOptions options, CancellationToken cancellation)
    {
        options.Validate(nameof(options));
        Network = network;
        Samples = samples;
        _images = images;
        BatchSize = Math.Min(options.BatchSize, samples);
        Batches = (samples + BatchSize - 1) / BatchSize;
        _store = new ActivationStore(network, samples, BatchSize, options);
        _sweep = new Sweep(network.Plan, Kernels, network.DeviceWeights, BatchSize, records: true);
        _f0 = new DeviceFloats(Kernels, (long)samples * Outputs);
        _outputs = new DeviceFloats(Kernels, (long)samples * Outputs);
        float[] f0 = new float[(long)samples * Outputs];
        var clock = Stopwatch.StartNew();
        try
        {
            for (int b = 0; b < Batches; b++)
            {
                cancellation.ThrowIfCancellationRequested();
                _ = Primal(b, _store.ToFill(b));
                Kernels.Copy(_sweep.Output, Rows(_f0.Block, b));
                _store.Filled(b);
            }
            // Waits for a device that works in its own time.
            Kernels.Download(_f0.Block, f0.AsSpan());
            clock.Stop();
            _store.Seal();
        }
        catch
        {
            Dispose();
            throw;
        }
        F0 = f0;
        Plan = MakePlan((clock.Elapsed - _store.Storing).TotalSeconds);
    }

    /// <summary>The network, frozen at w0.</summary>
    public Network Network { get; }

    /// <summary>n.</summary>
    public int Samples { get; }

    /// <summary>C.</summary>
    public int Outputs => Network.Outputs;

    /// <summary>Samples of a batch; the last may be smaller.</summary>
    public int BatchSize { get; }

    /// <summary>Number of batches.</summary>
    public int Batches { get; }

    /// <summary>Batches whose primal state is kept, in memory or in a file; the others are computed again in each sweep.</summary>
    public int CachedBatches => _store.InMemory + _store.Mapped;

    /// <summary>Where the primal states are, and what that saves.</summary>
    public ActivationPlan Plan { get; }

    /// <summary>The outputs at w0, [n × C].</summary>
    public ReadOnlyMemory<float> F0 { get; }

    internal IKernels Kernels => Network.Device.Kernels;

    internal Block<float> F0Block => _f0.Block;

    internal Sweep Sweep => _sweep;

    /// <summary>All samples, channels-last.</summary>
    internal ReadOnlySpan<float> Images => _images;

    /// <summary><c>J·d</c>, [n × C].</summary>
    /// <exception cref="ArgumentException"><paramref name="d"/> is laid out for another network.</exception>
    public float[] Jvp(ParameterVector d, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(d);
        d.Expect(Network.Parameters, Network.Device, nameof(d));
        Jvp(d.Block, _outputs.Block, cancellation);
        GC.KeepAlive(d);
        float[] result = new float[_outputs.Block.Length];
        Kernels.Download(_outputs.Block, result.AsSpan());
        return result;
    }

    /// <summary><c>Jᵀ·u = Σ_i J_iᵀ u_i</c>: a sum over the samples, not a mean.</summary>
    /// <param name="u">[n × C].</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException"><paramref name="u"/> is not [n × C], or not finite.</exception>
    public ParameterVector Vjp(ReadOnlySpan<float> u, CancellationToken cancellation = default)
    {
        Check.Matrix(u.Length, Samples, Outputs, nameof(u), "samples × outputs");
        Check.Finite(u, nameof(u));
        Kernels.Upload(u, _outputs.Block);
        var gradient = new ParameterVector(Network.Parameters, Network.Device);
        Vjp(_outputs.Block, gradient.Block, cancellation);
        GC.KeepAlive(this);
        return gradient;
    }

    /// <summary>Frees all memory of the instance; the network stays.</summary>
    public void Dispose()
    {
        _store.Dispose();
        _sweep.Dispose();
        _f0.Dispose();
        _outputs.Dispose();
    }

    /// <summary>The same samples in another order, cut in other batches.</summary>
    internal LinearizedNetwork Reordered(int[] order, LinearizedOptions options, CancellationToken cancellation)
    {
        int size = Network.InputShape.Elements;
        float[] images = new float[_images.Length];
        for (int i = 0; i < order.Length; i++) _images.AsSpan(order[i] * size, size).CopyTo(images.AsSpan(i * size));
        return new LinearizedNetwork(Network, images, Samples, options, cancellation);
    }

    internal int BatchLength(int batch) => Math.Min(BatchSize, Samples - (batch * BatchSize));

    /// <summary>The rows of a batch of a block [n × C].</summary>
    internal Block<float> Rows(Block<float> all, int batch)
        => all.IsEmpty ? all : all.Slice((long)batch * BatchSize * Outputs, (long)BatchLength(batch) * Outputs);

    internal void Jvp(Block<float> d, Block<float> result, CancellationToken cancellation)
    {
        for (int b = 0; b < Batches; b++)
        {
            cancellation.ThrowIfCancellationRequested();
            JvpBatch(b, d, Rows(result, b));
        }
    }

    /// <summary><c>result = J_B·d</c> for the samples of one batch.</summary>
    internal void JvpBatch(int batch, Block<float> d, Block<float> result)
    {
        _sweep.RunTangent(BatchLength(batch), State(batch), d);
        Kernels.Copy(_sweep.OutputTangent, result);
    }

    internal void Vjp(Block<float> u, Block<float> gradient, CancellationToken cancellation)
    {
        for (int b = 0; b < Batches; b++)
        {
            cancellation.ThrowIfCancellationRequested();
            VjpBatch(b, Rows(u, b), b == 0 ? 0f : 1f, gradient);
        }
    }

    /// <summary><c>gradient = beta·gradient + J_Bᵀ·u</c> for the samples of one batch.</summary>
    internal void VjpBatch(int batch, Block<float> u, float beta, Block<float> gradient)
    {
        _gradients.Gradient = gradient;
        _gradients.Beta = beta;
        VjpBatch(batch, u, _gradients);
    }

    internal void VjpBatch(int batch, Block<float> u, ICotangentSink sink) => _sweep.RunCotangent(BatchLength(batch), State(batch), u, sink);

    /// <summary>The primal state of a batch: kept, or computed anew in the one state that all others share.</summary>
    internal PrimalState State(int batch)
    {
        if (_store.Find(batch) is { } kept) return kept;
        PrimalState state = Primal(batch, _store.BeginShared());
        _store.SharedHolds(batch);
        return state;
    }

    private PrimalState Primal(int batch, PrimalState state)
    {
        int size = Network.InputShape.Elements, n = BatchLength(batch);
        Kernels.Upload<float>(_images.AsSpan(batch * BatchSize * size, n * size), _sweep.BeginPrimal(n, state));
        _sweep.RunPrimal();
        return state;
    }

    private ActivationPlan MakePlan(double seconds)
    {
        ExecutionPlan plan = Network.Plan;
        long a = Math.Min(Samples, (long)_store.InMemory * BatchSize), b = Math.Min(Samples, (long)CachedBatches * BatchSize), bytes = plan.State.BytesPerSample;
        long perSample = plan.Primal.Length + plan.Tangents.Length + plan.Cotangents.Length;
        return new ActivationPlan
        {
            BytesPerSample = bytes,
            BatchSize = BatchSize,
            BatchesInMemory = _store.InMemory,
            BatchesMapped = _store.Mapped,
            BatchesRecomputed = Batches - CachedBatches,
            BytesInMemory = a * bytes,
            BytesMapped = _store.MappedBytes,
            BytesRecomputed = (Samples - b) * bytes,
            WorkspaceBytes = (((perSample * BatchSize) + (2L * Samples * Outputs)) * sizeof(float)) + _store.SharedBytes,
            SecondsSaved = seconds * b / Samples,
            SecondsRecomputed = seconds * (Samples - b) / Samples,
            SpillProblem = _store.Problem,
        };
    }

    private static float[] Prepare(Network network, ReadOnlySpan<float> images, int samples, ImageLayout layout)
    {
        ArgumentNullException.ThrowIfNull(network);
        network.CheckImages(images, samples, layout);
        if (samples == 0) throw new ArgumentException("samples is 0; a linearised network needs at least one sample.", nameof(samples));
        if (network.Parameters.Count == 0) throw new ArgumentException("The network has no parameters to linearise in.", nameof(network));
        Check.Finite(images, nameof(images));
        return new ImageStaging(network.InputShape, layout, samples).ChannelsLast(images, samples).ToArray();
    }
}
