using System.Runtime.InteropServices;
using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>
/// ONNX Runtime on the CPU: products, and forward convolutions in its own order (NCHW outside, its blocked layout inside, weights packed
/// when the session is made).
/// </summary>
internal sealed unsafe class OnnxRuntimePeer : IPeer
{
    public OnnxRuntimePeer()
    {
        try
        {
            OrtEnv.Instance().EnvLogLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR;
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or EntryPointNotFoundException)
        {
            Absence = "no native ONNX Runtime for this platform";
        }
    }

    public string Name => "onnxruntime";

    public string? Absence { get; }

    public PeerCall? Prepare(BenchCase bench, Operands ours, int threads) => (bench.Kernel, bench.Parameters) switch
    {
        (_, GemmShape shape) => Gemm(shape, ours, threads),
        ("conv-forward", ConvolutionShape shape) => Convolution(shape, ours, threads),
        _ => null,
    };

    private static PeerCall Gemm(GemmShape s, Operands ours, int threads)
    {
        Operands own = new(ours.Kernels);
        Block<float> y = own.Output((long)s.M * s.N);
        byte[] model = OnnxModel.Gemm(s.M, s.N, s.K, s.TransposeA, s.TransposeB);
        (Block<float>, long[])[] inputs =
        [
            (ours.Inputs[0], s.TransposeA ? [s.K, s.M] : [s.M, s.K]),
            (ours.Inputs[1], s.TransposeB ? [s.N, s.K] : [s.K, s.N]),
        ];
        return Call(model, ["a", "b"], inputs, (y, [s.M, s.N]), threads, () => Difference.Of(ours.Outputs[0], y)).Owns(own);
    }

    private static PeerCall Convolution(ConvolutionShape s, Operands ours, int threads)
    {
        Operands own = new(ours.Kernels);
        Block<float> x = own.Allocate<float>(s.InputLength), w = own.Allocate<float>(s.WeightLength), y = own.Output(s.OutputLength);
        int taps = s.KernelHeight * s.KernelWidth;
        ChannelsFirst(ours.Inputs[0], s.Batch, s.Height * s.Width, s.InChannels, x);
        ChannelsFirst(ours.Inputs[1], s.OutChannels, taps, s.InChannels, w);
        long[] input = [s.Batch, s.InChannels, s.Height, s.Width], output = [s.Batch, s.OutChannels, s.OutHeight, s.OutWidth];
        byte[] values = MemoryMarshal.AsBytes(w.Span).ToArray();
        byte[] model = OnnxModel.Convolution(
            input, [s.OutChannels, s.InChannels, s.KernelHeight, s.KernelWidth], values, output, s.StrideY, s.PadTop);
        return Call(model, ["a"], [(x, input)], (y, output), threads, Compare).Owns(own);

        double Compare()
        {
            Block<float> same = own.Allocate<float>(s.OutputLength);
            ChannelsFirst(ours.Outputs[0], s.Batch, s.Positions, s.OutChannels, same);
            return Difference.Of(same, y);
        }
    }

    private static PeerCall Call(
        byte[] model, string[] names, (Block<float> Data, long[] Shape)[] inputs, (Block<float> Data, long[] Shape) output, int threads, Func<double> difference)
    {
        using SessionOptions options = new()
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        InferenceSession session = new(model, options);
        RunOptions run = new();
        OrtValue[] given = [.. inputs.Select(Value)], result = [Value(output)];
        PeerCall call = new() { Run = () => session.Run(run, names, given, ["y"], result), Difference = difference };
        foreach (OrtValue value in (OrtValue[])[.. given, .. result]) call.Owns(value);
        return call.Owns(run).Owns(session);
    }

    private static OrtValue Value((Block<float> Data, long[] Shape) tensor) => OrtValue.CreateTensorValueWithData(
        OrtMemoryInfo.DefaultInstance, TensorElementType.Float, tensor.Shape, tensor.Data.Address, tensor.Data.Length * sizeof(float));

    /// <summary>[images, pixels, channels] to [images, channels, pixels].</summary>
    private static void ChannelsFirst(Block<float> source, int images, int pixels, int channels, Block<float> destination)
    {
        for (int i = 0; i < images; i++)
        {
            float* from = source.Pointer + ((long)i * pixels * channels), to = destination.Pointer + ((long)i * pixels * channels);
            for (int p = 0; p < pixels; p++)
            {
                for (int c = 0; c < channels; c++) to[((long)c * pixels) + p] = from[((long)p * channels) + c];
            }
        }
    }
}
