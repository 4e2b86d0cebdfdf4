using Google.Protobuf;
using GracefulKernels.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace GracefulKernels.Tests;

/// <summary>ONNX Runtime as the oracle: what a model computes, by somebody else's reading of the format.</summary>
internal static class OnnxRuntime
{
    public static (float[] Values, int[] Shape) Run(ModelProto model, float[] input, params int[] shape) => Run(model.ToByteArray(), input, shape);

    public static (float[] Values, int[] Shape) Run(byte[] model, float[] input, params int[] shape)
    {
        // As the graph is written: no fusion that reorders sums, one thread.
        using var options = new SessionOptions { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL, IntraOpNumThreads = 1 };
        options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;
        using var session = new InferenceSession(model, options);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs
            = session.Run([NamedOnnxValue.CreateFromTensor(session.InputNames[0], new DenseTensor<float>(input, shape))], [session.OutputNames[0]]);
        Tensor<float> output = outputs[0].AsTensor<float>();
        return (output.ToArray(), output.Dimensions.ToArray());
    }

    /// <summary>NCHW for images, as it is for vectors.</summary>
    public static int[] Shape(Network network, int samples)
    {
        LayerShape x = network.InputShape;
        return x is { IsFlat: true, Pixels: 1 } ? [samples, x.Elements] : [samples, x.Channels, x.Height, x.Width];
    }
}
