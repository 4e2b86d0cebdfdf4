using System.CommandLine;
using System.Text.RegularExpressions;

namespace GracefulKernels.Cli;

/// <summary>Which device and which of its code runs the kernels: <c>--device</c>, <c>--simd</c>, <c>--threads</c>, <c>--precision</c>, <c>--cublas</c>.</summary>
internal sealed partial class DeviceOptions
{
    private readonly Option<string> _device;
    private readonly Option<string> _simd = new("--simd")
    {
        DefaultValueFactory = _ => "auto",
        HelpName = "auto|avx512|avx2|vector128|scalar",
        Description = "Instruction set of the CPU kernels; results are the same bits on each.",
    };
    private readonly Option<int> _threads = new("--threads") { DefaultValueFactory = _ => 0, HelpName = "N", Description = "Threads of the CPU kernels, 0 for one a core." };
    private readonly Option<string> _precision = CreatePrecision();
    private readonly Option<bool> _cuBlas = new("--cublas") { Description = "Let an installed cuBLAS compute plain matrix products." };

    /// <param name="command">Gets the options.</param>
    /// <param name="preferred">The device where none is named.</param>
    public DeviceOptions(Command command, string preferred = "auto")
    {
        _device = CreateDevice(preferred, "Where the kernels run; 'graceful devices' shows what is here.");
        _simd.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, [.. Enum.GetNames<SimdLevel>().Select(n => n.ToLowerInvariant())]);
        _threads.Expect(threads => threads is >= 0 and <= 1024, "0 to 1024");
        foreach (Option option in (Option[])[_device, _simd, _threads, _precision, _cuBlas]) command.Options.Add(option);
    }

    /// <summary><c>--device</c>: a name that could be one; whether it is here is seen when it is opened.</summary>
    public static Option<string> CreateDevice(string preferred, string description)
    {
        Option<string> option = new("--device") { DefaultValueFactory = _ => preferred, HelpName = "auto|cpu|cuda[:N]|opencl[:N]", Description = description };
        option.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<string>() is not { } name || DeviceName().IsMatch(name)) return;
            result.AddError($"--device is '{name}'; expected auto, cpu, cuda, cuda:N, opencl or opencl:N.");
        });
        return option;
    }

    public static Option<string> CreatePrecision()
    {
        Option<string> option = new("--precision")
        {
            DefaultValueFactory = _ => "float32",
            HelpName = "float32|float32-tensor|tf32",
            Description = "Arithmetic of matrix products on NVIDIA GPUs.",
        };
        option.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "float32", "float32-tensor", "tf32");
        return option;
    }

    public static Precision ParsePrecision(string word) => word.ToLowerInvariant() switch
    {
        "float32-tensor" => Precision.Float32Tensor,
        "tf32" => Precision.TensorFloat32,
        _ => Precision.Float32,
    };

    /// <exception cref="PlatformNotSupportedException">What was asked for by name is not here; the message names what is.</exception>
    public ComputeDevice Open(ParseResult parsed) => ComputeDevice.Open(
        parsed.GetValue(_device)!,
        Enum.Parse<SimdLevel>(parsed.GetValue(_simd)!, ignoreCase: true),
        parsed.GetValue(_threads),
        new GpuOptions
        {
            Precision = ParsePrecision(parsed.GetValue(_precision)!),
            UseCuBlas = parsed.GetValue(_cuBlas),
        });

    [GeneratedRegex(@"^(auto|cpu|(cuda|opencl)(:\d{1,3})?)$", RegexOptions.IgnoreCase)]
    private static partial Regex DeviceName();
}
