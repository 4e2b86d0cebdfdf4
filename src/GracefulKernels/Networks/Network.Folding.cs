using System.Diagnostics;

namespace GracefulKernels;

public sealed partial class Network
{
    /// <summary>The network in the coordinates that <paramref name="mode"/> names.</summary>
    public Network With(BatchNormMode mode) => mode switch
    {
        BatchNormMode.Fold => FoldBatchNorm(),
        BatchNormMode.Keep => this,
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "Not a mode of batch normalisation."),
    };

    /// <summary>
    /// A network without batch normalisation that computes the same: <c>W' = κW</c>, <c>b' = β + κ(b − μ)</c>, <c>κ = γ/√(σ² + ε)</c>, in fp64, rounded once to
    /// fp32. The layer before a normalisation keeps its name and has a bias.
    /// </summary>
    /// <exception cref="InvalidOperationException">A normalisation does not follow a convolution or linear layer that nothing else reads; its name is given.</exception>
    public Network FoldBatchNorm()
    {
        if (!_nodes.OfType<BatchNormNode>().Any()) return this;
        int[] consumers = LayerGraph.Consumers(_nodes);
        int[] newIndex = new int[_nodes.Length];
        var kept = new List<LayerNode>();
        var folded = new Dictionary<string, BatchNormNode>();
        for (int i = 0; i < _nodes.Length; i++)
        {
            if (_nodes[i] is BatchNormNode norm)
            {
                int before = norm.Inputs[0];
                if (_nodes[before] is not (ConvolutionNode or LinearNode) || consumers[before] != 1)
                {
                    throw new InvalidOperationException(
                        $"Batch normalisation '{norm.Name}' cannot be folded: it does not follow a convolution or linear layer of its own. Use BatchNormMode.Keep.");
                }
                folded.Add(_nodes[before].Name, norm);
                int at = newIndex[i] = newIndex[before];
                kept[at] = kept[at] switch
                {
                    ConvolutionNode c => c with { Bias = true },
                    LinearNode l => l with { Bias = true },
                    _ => throw new UnreachableException(),
                };
                continue;
            }
            newIndex[i] = kept.Count;
            kept.Add(_nodes[i].Renumber(newIndex));
        }
        LayerNode[] nodes = [.. kept];
        var layout = new ParameterLayout(nodes);
        return new Network(nodes, Device, layout, FoldedWeights(layout, folded), []);
    }

    private float[] FoldedWeights(ParameterLayout layout, Dictionary<string, BatchNormNode> folded)
    {
        float[] weights = new float[layout.DeviceLength];
        foreach (ParameterInfo p in layout.Parameters)
        {
            Span<float> to = weights.AsSpan((int)p.Offset, p.Length);
            bool had = Parameters.TryGet(p.Name, out ParameterInfo? old);
            if (had) _weights.AsSpan((int)old!.Offset, old.Length).CopyTo(to);
            if (!folded.TryGetValue(p.Layer, out BatchNormNode? norm)) continue;
            ParameterInfo gamma = Parameters[$"{norm.Name}.weight"], beta = Parameters[$"{norm.Name}.bias"];
            (float[] mean, float[] variance) = _statistics[norm.Name];
            for (int c = 0; c < norm.Shape.Channels; c++)
            {
                double scale = _weights[gamma.Offset + c] / Math.Sqrt(variance[c] + norm.Epsilon);
                if (p.Name.EndsWith(".bias", StringComparison.Ordinal))
                {
                    to[c] = (float)(_weights[beta.Offset + c] + (scale * ((double)to[c] - mean[c])));
                    continue;
                }
                int row = p.Length / p.Rows;
                foreach (ref float w in to.Slice(c * row, row)) w = (float)(scale * w);
            }
        }
        return weights;
    }
}
