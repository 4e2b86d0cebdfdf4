namespace GracefulKernels;

public sealed partial class Network
{
    /// <summary>
    /// The same graph with the weights of a safetensors file: exactly the tensors of the network, F32, in PyTorch's layouts (<c>num_batches_tracked</c> of a
    /// batch normalisation is passed over).
    /// </summary>
    /// <exception cref="InvalidDataException">A tensor is missing, unknown, of another shape or not finite; the message names it and both shapes.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public Network LoadWeights(string path)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        HashSet<string> counters = [.. _nodes.OfType<BatchNormNode>().Select(n => $"{n.Name}.num_batches_tracked")];
        Dictionary<string, float[]> tensors = TensorFile.ReadStrict(reader, Tensors(), counters.Contains);
        foreach (BatchNormNode n in _nodes.OfType<BatchNormNode>())
        {
            int bad = Array.FindIndex(tensors[$"{n.Name}.running_var"], v => v < 0 || v + n.Epsilon <= 0);
            if (bad >= 0) throw new InvalidDataException($"{path}: element {bad} of tensor '{n.Name}.running_var' is not a variance.");
        }
        return WithTensors(tensors);
    }

    /// <summary>Writes all weights and running statistics as safetensors, F32, in PyTorch's layouts. A file that exists is replaced, whole or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveWeights(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var writer = new SafetensorsWriter();
        writer.AddMetadata("format", "pt");
        foreach ((string name, IReadOnlyList<int> shape) in Tensors()) writer.Add(name, GetTensor(name), TensorFile.Shape(shape));
        writer.Save(path);
    }

    /// <summary>One tensor (a parameter, or running_mean or running_var of a batch normalisation), row-major in PyTorch's layout.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    public float[] GetTensor(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach ((string layer, (float[] mean, float[] variance)) in _statistics)
        {
            if (name == $"{layer}.running_mean") return [.. mean];
            if (name == $"{layer}.running_var") return [.. variance];
        }
        ParameterInfo p = Parameters[name];
        float[] tensor = new float[p.Length];
        p.ToPyTorchOrder(_weights.AsSpan((int)p.Offset, p.Length), tensor);
        return tensor;
    }

    /// <summary>All parameters as one vector on the device.</summary>
    public ParameterVector GetWeights()
    {
        var vector = new ParameterVector(Parameters, Device);
        Device.Kernels.Upload<float>(_weights, vector.Block);
        return vector;
    }

    /// <summary>The same graph with other parameters; running statistics stay.</summary>
    /// <exception cref="ArgumentException"><paramref name="weights"/> is laid out for another network.</exception>
    public Network WithWeights(ParameterVector weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        weights.Expect(Parameters, weights.Device, nameof(weights));
        float[] host = new float[Parameters.DeviceLength];
        weights.Device.Kernels.Download(weights.Block, host.AsSpan());
        GC.KeepAlive(weights);
        return new Network(_nodes, Device, Parameters, host, _statistics);
    }

    /// <summary>The non-linear network at <c>w0 + d</c>, each sum rounded once to fp32.</summary>
    /// <exception cref="ArgumentException"><paramref name="d"/> is laid out for another network.</exception>
    public Network WithUpdate(ParameterVector d)
    {
        ArgumentNullException.ThrowIfNull(d);
        d.Expect(Parameters, d.Device, nameof(d));
        float[] host = new float[Parameters.DeviceLength];
        d.Device.Kernels.Download(d.Block, host.AsSpan());
        GC.KeepAlive(d);
        for (int i = 0; i < host.Length; i++) host[i] += _weights[i];
        return new Network(_nodes, Device, Parameters, host, _statistics);
    }

    /// <summary>
    /// The same graph with weights drawn from N(0, 2 / ((1 + slope²)·fan-in)) where a leaky ReLU follows (He et al. 2015, eq. 15), N(0, 1/fan-in) elsewhere;
    /// biases 0, γ = 1, β = 0. The same seed gives the same weights everywhere.
    /// </summary>
    public Network WithRandomWeights(int seed)
    {
        float[] weights = InitialWeights(_nodes, Parameters);
        ulong drawn = 0;
        var random = new CounterRandom((ulong)seed);
        for (int i = 1; i < _nodes.Length; i++)
        {
            if (_nodes[i] is not (ConvolutionNode or LinearNode)) continue;
            ParameterInfo p = Parameters[$"{_nodes[i].Name}.weight"];
            double deviation = Math.Sqrt(GainSquared(i) * p.Rows / p.Length);
            // Drawn in PyTorch's order, so that the numbers do not hang on the layout in memory.
            float[] tensor = new float[p.Length];
            for (int k = 0; k < tensor.Length; k++) tensor[k] = (float)(deviation * random.Normal(drawn++));
            p.ToDeviceOrder(tensor, weights.AsSpan((int)p.Offset, p.Length));
        }
        return new Network(_nodes, Device, Parameters, weights, []);
    }

    /// <summary>Names and shapes of everything a weight file holds, layer by layer.</summary>
    private List<(string Name, IReadOnlyList<int> Shape)> Tensors()
    {
        var tensors = new List<(string, IReadOnlyList<int>)>();
        foreach (LayerNode node in _nodes)
        {
            tensors.AddRange(Parameters.Parameters.Where(p => p.Layer == node.Name).Select(p => (p.Name, p.Shape)));
            if (node is not BatchNormNode) continue;
            tensors.Add(($"{node.Name}.running_mean", [node.Shape.Channels]));
            tensors.Add(($"{node.Name}.running_var", [node.Shape.Channels]));
        }
        return tensors;
    }

    private Network WithTensors(Dictionary<string, float[]> tensors)
    {
        float[] weights = new float[Parameters.DeviceLength];
        foreach (ParameterInfo p in Parameters.Parameters) p.ToDeviceOrder(tensors[p.Name], weights.AsSpan((int)p.Offset, p.Length));
        var statistics = new Dictionary<string, (float[], float[])>();
        foreach (BatchNormNode n in _nodes.OfType<BatchNormNode>())
        {
            statistics.Add(n.Name, (tensors[$"{n.Name}.running_mean"], tensors[$"{n.Name}.running_var"]));
        }
        return new Network(_nodes, Device, Parameters, weights, statistics);
    }

    private double GainSquared(int node)
    {
        for (int at = node; ;)
        {
            int next = Array.FindIndex(_nodes, n => n.Inputs.Contains(at));
            if (next < 0) return 1;
            if (_nodes[next] is LeakyReluNode leaky) return 2 / (1 + ((double)leaky.Slope * leaky.Slope));
            if (_nodes[next] is not (BatchNormNode or AddNode or FlattenNode)) return 1;
            at = next;
        }
    }
}
