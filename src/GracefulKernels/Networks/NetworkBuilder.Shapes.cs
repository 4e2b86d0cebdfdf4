using GracefulKernels.Kernels;

namespace GracefulKernels;

public sealed partial class NetworkBuilder
{
    /// <summary>A convolution of any geometry: kernel, stride and padding of their own for each axis and border.</summary>
    /// <param name="shape">For one sample.</param>
    internal LayerOutput Convolution(string name, LayerOutput input, ConvolutionShape shape, bool bias)
    {
        LayerShape x = Image(name, input);
        Fits(name, x, (shape.DilationY * (shape.KernelHeight - 1L)) + 1, (shape.DilationX * (shape.KernelWidth - 1L)) + 1, (long)shape.PadTop + shape.PadBottom, (long)shape.PadLeft + shape.PadRight);
        return Append(new ConvolutionNode(name, [input.Index], Image(shape.OutHeight, shape.OutWidth, shape.OutChannels), shape, bias));
    }

    /// <summary>A pool of any geometry.</summary>
    /// <param name="pool">For one sample.</param>
    internal LayerOutput MaxPool(LayerOutput input, PoolShape pool)
    {
        string name = Unnamed("maxpool");
        CheckPool(name, input, pool);
        return Append(new MaxPoolNode(name, [input.Index], Image(pool.OutHeight, pool.OutWidth, pool.Channels), pool));
    }

    /// <summary>A pool of any geometry.</summary>
    /// <param name="pool">For one sample.</param>
    internal LayerOutput MeanPool(LayerOutput input, PoolShape pool)
    {
        string name = Unnamed("meanpool");
        CheckPool(name, input, pool);
        return Append(new MeanPoolNode(name, [input.Index], Image(pool.OutHeight, pool.OutWidth, pool.Channels), pool));
    }

    /// <summary>Gives a product that was built without a bias one, and returns its name.</summary>
    internal string AddBias(LayerOutput product)
    {
        _nodes[product.Index] = _nodes[product.Index] switch
        {
            ConvolutionNode c => c with { Bias = true },
            LinearNode l => l with { Bias = true },
            var other => throw new ArgumentException($"'{other.Name}' is no product.", nameof(product)),
        };
        return _nodes[product.Index].Name;
    }

    /// <summary>Whether it is a ReLU's output, moved at most.</summary>
    internal bool IsNeverNegative(LayerOutput output)
    {
        int at = output.Index;
        while (_nodes[at] is ShortcutNode or MaxPoolNode or MeanPoolNode) at = _nodes[at].Inputs[0];
        return _nodes[at] is LeakyReluNode { Slope: 0 };
    }

    /// <summary>A network whose output may be an image: the trunk of another.</summary>
    internal Network BuildTrunk(LayerOutput output, ComputeDevice? device)
        => new(LayerGraph.Reachable(_nodes, output.Index), device ?? ComputeDevice.Default);

    private void CheckPool(string name, LayerOutput input, PoolShape pool)
    {
        LayerShape x = Image(name, input);
        // A window that lies in the padding alone would have no maximum and no mean; places of maxima are 16 bits.
        if (Math.Max(pool.PadTop, pool.PadBottom) > pool.KernelHeight / 2 || Math.Max(pool.PadLeft, pool.PadRight) > pool.KernelWidth / 2)
        {
            throw new ArgumentException($"Pool '{name}' has more padding than half its kernel ({pool.KernelHeight} × {pool.KernelWidth}).", nameof(pool));
        }
        if ((long)pool.KernelHeight * pool.KernelWidth > ushort.MaxValue)
        {
            throw new ArgumentException($"Pool '{name}' has {(long)pool.KernelHeight * pool.KernelWidth} elements in a window; expected at most {ushort.MaxValue}.", nameof(pool));
        }
        Fits(name, x, pool.KernelHeight, pool.KernelWidth, (long)pool.PadTop + pool.PadBottom, (long)pool.PadLeft + pool.PadRight);
    }

    private static LayerShape Image(int height, int width, int channels)
    {
        var shape = new LayerShape(height, width, channels, false);
        _ = shape.Elements;
        return shape;
    }

    private static void Fits(string name, LayerShape x, long reachY, long reachX, long paddingY, long paddingX)
    {
        if (x.Height + paddingY < reachY || x.Width + paddingX < reachX)
        {
            throw new ArgumentException($"Layer '{name}' reaches over {reachY} × {reachX} pixels; its input is {x} with {paddingY} and {paddingX} more.", nameof(name));
        }
    }
}
