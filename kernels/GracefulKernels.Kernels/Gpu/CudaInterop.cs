using ILGPU.Runtime.Cuda;

namespace GracefulKernels.Kernels;

// Memory and streams of others on a CUDA device. ILGPU makes a context of its own (cuCtxCreate) and has no way to use the primary one, so memory enters only from the owner who allocated in ours.
internal sealed partial class GpuKernels
{
    /// <summary>The <c>CUcontext</c> in which the set works.</summary>
    /// <exception cref="PlatformNotSupportedException">No CUDA device.</exception>
    public nint CudaContext => _accelerator is CudaAccelerator cuda ? cuda.NativePtr : throw new PlatformNotSupportedException($"{Title} is no CUDA device.");

    /// <summary>Memory at an address of this device that someone else owns, which must be of our context; any alignment.</summary>
    /// <exception cref="InvalidOperationException">It is of another context.</exception>
    public Block<byte> Borrow(nint pointer, long byteLength)
    {
        nint ours = CudaContext;
        using (GpuCall call = Begin())
        {
            nint theirs = CudaDriver.ContextOf(pointer);
            if (theirs != ours) throw OtherContext("pointer", pointer, theirs);
        }
        // Loads look at alignment within the buffer, so that must begin at a multiple; allocations do, at 256.
        nint before = pointer & 15;
        return Wrap(pointer - before, byteLength + before).AsBlock<byte>().Slice(before);
    }

    /// <summary>Waits until all that another stream of our context holds is done: what is called next comes behind it.</summary>
    /// <exception cref="InvalidOperationException">The stream is of another context, or its work failed.</exception>
    public void WaitFor(nint stream)
    {
        nint ours = CudaContext;
        using GpuCall call = Begin();
        // The legacy stream, 0, is that of the current context, ours.
        nint theirs = stream == 0 ? ours : CudaDriver.ContextOfStream(stream);
        if (theirs != ours) throw OtherContext("stream", stream, theirs);
        int error = CudaDriver.Wait(stream);
        if (error != 0) throw new InvalidOperationException($"Work in the stream 0x{stream:x} failed (CUDA error {error}).");
    }

    private InvalidOperationException OtherContext(string what, nint value, nint theirs) => new(
        $"{what} 0x{value:x} is of the CUDA context 0x{theirs:x}, {Title} works in 0x{CudaContext:x}. ILGPU makes a context of its own and not the primary one of the CUDA runtime (PyTorch, CuPy): allocate with ours current (ComputeDevice.CudaContext), or copy through the host.");
}
