using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>One layer of the graph as it was written down. Inputs are indices of earlier nodes; node 0 is the network's input.</summary>
internal abstract record LayerNode(string Name, int[] Inputs, LayerShape Shape)
{
    /// <summary>The same layer in a graph whose nodes have other numbers.</summary>
    public LayerNode Renumber(int[] newIndex) => this with { Inputs = [.. Inputs.Select(i => newIndex[i])] };
}

internal sealed record InputNode(LayerShape Shape) : LayerNode("input#0", [], Shape);

/// <param name="Convolution">For one sample.</param>
internal sealed record ConvolutionNode(string Name, int[] Inputs, LayerShape Shape, ConvolutionShape Convolution, bool Bias)
    : LayerNode(Name, Inputs, Shape);

/// <param name="InputShape">A flattened image keeps its height, width and channels: the order of the weight's columns hangs on it.</param>
internal sealed record LinearNode(string Name, int[] Inputs, LayerShape Shape, LayerShape InputShape, bool Bias) : LayerNode(Name, Inputs, Shape);

/// <summary>A linear layer whose weights are constants of the graph: no parameter, no file, no derivative of its own; derivatives pass through it.</summary>
/// <param name="InputShape">As for <see cref="LinearNode"/>.</param>
/// <param name="Weight">[out × in], columns in device order. Never written to.</param>
/// <param name="Bias">[out].</param>
internal sealed record FrozenLinearNode(string Name, int[] Inputs, LayerShape Shape, LayerShape InputShape, float[] Weight, float[] Bias) : LayerNode(Name, Inputs, Shape);

internal sealed record BatchNormNode(string Name, int[] Inputs, LayerShape Shape, double Epsilon) : LayerNode(Name, Inputs, Shape);

internal sealed record LeakyReluNode(string Name, int[] Inputs, LayerShape Shape, float Slope) : LayerNode(Name, Inputs, Shape);

internal sealed record MaxPoolNode(string Name, int[] Inputs, LayerShape Shape, PoolShape Pool) : LayerNode(Name, Inputs, Shape);

internal sealed record MeanPoolNode(string Name, int[] Inputs, LayerShape Shape, PoolShape Pool) : LayerNode(Name, Inputs, Shape);

internal sealed record GlobalMeanNode(string Name, int[] Inputs, LayerShape Shape, int Pixels) : LayerNode(Name, Inputs, Shape);

internal sealed record AddNode(string Name, int[] Inputs, LayerShape Shape) : LayerNode(Name, Inputs, Shape);

internal sealed record ShortcutNode(string Name, int[] Inputs, LayerShape Shape, ShortcutShape Shortcut) : LayerNode(Name, Inputs, Shape);

internal sealed record FlattenNode(string Name, int[] Inputs, LayerShape Shape) : LayerNode(Name, Inputs, Shape);
