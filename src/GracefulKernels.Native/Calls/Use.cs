using System.Runtime.CompilerServices;

namespace GracefulKernels.Native;

/// <summary>A call inside an object behind a handle.</summary>
internal readonly ref struct Use<T>(Handle handle) where T : class
{
    public T Target => Unsafe.As<T>(handle.Target);

    /// <summary>The handle of the device: the object's, or the object itself.</summary>
    public Handle Device => handle.Device ?? handle;

    public void Dispose() => handle.Exit();
}
