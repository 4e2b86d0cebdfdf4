using System.Runtime.InteropServices;

namespace GracefulKernels.Native;

/// <summary>Networks with their weights.</summary>
internal static unsafe class Networks
{
    [UnmanagedCallersOnly(EntryPoint = "gk_network_load")]
    public static int Load(nint device, byte* path, float leakySlope, nint* network)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            Argument.Given(network, "network");
            *network = 0;
            string file = Argument.Path(path, "path");
            if (!float.IsFinite(leakySlope)) throw CallException.Argument($"leaky_slope is {leakySlope}; expected a finite number.");
            var options = new OnnxOptions { Relu = leakySlope == 0 ? ReluPolicy.Keep : ReluPolicy.Leaky(leakySlope) };
            *network = Handles.Open(HandleKind.Network, Network.Load(file, options, use.Target), use.Device);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_network_describe")]
    public static int Describe(nint network, NetworkInfo* info)
    {
        try
        {
            ErrorText.Clear();
            using Use<Network> use = Handles.Use<Network>(network, HandleKind.Network, "network");
            Argument.Given(info, "info");
            *info = new NetworkInfo(use.Target, use.Target);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_network_with_head")]
    public static int WithHead(nint network, float* images, int* labels, long count, long classes, double lambda, nint* withHead)
    {
        try
        {
            ErrorText.Clear();
            using Use<Network> use = Handles.Use<Network>(network, HandleKind.Network, "network");
            Argument.Given(withHead, "with_head");
            *withHead = 0;
            int n = Argument.Size(count, "count", 1), c = Argument.Size(classes, "classes", 1, Labels.MostClasses);
            if (!(lambda >= 0) || !double.IsFinite(lambda)) throw CallException.Argument($"lambda is {lambda}; expected a finite number of at least 0 (0: chosen by leave-one-out).");
            ReadOnlySpan<float> x = Images.All(images, n, use.Target);
            ReadOnlySpan<int> y = Operand.Vector(labels, n, "labels").Span<int>("[count]");
            RidgeHead head = use.Target.WithRidgeHead(x, y, c, new RidgeHeadOptions { Lambda = lambda == 0 ? null : lambda });
            *withHead = Handles.Open(HandleKind.Network, head.Network, use.Device);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_network_predict")]
    public static int Predict(nint network, float* images, long count, float* outputs)
    {
        try
        {
            ErrorText.Clear();
            using Use<Network> use = Handles.Use<Network>(network, HandleKind.Network, "network");
            Network f = use.Target;
            foreach (ImageBlock block in Images.Blocks(images, outputs, count, f, f.Outputs)) f.Predict(block.Images, block.Count).CopyTo(block.Outputs);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_network_close")]
    public static int Close(nint network)
    {
        try
        {
            ErrorText.Clear();
            Handles.Close(network, HandleKind.Network, "network");
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }
}

/// <summary><c>gk_network_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NetworkInfo(Network first, Network last)
{
    public long Height = first.InputShape.Height, Width = first.InputShape.Width, Channels = first.InputShape.Channels;
    public long Outputs = last.Outputs, Parameters = last.Parameters.Count;
}
