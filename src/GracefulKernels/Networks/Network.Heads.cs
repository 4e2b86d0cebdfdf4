namespace GracefulKernels;

public sealed partial class Network
{
    /// <summary>
    /// The inputs φ of the head (the linear layer that the network ends in, its own or a frozen one), [samples × F]: <c>logits = W·φ + b</c>. Columns are those of the head's weight in
    /// PyTorch's layout: a flattened image is in the order channel, row, column.
    /// </summary>
    /// <inheritdoc cref="Predict"/>
    /// <exception cref="InvalidOperationException">The network does not end in a linear layer.</exception>
    public float[] Features(
        ReadOnlySpan<float> images, int samples, ImageLayout layout = ImageLayout.Nhwc, int batchSize = 128, CancellationToken cancellation = default)
    {
        LayerShape shape = HeadInput().Shape;
        Check.Positive(batchSize);
        float[] inputs = Split(LinearizationScope.Head) is { Trunk: { } trunk }
            ? trunk.Predict(images, samples, layout, batchSize, cancellation)
            : InChannelsLast(images, samples, layout);
        return FeatureColumns(inputs, samples, shape);
    }

    /// <summary>The same network with another head, <c>logits = W·φ + b</c>; the layer keeps its name and has a bias.</summary>
    /// <param name="classes">C, the number of logits.</param>
    /// <param name="weight">W [classes × F], columns as those of <see cref="Features"/>.</param>
    /// <param name="bias">b [classes].</param>
    /// <exception cref="ArgumentException">A shape does not fit, or a number is not finite.</exception>
    /// <exception cref="InvalidOperationException">The network does not end in a linear layer.</exception>
    public Network WithHead(int classes, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias)
    {
        LinearNode head = HeadNode();
        Check.Classes(classes);
        Check.Matrix(weight.Length, classes, head.InputShape.Elements, nameof(weight), "classes × features");
        Check.Length(bias.Length, classes, nameof(bias), "classes");
        Check.Finite(weight, nameof(weight));
        Check.Finite(bias, nameof(bias));
        LayerNode[] nodes = [.. _nodes[..^1], head with { Shape = new LayerShape(1, 1, classes, true), Bias = true }];
        Network network = Of(nodes, Device, this);
        ParameterInfo w = network.Parameters[$"{head.Name}.weight"], b = network.Parameters[$"{head.Name}.bias"];
        // The new network is nobody else's yet.
        w.ToDeviceOrder(weight, network._weights.AsSpan((int)w.Offset, w.Length));
        bias.CopyTo(network._weights.AsSpan((int)b.Offset, b.Length));
        return network;
    }

    /// <summary>The same network with a head drawn from N(0, 1/F), bias 0. The same seed gives the same weights everywhere.</summary>
    /// <param name="classes">C, the number of logits.</param>
    /// <param name="seed">Of the numbers.</param>
    /// <exception cref="InvalidOperationException">The network does not end in a linear layer.</exception>
    public Network WithRandomHead(int classes, int seed)
    {
        int features = HeadNode().InputShape.Elements;
        Check.Classes(classes);
        var random = new CounterRandom((ulong)seed);
        float[] weight = new float[checked(classes * features)];
        double deviation = 1 / Math.Sqrt(features);
        for (int i = 0; i < weight.Length; i++) weight[i] = (float)(deviation * random.Normal((ulong)i));
        return WithHead(classes, weight, new float[classes]);
    }

    /// <summary>
    /// The same network with a head fitted to labels by ridge regression on its frozen features, <c>min 1/(2n) Σ ‖Wφ_i + b − α·e_{y_i}‖² + (λ/2)‖W‖²</c>. b is not
    /// penalised (features and targets are centred), all is fp64 and rounded once. A zero head would keep the layers before it from learning anything
    /// (<c>J_trunk = W ∂φ</c>); this one does not.
    /// </summary>
    /// <remarks>
    /// λ is chosen by the exact leave-one-out error <c>e_i/(1 − h_ii)</c> (Allen 1974; Golub, Heath, Wahba 1979), from the eigenvectors of one Gram matrix of order min(n, F);
    /// the head itself comes from its Cholesky factor. The features [n × F] are held in fp64, twice.
    /// </remarks>
    /// <param name="images">[n × height × width × channels], or as <paramref name="layout"/> says.</param>
    /// <param name="labels">[n], each in [0, <paramref name="classes"/>).</param>
    /// <param name="classes">C.</param>
    /// <param name="options">α, λ, classes without samples.</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="cancellation">Looked at between batches and between values of λ.</param>
    /// <exception cref="ArgumentException">No sample, a class without one, a label out of range, a shape that does not fit, or features that are all the same.</exception>
    /// <exception cref="InvalidOperationException">The network does not end in a linear layer.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public RidgeHead WithRidgeHead(
        ReadOnlySpan<float> images,
        ReadOnlySpan<int> labels,
        int classes,
        RidgeHeadOptions? options = null,
        ImageLayout layout = ImageLayout.Nhwc,
        CancellationToken cancellation = default)
    {
        options ??= new RidgeHeadOptions();
        options.Validate(nameof(options));
        Check.Classes(classes);
        if (labels.IsEmpty) throw new ArgumentException("There are no samples; a head is fitted to at least one.", nameof(labels));
        Targets targets = Targets.OneHot(labels, classes, options.Alpha, options.AllowEmptyClasses);
        int[] count = new int[classes];
        foreach (int label in labels) count[label]++;
        bool[] counted = new bool[labels.Length];
        for (int i = 0; i < counted.Length; i++) counted[i] = count[labels[i]] > 1;
        return FitHead(images, targets, counted, options, layout, cancellation);
    }

    /// <summary>As for labels, to arbitrary targets with weight 1.</summary>
    /// <inheritdoc cref="WithRidgeHead(ReadOnlySpan{float}, ReadOnlySpan{int}, int, RidgeHeadOptions?, ImageLayout, CancellationToken)"/>
    /// <param name="targets">t [n × C], without weights.</param>
    public RidgeHead WithRidgeHead(
        ReadOnlySpan<float> images,
        Targets targets,
        RidgeHeadOptions? options = null,
        ImageLayout layout = ImageLayout.Nhwc,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(targets);
        options ??= new RidgeHeadOptions();
        options.Validate(nameof(options));
        if (!targets.Weights.IsEmpty) throw new ArgumentException("targets has weights; a ridge head is fitted with weight 1 for all.", nameof(targets));
        bool[] counted = new bool[targets.Samples];
        counted.AsSpan().Fill(true);
        return FitHead(images, targets, counted, options, layout, cancellation);
    }

    private RidgeHead FitHead(
        ReadOnlySpan<float> images, Targets targets, bool[] counted, RidgeHeadOptions options, ImageLayout layout, CancellationToken cancellation)
    {
        if (targets.Samples == 0) throw new ArgumentException("There are no samples; a head is fitted to at least one.", nameof(images));
        CheckImages(images, targets.Samples, layout);
        Check.Finite(images, nameof(images));
        int features = HeadNode().InputShape.Elements;
        float[] phi = Features(images, targets.Samples, layout, Math.Min(options.BatchSize, targets.Samples), cancellation);
        Check.Finite(phi, "features");
        var ridge = new RidgeRegression(phi, features, targets, Device);
        if (ridge.MeanEigenvalue == 0)
        {
            throw new ArgumentException(
                $"The features of all {targets.Samples} samples are the same: a head fitted to them is zero. Use WithRandomHead.", nameof(images));
        }
        var candidates = new List<RidgeCandidate>();
        foreach (double lambda in Tried(options.Lambda, ridge.MeanEigenvalue, counted))
        {
            cancellation.ThrowIfCancellationRequested();
            candidates.Add(ridge.LeaveOneOut(lambda, counted));
        }
        // The larger λ of two as good.
        RidgeCandidate best = candidates[0];
        foreach (RidgeCandidate c in candidates)
        {
            if (c.LeaveOneOutError <= best.LeaveOneOutError) best = c;
        }
        (float[] weight, float[] bias) = ridge.Solve(best.Lambda);
        return new RidgeHead(WithHead(targets.Classes, weight, bias), best.Lambda, best.LeaveOneOutError, best.LeaveOneOutAccuracy, candidates);
    }

    private static IEnumerable<double> Tried(double? given, double eigenvalue, bool[] counted)
    {
        if (given is { } lambda) return [lambda];
        return Array.IndexOf(counted, true) < 0 || counted.Length < 2 ? [1e-2 * eigenvalue] : Enumerable.Range(0, 19).Select(k => eigenvalue * Math.Pow(10, (k - 16) / 2.0));
    }

    private float[] InChannelsLast(ReadOnlySpan<float> images, int samples, ImageLayout layout)
    {
        CheckImages(images, samples, layout);
        return new ImageStaging(InputShape, layout, samples).ChannelsLast(images, samples).ToArray();
    }

    /// <summary>From the order of memory to that of a weight's columns.</summary>
    internal static float[] FeatureColumns(float[] inputs, int samples, LayerShape shape)
    {
        if (shape.Pixels == 1 || shape.Channels == 1) return inputs;
        float[] features = new float[inputs.Length];
        ChannelOrder.ToChannelsFirst(samples, shape.Channels, shape.Pixels, inputs, features);
        return features;
    }

    /// <summary>The node and shape of φ.</summary>
    internal (int Node, LayerShape Shape) HeadInput() => FindHead() switch
    {
        ({ } own, _) => (own.Inputs[0], own.InputShape),
        (null, { } frozen) => (frozen.Inputs[0], frozen.InputShape),
        _ => throw NoHead(),
    };

    private LinearNode HeadNode() => FindHead() switch
    {
        ({ } own, null) => own,
        (_, not null) => throw new InvalidOperationException("The network has a frozen head: this is for its own head alone (WithoutFrozenHead)."),
        _ => throw NoHead(),
    };

    private InvalidOperationException NoHead() => new(
        $"The network ends in '{_nodes[^1].Name}', which is not a linear layer: it has no head. Fold batch normalisation first (FoldBatchNorm) if that is what it is.");
}
