using System.CommandLine;

namespace GracefulKernels.Cli;

/// <summary>Which device and which of its code runs the kernels: <c>--device</c>, <c>--simd</c>, <c>--threads</c>.</summary>
internal sealed class DeviceOptions
{
    private readonly Option<string> _device = new("--device")
    {
        DefaultValueFactory = _ => "auto",
        HelpName = "auto|cpu",
        Description = "Where the kernels run.",
    };
    private readonly Option<string> _simd = new("--simd")
    {
        DefaultValueFactory = _ => "auto",
        HelpName = "auto|avx512|avx2|vector128|scalar",
        Description = "Instruction set of the CPU kernels; results are the same bits on each.",
    };
    private readonly Option<int> _threads = new("--threads") { DefaultValueFactory = _ => 0, HelpName = "N", Description = "Threads, 0 for one a core." };

    public DeviceOptions(Command command)
    {
        _device.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "auto", "cpu");
        _simd.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, [.. Enum.GetNames<SimdLevel>().Select(n => n.ToLowerInvariant())]);
        _threads.Validators.Add(result =>
        {
            if (result.Errors.Any()) return;
            int threads = result.GetValueOrDefault<int>();
            if (threads is < 0 or > 1024) result.AddError($"--threads is {threads}; expected 0 to 1024.");
        });
        command.Options.Add(_device);
        command.Options.Add(_simd);
        command.Options.Add(_threads);
    }

    /// <exception cref="PlatformNotSupportedException">What was asked for by name is not here; the message names what is.</exception>
    public ComputeDevice Open(ParseResult parsed)
        => ComputeDevice.Open(parsed.GetValue(_device)!, Enum.Parse<SimdLevel>(parsed.GetValue(_simd)!, ignoreCase: true), parsed.GetValue(_threads));
}
