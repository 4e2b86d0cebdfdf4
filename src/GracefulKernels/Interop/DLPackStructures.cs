using System.Runtime.InteropServices;

namespace GracefulKernels;

// The structures of dlpack.h (DLPack 1.x), field by field.

/// <summary><c>DLDevice</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DLDevice
{
    public int Type;
    public int Id;
}

/// <summary><c>DLDataType</c>: code, bits of a lane, lanes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DLDataType
{
    public byte Code;
    public byte Bits;
    public ushort Lanes;
}

/// <summary><c>DLTensor</c>: the element [i, j, …] lies at <c>data + byte_offset + (i·strides[0] + j·strides[1] + …)·size</c>; strides NULL means row-major without gaps.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DLTensor
{
    public void* Data;
    public DLDevice Device;
    public int Dimensions;
    public DLDataType Type;
    public long* Shape;
    public long* Strides;
    public ulong ByteOffset;
}

/// <summary><c>DLManagedTensor</c>, of DLPack before 1.0: capsules named <c>dltensor</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DLManagedTensor
{
    public DLTensor Tensor;
    public void* Context;
    public delegate* unmanaged<DLManagedTensor*, void> Deleter;
}

/// <summary><c>DLManagedTensorVersioned</c>, of DLPack 1.x: capsules named <c>dltensor_versioned</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DLManagedTensorVersioned
{
    public const uint Major = 1, Minor = 1;

    public const ulong ReadOnly = 1;

    public uint VersionMajor;
    public uint VersionMinor;
    public void* Context;
    public delegate* unmanaged<DLManagedTensorVersioned*, void> Deleter;
    public ulong Flags;
    public DLTensor Tensor;
}
