namespace GracefulKernels;

public sealed partial class Network
{
    /// <summary>Whether the other is the same layers in the same order with parameters of the same names: weights of the one mean the same in the other.</summary>
    internal bool HasGraphOf(Network other) => Parameters.Matches(other.Parameters)
        && _nodes.Length == other._nodes.Length
        && _nodes.Zip(other._nodes).All(p => p.First.Inputs.SequenceEqual(p.Second.Inputs) && p.First with { Inputs = p.Second.Inputs, Name = p.Second.Name } == p.Second);

    /// <summary>The weights in device order, gaps included.</summary>
    internal ReadOnlySpan<float> HostWeights => _weights;

    /// <summary>The graph of this network with other weights and statistics.</summary>
    /// <param name="weights">In device order; kept.</param>
    /// <param name="statistic">From a layer and what it is of (a mean or a variance) to its numbers.</param>
    internal Network WithMixed(float[] weights, Func<string, bool, float[]> statistic) => new(
        _nodes, Device, Parameters, weights, _statistics.Keys.ToDictionary(layer => layer, layer => (statistic(layer, false), statistic(layer, true))));
}
