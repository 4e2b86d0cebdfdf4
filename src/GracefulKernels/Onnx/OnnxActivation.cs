namespace GracefulKernels.Onnx;

/// <summary>
/// The output of a layer as the graph sees it. Strided slices and padding wait here until it is known who reads them: an option-A shortcut is one layer
/// made of several nodes, and zeros around an image belong to the convolution or pool behind them.
/// </summary>
internal sealed class OnnxActivation(LayerOutput layer, int[] dims) : OnnxValue
{
    private LayerOutput? _made;

    /// <summary>What the layer before gives.</summary>
    public LayerOutput Layer { get; } = layer;

    /// <summary>Without the batch: [channels, height, width], [features], or [features, 1, 1] of a vector.</summary>
    public int[] Dims { get; } = dims;

    public bool IsImage => Layer.Shape.IsImage;

    /// <summary>Every StrideY-th row and StrideX-th column; then so many zero channels before and behind; then the border.</summary>
    public int StrideY { get; init; } = 1;

    public int StrideX { get; init; } = 1;

    public int Before { get; init; }

    public int After { get; init; }

    public OnnxBorder Border { get; init; }

    /// <summary>The layer, a product without a bias: a sum with a constant may still become one.</summary>
    public bool TakesBias { get; init; }

    public bool IsPlain => StrideY == 1 && StrideX == 1 && Before == 0 && After == 0 && Border.IsNone;

    /// <summary>With another wait; a plain value was nobody's product.</summary>
    public OnnxActivation With(int[] dims, int strideY, int strideX, int before, int after, OnnxBorder border)
        => new(Layer, dims) { StrideY = strideY, StrideX = strideX, Before = before, After = after, Border = border };

    /// <summary>The layer's output with everything that waited, the border aside, made once for all its readers.</summary>
    public LayerOutput Inside(OnnxNode node, NetworkBuilder builder)
    {
        if (StrideY == 1 && StrideX == 1 && Before == 0 && After == 0) return Layer;
        if (StrideY != StrideX) throw node.Fail($"reads every {StrideY}th row and {StrideX}th column; expected one step for both");
        return _made ??= builder.Shortcut(Layer, StrideY, Before, After);
    }
}

/// <summary>Pixels of one value around an image.</summary>
internal readonly record struct OnnxBorder(int Top, int Left, int Bottom, int Right, float Value)
{
    public bool IsNone => (Top | Left | Bottom | Right) == 0;
}
