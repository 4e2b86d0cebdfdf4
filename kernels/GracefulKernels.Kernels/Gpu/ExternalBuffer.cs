using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GracefulKernels.Kernels;

/// <summary>
/// Device memory that someone else owns, by its address (CUDA; of the context that is current here, which is ILGPU's own and not the primary one that the CUDA runtime
/// uses: the owner must have allocated in it, or with peer access) or its <c>cl_mem</c> (OpenCL; of our context). It is never freed here.
/// </summary>
internal sealed class ExternalBuffer : MemoryBuffer
{
    public ExternalBuffer(Accelerator accelerator, nint pointer, long byteLength) : base(accelerator, byteLength, 1) => NativePtr = pointer;

    protected override void MemSet(AcceleratorStream stream, byte value, in ArrayView<byte> targetView)
    {
        if (stream is CudaStream cuda) CudaMemoryBuffer.CudaMemSet(cuda, value, targetView);
        else CLMemoryBuffer.CLMemSet((CLStream)stream, value, targetView);
    }

    protected override void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) => Copy(stream, sourceView, targetView);

    protected override void CopyTo(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) => Copy(stream, sourceView, targetView);

    protected override void DisposeAcceleratorObject(bool disposing) => NativePtr = 0;

    private static void Copy(AcceleratorStream stream, in ArrayView<byte> source, in ArrayView<byte> target)
    {
        if (stream is CudaStream cuda) CudaMemoryBuffer.CudaCopy(cuda, source, target);
        else CLMemoryBuffer.CLCopy((CLStream)stream, source, target);
    }
}
