using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace GracefulKernels.Kernels;

/// <summary>Four floats that are loaded and stored as one access of 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Float4
{
    public float X, Y, Z, W;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Float4(float x, float y, float z, float w) => (X, Y, Z, W) = (x, y, z, w);

    /// <summary>Whether a view begins at a multiple of 16 bytes in its buffer (buffers themselves do): what these loads need. The empty view does.</summary>
    public static bool Fits<T>(ArrayView<T> view) where T : unmanaged
        => view.Length == 0 || ((view.LoadEffectiveAddressAsPtr() - ((IArrayView)view).Buffer.NativePtr) & 15) == 0;
}
