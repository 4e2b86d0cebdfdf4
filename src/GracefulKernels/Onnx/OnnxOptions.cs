namespace GracefulKernels;

/// <summary>How an ONNX file becomes a network.</summary>
public sealed record OnnxOptions
{
    /// <summary>What becomes of ReLU; <see cref="ReluPolicy.Keep"/> where nothing is said.</summary>
    public ReluPolicy Relu { get; init; }

    /// <summary>Height and width of an image, for a file that leaves them open; one that names others is refused.</summary>
    public (int Height, int Width)? ImageSize { get; init; }
}
