using System.Runtime.InteropServices;
using System.Text;

namespace GracefulKernels.Native;

/// <summary>The processor.</summary>
internal static unsafe class Devices
{
    [UnmanagedCallersOnly(EntryPoint = "gk_device_open")]
    public static int Open(int abi, byte* simd, int threads, nint* device)
    {
        try
        {
            ErrorText.Clear();
            Argument.Given(device, "device");
            *device = 0;
            if (abi != Library.AbiVersion)
            {
                throw new CallException(
                    Status.NotSupported, $"abi is {abi}; this library's is {Library.AbiVersion}: build the program with the header that came with the library (GK_ABI_VERSION).");
            }
            SimdLevel level = Level(simd);
            int count = Argument.Size(threads, "threads", most: 1024);
            *device = Handles.Open(HandleKind.Device, ComputeDevice.Cpu(level, count), null);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_device_close")]
    public static int Close(nint device)
    {
        try
        {
            ErrorText.Clear();
            Handles.Close(device, HandleKind.Device, "device");
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_device_describe")]
    public static int Describe(nint device, byte* text, long capacity)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            Argument.Given(text, "text");
            if (capacity < 1) throw CallException.Argument($"capacity is {capacity}; expected at least 1, for the NUL.");
            byte[] bytes = Encoding.ASCII.GetBytes(use.Target.ToString());
            int kept = (int)Math.Min(bytes.Length, capacity - 1);
            bytes.AsSpan(0, kept).CopyTo(new Span<byte>(text, kept));
            text[kept] = 0;
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary>NULL is the best that is here.</summary>
    private static SimdLevel Level(byte* name)
    {
        if (name == null) return SimdLevel.Auto;
        ReadOnlySpan<byte> text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
        if (text.SequenceEqual("avx512"u8)) return SimdLevel.Avx512;
        if (text.SequenceEqual("avx2"u8)) return SimdLevel.Avx2;
        if (text.SequenceEqual("vector128"u8)) return SimdLevel.Vector128;
        if (text.SequenceEqual("scalar"u8)) return SimdLevel.Scalar;
        string here = string.Join(", ", ComputeDevice.SupportedSimd).ToLowerInvariant();
        throw new CallException(Status.NotSupported, $"simd is '{Encoding.UTF8.GetString(text[..Math.Min(text.Length, 40)])}'; instruction sets here: {here}.");
    }
}
