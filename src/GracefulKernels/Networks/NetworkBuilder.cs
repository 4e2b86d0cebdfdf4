using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Writes a network down, layer by layer; each call returns the output that later layers may take, so branches are plain variables.
/// Shapes are inferred and checked at once. Parameters are named <c>'layer.weight'</c> and <c>'layer.bias'</c>, for batch normalisation also
/// <c>'layer.running_mean'</c> and <c>'layer.running_var'</c>.
/// </summary>
public sealed partial class NetworkBuilder
{
    private readonly List<LayerNode> _nodes = [];
    private readonly HashSet<string> _names = [];

    /// <summary>A network on images [height × width × channels].</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public NetworkBuilder(int height, int width, int channels)
        : this(new LayerShape(Positive(height, nameof(height)), Positive(width, nameof(width)), Positive(channels, nameof(channels)), false)) { }

    /// <summary>A network on vectors of features.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="features"/> is not positive.</exception>
    public NetworkBuilder(int features) : this(new LayerShape(1, 1, Positive(features, nameof(features)), true)) { }

    private NetworkBuilder(LayerShape input)
    {
        _nodes.Add(new InputNode(input));
        Input = new LayerOutput(this, 0, input);
    }

    /// <summary>What the network is given.</summary>
    public LayerOutput Input { get; }

    /// <summary>
    /// <c>y = W ∗ x + b</c>, groups = 1, zero padding. W is [out, in, kernel, kernel] in files, [out, kernel, kernel, in] in memory.
    /// </summary>
    /// <exception cref="ArgumentException">The name is taken, the input is no image, or the kernel does not fit into it.</exception>
    public LayerOutput Convolution(
        string name, LayerOutput input, int outChannels, int kernel, int stride = 1, int padding = 0, bool bias = true, int dilation = 1)
    {
        LayerShape x = Image(name, input);
        Positive(outChannels, nameof(outChannels));
        Positive(kernel, nameof(kernel));
        Positive(stride, nameof(stride));
        Positive(dilation, nameof(dilation));
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        int reach = checked((dilation * (kernel - 1)) + 1);
        Fits(name, x, reach, padding);
        var shape = new ConvolutionShape(1, x.Height, x.Width, x.Channels, outChannels, kernel, stride, padding, dilation);
        return Append(new ConvolutionNode(name, [input.Index], new LayerShape(shape.OutHeight, shape.OutWidth, outChannels, false), shape, bias));
    }

    /// <summary><c>y = W x + b</c>, W [out × in]. Behind a flattened image the columns are in PyTorch's order (channel, row, column) in files.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the input is an image.</exception>
    public LayerOutput Linear(string name, LayerOutput input, int outFeatures, bool bias = true)
    {
        LayerShape x = Own(name, input);
        Positive(outFeatures, nameof(outFeatures));
        if (x.IsImage)
        {
            throw new ArgumentException($"Linear layer '{name}' takes a vector; its input is {x}. Put Flatten or GlobalMean before it.", nameof(input));
        }
        return Append(new LinearNode(name, [input.Index], new LayerShape(1, 1, outFeatures, true), x, bias));
    }

    /// <summary>Batch normalisation in evaluation: <c>y = γ (x − μ)/√(σ² + ε) + β</c>; μ and σ² are frozen and no parameters.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the input is a flattened image of more than one pixel.</exception>
    public LayerOutput BatchNorm(string name, LayerOutput input, double epsilon = 1e-5)
    {
        LayerShape x = Own(name, input);
        if (!(epsilon >= 0) || !double.IsFinite(epsilon)) throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "ε is a finite number ≥ 0.");
        if (x.IsFlat && x.Pixels > 1)
        {
            throw new ArgumentException(
                $"Batch normalisation '{name}' of an image flattened from [{x.Height} × {x.Width} × {x.Channels}] is not supported: put it before Flatten.",
                nameof(input));
        }
        return Append(new BatchNormNode(name, [input.Index], x, epsilon));
    }

    /// <summary><c>y = x</c> where x &gt; 0, else <c>slope·x</c>; the derivative is 1 where x &gt; 0, else the slope.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slope is not finite.</exception>
    public LayerOutput LeakyRelu(LayerOutput input, float slope = 0.01f)
    {
        LayerShape x = Own(null, input);
        return Append(new LeakyReluNode(Unnamed("leaky"), [input.Index], x, Finite(slope)));
    }

    /// <summary>Leaky ReLU of slope 0.</summary>
    public LayerOutput Relu(LayerOutput input) => LeakyRelu(input, 0f);

    /// <summary>Largest element of each window, the first in row-major order among equals. Padding is outside every maximum.</summary>
    /// <exception cref="ArgumentException">The input is no image, or the window does not fit into it.</exception>
    public LayerOutput MaxPool(LayerOutput input, int kernel, int? stride = null, int padding = 0)
    {
        (string name, PoolShape pool) = Pool("maxpool", input, kernel, stride, padding, countPadding: true);
        return Append(new MaxPoolNode(name, [input.Index], new LayerShape(pool.OutHeight, pool.OutWidth, pool.Channels, false), pool));
    }

    /// <summary>Mean of each window, over kernel² elements (<paramref name="countPadding"/>) or over those inside the image.</summary>
    /// <exception cref="ArgumentException">The input is no image, or the window does not fit into it.</exception>
    public LayerOutput MeanPool(LayerOutput input, int kernel, int? stride = null, int padding = 0, bool countPadding = true)
    {
        (string name, PoolShape pool) = Pool("meanpool", input, kernel, stride, padding, countPadding);
        return Append(new MeanPoolNode(name, [input.Index], new LayerShape(pool.OutHeight, pool.OutWidth, pool.Channels, false), pool));
    }

    /// <summary>Mean over the pixels: a vector of channels.</summary>
    public LayerOutput GlobalMean(LayerOutput input)
    {
        string name = Unnamed("globalmean");
        LayerShape x = Image(name, input);
        return Append(new GlobalMeanNode(name, [input.Index], new LayerShape(1, 1, x.Channels, true), x.Pixels));
    }

    /// <summary><c>y = a + b</c>.</summary>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public LayerOutput Add(LayerOutput a, LayerOutput b)
    {
        string name = Unnamed("add");
        LayerShape left = Own(name, a), right = Own(name, b);
        if (left != right) throw new ArgumentException($"b is {right}; expected {left} (the shape of a).", nameof(b));
        return Append(new AddNode(name, [a.Index, b.Index], left));
    }

    /// <summary>
    /// The parameter-free ("option A") shortcut: every stride-th pixel, with zero channels before and behind
    /// (<c>[⌈h/stride⌉ × ⌈w/stride⌉ × before + c + after]</c>).
    /// </summary>
    /// <exception cref="ArgumentException">The input is no image.</exception>
    public LayerOutput Shortcut(LayerOutput input, int stride, int channelsBefore, int channelsAfter)
    {
        string name = Unnamed("shortcut");
        LayerShape x = Image(name, input);
        Positive(stride, nameof(stride));
        ArgumentOutOfRangeException.ThrowIfNegative(channelsBefore);
        ArgumentOutOfRangeException.ThrowIfNegative(channelsAfter);
        var shape = new ShortcutShape(1, x.Height, x.Width, x.Channels, stride, channelsBefore, channelsAfter);
        return Append(new ShortcutNode(name, [input.Index], new LayerShape(shape.OutHeight, shape.OutWidth, shape.OutChannels, false), shape));
    }

    /// <summary>The image as one vector. Nothing moves in memory; a linear layer behind it takes care of PyTorch's order.</summary>
    public LayerOutput Flatten(LayerOutput input)
    {
        LayerShape x = Own(null, input);
        return Append(new FlattenNode(Unnamed("flatten"), [input.Index], x with { IsFlat = true }));
    }

    /// <summary>
    /// The network that ends in <paramref name="output"/>; layers that do not lead there are left out. Weights, γ aside, are zero until they are
    /// loaded or drawn: <see cref="Network.LoadWeights(string)"/>, <see cref="Network.WithRandomWeights"/>.
    /// </summary>
    /// <param name="output">A vector: the logits.</param>
    /// <param name="device">Where the network runs; <see cref="ComputeDevice.Default"/> where none is given.</param>
    /// <exception cref="ArgumentException">The output is an image, or belongs to another builder.</exception>
    public Network Build(LayerOutput output, ComputeDevice? device = null)
    {
        LayerShape shape = Own(null, output);
        if (shape.IsImage || shape.Pixels > 1)
        {
            throw new ArgumentException($"output is {shape}; expected a vector of logits (end in Linear or GlobalMean).", nameof(output));
        }
        if (output.Index == 0) throw new ArgumentException("output is the network's input; expected the output of a layer.", nameof(output));
        return new Network(LayerGraph.Reachable(_nodes, output.Index), device ?? ComputeDevice.Default);
    }

    private LayerOutput Append(LayerNode node)
    {
        if (!_names.Add(node.Name)) throw new ArgumentException($"There is a layer '{node.Name}' already.", "name");
        _nodes.Add(node);
        return new LayerOutput(this, _nodes.Count - 1, node.Shape);
    }

    private string Unnamed(string kind) => $"{kind}#{_nodes.Count}";

    private LayerShape Own(string? name, LayerOutput input)
    {
        if (name is not null && string.IsNullOrWhiteSpace(name)) throw new ArgumentException("A layer needs a name.", nameof(name));
        if (!ReferenceEquals(input.Builder, this)) throw new ArgumentException("input belongs to another builder.", nameof(input));
        return input.Shape;
    }

    private LayerShape Image(string name, LayerOutput input)
    {
        ArgumentNullException.ThrowIfNull(name);
        LayerShape x = Own(name, input);
        if (x.IsFlat) throw new ArgumentException($"Layer '{name}' takes an image [height × width × channels]; its input is {x}.", nameof(input));
        return x;
    }

    private (string Name, PoolShape Shape) Pool(string kind, LayerOutput input, int kernel, int? stride, int padding, bool countPadding)
    {
        string name = Unnamed(kind);
        LayerShape x = Image(name, input);
        Positive(kernel, nameof(kernel));
        int step = Positive(stride ?? kernel, nameof(stride));
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        // A window that lies in the padding alone would have no maximum and no mean.
        if (padding > kernel / 2) throw new ArgumentOutOfRangeException(nameof(padding), padding, $"padding is at most half the kernel ({kernel}).");
        Fits(name, x, kernel, padding);
        return (name, new PoolShape(1, x.Height, x.Width, x.Channels, kernel, step, padding, countPadding));
    }

    private static void Fits(string name, LayerShape x, int reach, int padding)
    {
        if (Math.Min(x.Height, x.Width) + (2L * padding) < reach)
        {
            throw new ArgumentException($"Layer '{name}' reaches over {reach} pixels; its input is {x} with padding {padding}.", "kernel");
        }
    }

    private static int Positive(int value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value, name);
        return value;
    }

    private static float Finite(float slope)
        => float.IsFinite(slope) ? slope : throw new ArgumentOutOfRangeException(nameof(slope), slope, "The slope is a finite number.");
}
