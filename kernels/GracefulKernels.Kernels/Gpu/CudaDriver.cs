using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

/// <summary>The three functions of NVIDIA's driver that ILGPU does not bind and that another's memory and streams need. A context must be current.</summary>
internal static unsafe class CudaDriver
{
    /// <summary><c>CU_POINTER_ATTRIBUTE_CONTEXT</c> of cuda.h.</summary>
    private const int ContextAttribute = 1;

    private static readonly Lazy<nint> Library = new(() => NativeLibrary.Load(OperatingSystem.IsWindows() ? "nvcuda" : "libcuda.so.1"));

    /// <summary>The context in which an address was allocated.</summary>
    /// <exception cref="ArgumentException">The driver knows no such address.</exception>
    public static nint ContextOf(nint pointer)
    {
        nint context = 0;
        var attribute = (delegate* unmanaged<void*, int, ulong, int>)NativeLibrary.GetExport(Library.Value, "cuPointerGetAttribute");
        int error = attribute(&context, ContextAttribute, (ulong)pointer);
        return error == 0 ? context : throw new ArgumentException($"pointer is 0x{pointer:x}, which CUDA does not know as memory of a device (error {error}).", nameof(pointer));
    }

    /// <summary>The context in which a stream was made.</summary>
    /// <exception cref="ArgumentException">The driver knows no such stream.</exception>
    public static nint ContextOfStream(nint stream)
    {
        nint context = 0;
        var get = (delegate* unmanaged<nint, nint*, int>)NativeLibrary.GetExport(Library.Value, "cuStreamGetCtx");
        int error = get(stream, &context);
        return error == 0 ? context : throw new ArgumentException($"stream is 0x{stream:x}, which CUDA does not know as a stream (error {error}).", nameof(stream));
    }

    /// <summary>Waits until all that is in a stream is done; returns the driver's error, 0 for none.</summary>
    public static int Wait(nint stream) => ((delegate* unmanaged<nint, int>)NativeLibrary.GetExport(Library.Value, "cuStreamSynchronize"))(stream);
}
