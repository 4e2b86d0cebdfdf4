namespace GracefulKernels;

public sealed partial class Network
{
    /// <summary>Whether part of the outputs is a frozen head: <see cref="WithFrozenHead"/>, <see cref="ThroughFrozenHead"/>.</summary>
    public bool HasFrozenHead => FindHead().Frozen is not null;

    /// <summary>The number of outputs of the network's own, trainable head; the others, behind them, are those of the frozen one.</summary>
    public int OwnOutputs => FindHead() is (_, { } frozen) ? Outputs - frozen.Bias.Length : Outputs;

    /// <summary>
    /// The same network with the head κ_old of an older model beside its own: outputs <c>[Wφ(x) + b | κ_old φ(x) + b_old]</c>. κ_old is a constant: it is not among
    /// <see cref="Parameters"/> and has no gradient, no direction, no Kronecker factor; but the derivatives of its outputs reach φ, which is what makes an embedding
    /// backward compatible (Shen et al. 2020, eq. 4: the influence loss).
    /// </summary>
    /// <remarks>
    /// Where the embeddings have different sizes, κ_old takes the leading columns of a wider φ, and sees a narrower one followed by zeros. Weight files hold the parameters alone;
    /// ONNX has no constants that stay constants: <see cref="SaveOnnx"/> refuses, <see cref="WithoutFrozenHead"/> is what is deployed.
    /// </remarks>
    /// <param name="classes">C_old.</param>
    /// <param name="weight">κ_old [classes × k_old], columns as those of <see cref="Features"/>.</param>
    /// <param name="bias">b_old [classes]; empty for zeros.</param>
    /// <exception cref="ArgumentException">A shape does not fit, or a number is not finite.</exception>
    /// <exception cref="InvalidOperationException">The network does not end in a linear layer, or has a frozen head already.</exception>
    public Network WithFrozenHead(int classes, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias = default)
    {
        LinearNode own = HeadNode();
        FrozenLinearNode frozen = FrozenLayer(own.Inputs[0], own.InputShape, classes, weight, bias);
        int at = _nodes.Length, total = checked(own.Shape.Channels + classes);
        LayerShape shape = new(1, 1, total, true);
        // Side by side by what is there: each half among zeros, and their sum. One of the two terms is always zero, so nothing is rounded.
        LayerNode[] nodes =
        [
            .. _nodes,
            frozen,
            Among(own, at - 1, 0, classes, shape),
            Among(frozen, at, own.Shape.Channels, 0, shape),
            new AddNode($"{own.Name}/both", [at + 1, at + 2], shape),
        ];
        return Of(nodes, Device, this);
    }

    /// <summary>
    /// The network's outputs taken as an embedding φ, and behind them a frozen classifier κ: logits <c>κφ(x) + b</c>. Trained so, a network learns embeddings that another
    /// model's classifier, and with it its gallery, understands (heterogeneous visual search: Duggal et al. 2021, §3.2).
    /// </summary>
    /// <param name="classes">C.</param>
    /// <param name="weight">κ [classes × k], columns as those of <see cref="Features"/>; k and the number of outputs may differ as in <see cref="WithFrozenHead"/>.</param>
    /// <param name="bias">b [classes]; empty for zeros.</param>
    /// <exception cref="ArgumentException">A shape does not fit, or a number is not finite.</exception>
    /// <exception cref="InvalidOperationException">The output is no vector, or a frozen head's.</exception>
    public Network ThroughFrozenHead(int classes, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias = default)
    {
        if (HasFrozenHead) throw new InvalidOperationException("The network has a frozen head already.");
        if (_nodes[^1].Shape.IsImage) throw new InvalidOperationException($"The network's output is {_nodes[^1].Shape}; a classifier takes a vector.");
        return Of([.. _nodes, FrozenLayer(_nodes.Length - 1, _nodes[^1].Shape, classes, weight, bias)], Device, this);
    }

    /// <summary>The network without its frozen head: with its own head where there is one, else with the embedding as its output; the network itself where there is no frozen head.</summary>
    public Network WithoutFrozenHead() => FindHead() switch
    {
        (_, null) => this,
        ({ } own, _) => Of(LayerGraph.Before(_nodes, Array.IndexOf(_nodes, own)), Device, this),
        (null, { } frozen) => Of(LayerGraph.Before(_nodes, frozen.Inputs[0]), Device, this),
    };

    /// <summary>The network that gives the embedding φ, the input of its head (own or frozen), as its output. Columns are in the order of memory: a flattened image is (row, column, channel).</summary>
    /// <exception cref="InvalidOperationException">The network does not end in a linear layer, or is one alone.</exception>
    public Network Embedding() => Split(LinearizationScope.Head).Trunk
        ?? throw new InvalidOperationException("The network is a linear layer alone: its embedding is its input.");

    /// <summary>The layers the network ends in: its own head, a frozen one, both side by side, or neither.</summary>
    private (LinearNode? Own, FrozenLinearNode? Frozen) FindHead() => _nodes[^1] switch
    {
        LinearNode own => (own, null),
        FrozenLinearNode frozen => (null, frozen),
        AddNode sum when _nodes[sum.Inputs[0]] is ShortcutNode a && _nodes[sum.Inputs[1]] is ShortcutNode b
            && _nodes[a.Inputs[0]] is LinearNode own && _nodes[b.Inputs[0]] is FrozenLinearNode frozen => (own, frozen),
        _ => (null, null),
    };

    private static ShortcutNode Among(LayerNode part, int node, int before, int after, LayerShape shape)
        => new($"{part.Name}/among", [node], shape, new Kernels.ShortcutShape(1, 1, 1, part.Shape.Channels, 1, before, after));

    private static FrozenLinearNode FrozenLayer(int input, LayerShape shape, int classes, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias)
    {
        Check.Classes(classes);
        if (weight.IsEmpty || weight.Length % classes != 0)
        {
            throw new ArgumentException($"weight has {weight.Length} elements; expected [{classes} × k] (classes × columns of the embedding).", nameof(weight));
        }
        if (!bias.IsEmpty) Check.Length(bias.Length, classes, nameof(bias), "classes");
        Check.Finite(weight, nameof(weight));
        Check.Finite(bias, nameof(bias));
        int given = weight.Length / classes, taken = shape.Elements, shared = Math.Min(given, taken);
        float[] columns = new float[checked(classes * taken)], ordered = new float[columns.Length];
        for (int row = 0; row < classes; row++) weight.Slice(row * given, shared).CopyTo(columns.AsSpan(row * taken));
        ChannelOrder.ToChannelsLast(classes, shape.Channels, shape.Pixels, columns, ordered);
        return new FrozenLinearNode("frozen", [input], new LayerShape(1, 1, classes, true), shape, ordered, bias.IsEmpty ? new float[classes] : bias.ToArray());
    }
}
