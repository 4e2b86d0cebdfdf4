namespace GracefulKernels;

public sealed partial class Network
{
    /// <summary>
    /// The blocks of the network, first to last: what <see cref="LinearizationScope.LastBlocks"/> counts. The graph is cut at every value that all paths from input to
    /// output go through; a stretch between two cuts that has a parameter of its own is a block. Layers without parameters (activations, pools, flattening) belong to
    /// the block before them, and so does a stretch of batch normalisations alone, unless it is the first.
    /// </summary>
    /// <remarks>In a CIFAR ResNet these are the stem, each residual block, and the head.</remarks>
    public IReadOnlyList<NetworkBlock> Blocks
    {
        get
        {
            List<int> cuts = LayerGraph.CutPoints(_nodes);
            var starts = new List<int>();
            for (int k = 1; k < cuts.Count; k++)
            {
                LayerNode[] stretch = _nodes[(cuts[k - 1] + 1)..(cuts[k] + 1)];
                bool opens = stretch.Any(n => n is ConvolutionNode or LinearNode) || (starts.Count == 0 && stretch.Any(n => n is BatchNormNode));
                if (opens) starts.Add(cuts[k - 1]);
            }
            return [.. starts.Select((cut, i) => Block(cut, i + 1 < starts.Count ? starts[i + 1] : _nodes.Length - 1))];
        }
    }

    /// <summary>
    /// The network in two parts: what <paramref name="scope"/> leaves out as a frozen trunk, and the rest as a trainable tail. Bring batch normalisation into the
    /// form it shall have before (<see cref="With(BatchNormMode)"/>).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer blocks than the scope asks for.</exception>
    /// <exception cref="InvalidOperationException">The scope is the head, and the network does not end in a linear layer.</exception>
    public NetworkSplit Split(LinearizationScope scope)
    {
        if (scope.IsAll) return new NetworkSplit(scope, null, this);
        if (scope.IsHead) return SplitAt(HeadInput().Node, scope);
        IReadOnlyList<NetworkBlock> blocks = Blocks;
        if (scope.Blocks > blocks.Count)
        {
            throw new ArgumentOutOfRangeException(nameof(scope), scope.Blocks, $"The network has {blocks.Count} blocks; scope asks for the {scope}.");
        }
        return SplitAt(blocks[^scope.Blocks].Cut, scope);
    }

    internal static Network Joined(Network trunk, Network tail)
    {
        HashSet<string> names = [.. trunk.Parameters.Parameters.Select(p => p.Layer)];
        if (tail.Parameters.Parameters.FirstOrDefault(p => names.Contains(p.Layer)) is { } twice)
        {
            throw new ArgumentException($"tail has a layer '{twice.Layer}', and so has the trunk.", nameof(tail));
        }
        return Of(LayerGraph.Join(trunk._nodes, tail._nodes), trunk.Device, trunk, tail);
    }

    private NetworkSplit SplitAt(int cut, LinearizationScope scope)
    {
        // Where nothing is computed before the cut there is no trunk.
        if (LayerGraph.Unflattened(_nodes, cut) == 0) return new NetworkSplit(scope, null, this);
        return new NetworkSplit(scope, Of(LayerGraph.Before(_nodes, cut), Device, this), Of(LayerGraph.Behind(_nodes, cut), Device, this));
    }

    /// <summary>A graph whose parameters and running statistics are those of the sources, by name.</summary>
    private static Network Of(LayerNode[] nodes, ComputeDevice device, params ReadOnlySpan<Network> sources)
    {
        var layout = new ParameterLayout(nodes);
        float[] weights = new float[layout.DeviceLength];
        var statistics = new Dictionary<string, (float[], float[])>();
        foreach (Network source in sources)
        {
            foreach (ParameterInfo p in layout.Parameters)
            {
                if (!source.Parameters.TryGet(p.Name, out ParameterInfo? old) || !old!.Shape.SequenceEqual(p.Shape)) continue;
                source._weights.AsSpan((int)old.Offset, old.Length).CopyTo(weights.AsSpan((int)p.Offset, p.Length));
            }
            foreach (BatchNormNode n in nodes.OfType<BatchNormNode>())
            {
                if (source._statistics.TryGetValue(n.Name, out (float[], float[]) known)) statistics[n.Name] = known;
            }
        }
        return new Network(nodes, device, layout, weights, statistics);
    }

    private NetworkBlock Block(int cut, int last)
    {
        HashSet<string> layers = [.. _nodes[(cut + 1)..(last + 1)].Select(n => n.Name)];
        ParameterInfo[] parameters = [.. Parameters.Parameters.Where(p => layers.Contains(p.Layer))];
        return new NetworkBlock([.. parameters.Select(p => p.Layer).Distinct()], parameters.Sum(p => (long)p.Length), _nodes[cut].Shape, cut);
    }
}
