using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public DeviceMemory Allocate(long byteLength) => new HostMemory(byteLength);

    public void Upload<T>(ReadOnlySpan<T> source, Block<T> destination) where T : unmanaged
    {
        Debug.Assert(source.Length == destination.Length);
        source.CopyTo(new Span<T>(destination.Pointer, source.Length));
    }

    public void Download<T>(Block<T> source, Span<T> destination) where T : unmanaged
    {
        Debug.Assert(source.Length == destination.Length);
        new ReadOnlySpan<T>(source.Pointer, destination.Length).CopyTo(destination);
    }

    public void Copy<T>(Block<T> source, Block<T> destination) where T : unmanaged
    {
        Debug.Assert(source.Length == destination.Length);
        NativeMemory.Copy(source.Pointer, destination.Pointer, (nuint)(source.Length * sizeof(T)));
    }

    public void Zero<T>(Block<T> destination) where T : unmanaged
        => NativeMemory.Clear(destination.Pointer, (nuint)(destination.Length * sizeof(T)));
}
