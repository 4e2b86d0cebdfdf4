using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

/// <summary>Four floats that are loaded and stored as one access of 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Float4
{
    public float X, Y, Z, W;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Float4(float x, float y, float z, float w) => (X, Y, Z, W) = (x, y, z, w);
}
