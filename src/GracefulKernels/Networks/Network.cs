namespace GracefulKernels;

/// <summary>
/// An immutable layer graph with its weights on a device; made by <see cref="NetworkBuilder"/>. Every method that changes something returns a new
/// network. Images are channels-last inside, weights in PyTorch's layouts at the edge. Several threads may use one network at once.
/// </summary>
public sealed partial class Network
{
    private readonly LayerNode[] _nodes;
    private readonly float[] _weights;
    private readonly Dictionary<string, (float[] Mean, float[] Variance)> _statistics;
    private readonly Lazy<DeviceWeights> _deviceWeights;
    private Sweep? _idle;

    internal Network(LayerNode[] nodes, ComputeDevice device)
        : this(nodes, device, new ParameterLayout(nodes), null, []) { }

    private Network(
        LayerNode[] nodes, ComputeDevice device, ParameterLayout layout, float[]? weights, Dictionary<string, (float[] Mean, float[] Variance)> statistics)
    {
        _nodes = nodes;
        Device = device;
        Parameters = layout;
        Plan = ExecutionPlan.Build(nodes, layout);
        _statistics = statistics;
        foreach (BatchNormNode n in nodes.OfType<BatchNormNode>())
        {
            _ = statistics.TryAdd(n.Name, (new float[n.Shape.Channels], [.. Enumerable.Repeat(1f, n.Shape.Channels)]));
        }
        _weights = weights ?? InitialWeights(nodes, layout);
        _deviceWeights = new Lazy<DeviceWeights>(CopyWeightsToDevice);
    }

    /// <summary>Where the network runs.</summary>
    public ComputeDevice Device { get; }

    /// <summary>The trainable parameters and their order.</summary>
    public ParameterLayout Parameters { get; }

    /// <summary>What one sample is.</summary>
    public LayerShape InputShape => _nodes[0].Shape;

    /// <summary>C, the number of logits.</summary>
    public int Outputs => _nodes[^1].Shape.Elements;

    internal ExecutionPlan Plan { get; }

    internal IReadOnlyList<LayerNode> Nodes => _nodes;

    internal DeviceWeights DeviceWeights => _deviceWeights.Value;

    /// <summary>The same network on another device.</summary>
    public Network On(ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new Network(_nodes, device, Parameters, _weights, _statistics);
    }

    /// <summary>The same weights with every activation replaced by a leaky ReLU of this slope (LQF §3: 0.01 for a network trained with ReLU).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slope is not finite.</exception>
    public Network WithLeakyRelu(float slope)
    {
        if (!float.IsFinite(slope)) throw new ArgumentOutOfRangeException(nameof(slope), slope, "The slope is a finite number.");
        LayerNode[] nodes = [.. _nodes.Select(n => n is LeakyReluNode leaky ? leaky with { Slope = slope } : n)];
        return new Network(nodes, Device, Parameters, _weights, _statistics);
    }

    /// <summary>
    /// The logits of a set of samples, [samples × C]: the primal alone, in batches, with every epilogue fused. The bits do not depend on the
    /// instruction set or the number of threads.
    /// </summary>
    /// <param name="images">[samples × height × width × channels], or as <paramref name="layout"/> says.</param>
    /// <param name="samples">Number of samples; 0 gives an empty result.</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="batchSize">Samples at a time: memory against overhead.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">The number of elements does not fit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public float[] Predict(
        ReadOnlySpan<float> images, int samples, ImageLayout layout = ImageLayout.Nhwc, int batchSize = 128, CancellationToken cancellation = default)
    {
        CheckImages(images, samples, layout);
        Check.Positive(batchSize);
        float[] logits = new float[(long)samples * Outputs];
        batchSize = Math.Min(batchSize, Math.Max(samples, 1));
        Sweep? idle = Interlocked.Exchange(ref _idle, null);
        Sweep sweep = idle is not null && idle.Capacity == batchSize ? idle : new Sweep(Plan, Device.Kernels, DeviceWeights, batchSize, records: false);
        if (!ReferenceEquals(idle, sweep)) idle?.Dispose();
        int size = InputShape.Elements;
        var staging = new ImageStaging(InputShape, layout, batchSize);
        for (int first = 0; first < samples; first += batchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            int n = Math.Min(batchSize, samples - first);
            Device.Kernels.Upload(staging.ChannelsLast(images.Slice(first * size, n * size), n), sweep.BeginPrimal(n, null));
            sweep.RunPrimal();
            Device.Kernels.Download(sweep.Output, logits.AsSpan(first * Outputs, n * Outputs));
        }
        Interlocked.Exchange(ref _idle, sweep)?.Dispose();
        return logits;
    }

    internal void CheckImages(ReadOnlySpan<float> images, int samples, ImageLayout layout, string name = "images")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(samples);
        if (!Enum.IsDefined(layout)) throw new ArgumentOutOfRangeException(nameof(layout), layout, "Not an order of images.");
        if (images.Length == (long)samples * InputShape.Elements) return;
        string one = InputShape.ToString().Trim('[', ']');
        if (layout == ImageLayout.Nchw && InputShape.IsImage) one = $"{InputShape.Channels} × {InputShape.Height} × {InputShape.Width}";
        throw new ArgumentException($"{name} has {images.Length} elements; expected [{samples} × {one}] = {(long)samples * InputShape.Elements}.", name);
    }

    internal (float[] Mean, float[] Variance) Statistics(string layer) => _statistics[layer];

    /// <summary>A copy of the weights that a trainer may change.</summary>
    internal DeviceWeights CopyWeightsToDevice() => new(Plan, Device.Kernels, _weights, Statistics);

    private static float[] InitialWeights(LayerNode[] nodes, ParameterLayout layout)
    {
        float[] weights = new float[layout.DeviceLength];
        foreach (BatchNormNode n in nodes.OfType<BatchNormNode>())
        {
            ParameterInfo gamma = layout[$"{n.Name}.weight"];
            weights.AsSpan((int)gamma.Offset, gamma.Length).Fill(1f);
        }
        return weights;
    }
}
