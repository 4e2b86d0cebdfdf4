using Google.Protobuf;
using GracefulKernels.Onnx;

namespace GracefulKernels;

public sealed partial class Network
{
    /// <summary>
    /// The network of an ONNX file: fp32, operators of versions 9 to 24, one input (samples × channels × height × width, or samples × features), one output,
    /// weights inside the file. Layers are called as PyTorch calls them where the file still knows: 'X' of 'X.weight'. Batch normalisation is kept.
    /// </summary>
    /// <remarks>
    /// Supported are Conv (one group), Gemm, MatMul with a bias behind it, BatchNormalization, Relu, LeakyRelu, MaxPool, AveragePool, GlobalAveragePool, ReduceMean over
    /// height and width, Add, Flatten, Reshape to one vector a sample, Pad in front of convolutions and pools, strided Slice with Pad or Concat of zeros (option-A
    /// shortcuts), Identity, Dropout in evaluation, and whatever chain of constants an exporter left for shapes. The number of samples is open, also where the file fixes it.
    /// A linearised model has no ONNX form of its own: <c>f(x; w0) + J(x) d</c> needs the primal and the tangent, and no weights of the same network give it
    /// (those of <c>w0 + d</c> are another, non-linear, model).
    /// </remarks>
    /// <param name="path">The file.</param>
    /// <param name="options">What becomes of ReLU, and sizes that the file leaves open.</param>
    /// <param name="device">Where the network runs; <see cref="ComputeDevice.Default"/> where none is given.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, or holds something that is not supported; the message names the node, its operator and what to do.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not allowed.</exception>
    public static Network Load(string path, OnnxOptions? options = null, ComputeDevice? device = null)
    {
        (NetworkBuilder builder, LayerOutput output, Dictionary<string, float[]> tensors) = OnnxImporter.Import(path, options ?? new OnnxOptions());
        return builder.BuildTrunk(output, device).WithTensors(tensors);
    }

    /// <summary>
    /// Writes the network as ONNX (operators of version 13, weights inside the file): input <c>image</c> [batch × channels × height × width] or [batch × features],
    /// output <c>logits</c> [batch × C], batch open, initializers called after the parameters and in PyTorch's layouts. Batch normalisation stays a layer of its own
    /// (<see cref="FoldBatchNorm"/> before takes it in). <see cref="Load"/> gives the same predictions back, bit for bit.
    /// </summary>
    /// <remarks>
    /// The parts of a network write too: an output that is an image is [batch × channels × height × width], an input that is a flattened image is taken as the image.
    /// ε of batch normalisation is fp32 in the format; one that is no decimal number of up to 7 digits comes back rounded.
    /// A linearised model is no network of its own and has no such file: it is this network at w0, and its update <c>d</c> beside it as safetensors.
    /// </remarks>
    /// <param name="path">Target; replaced where it exists, whole or not at all.</param>
    /// <param name="cancellation">Looked at before the file takes its place.</param>
    /// <exception cref="NotSupportedException">The weights are more than a protobuf message holds (2 GiB), or the network has a frozen head.</exception>
    /// <inheritdoc cref="AtomicFile.Write" path="/exception"/>
    public void SaveOnnx(string path, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Parameters.Count > (int.MaxValue - (1 << 24)) / sizeof(float))
        {
            throw new NotSupportedException($"The network has {Parameters.Count} parameters; an ONNX file without others beside it holds at most 2 GiB.");
        }
        ModelProto model = OnnxExporter.Export(this);
        AtomicFile.Write(path, stream => model.WriteTo(stream), cancellation);
    }
}
