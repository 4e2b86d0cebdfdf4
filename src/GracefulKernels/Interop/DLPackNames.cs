namespace GracefulKernels;

/// <summary>What the numbers of dlpack.h mean, for messages and for the element types that are known here.</summary>
internal static class DLPackNames
{
    public const int Cpu = 1, Cuda = 2, CudaHost = 3;

    private static readonly string[] Devices =
    [
        "", "cpu", "cuda", "cuda_host", "opencl", "", "", "vulkan", "metal", "vpi", "rocm", "rocm_host", "ext_dev", "cuda_managed", "oneapi", "webgpu", "hexagon", "maia",
    ];

    private static readonly string[] Codes = ["int", "uint", "float", "opaque", "bfloat", "complex", "bool"];

    public static string Device(int type) => type > 0 && type < Devices.Length && Devices[type].Length > 0 ? Devices[type] : $"device type {type}";

    public static string Type(DLDataType type)
    {
        string name = type.Code < Codes.Length ? Codes[type.Code] : $"type code {type.Code} of ";
        return type.Lanes == 1 ? $"{name}{type.Bits}" : $"{name}{type.Bits}x{type.Lanes}";
    }

    /// <summary>The element type, or null where it is none of those that kernels and loaders take.</summary>
    public static ElementType? Element(DLDataType type) => (type.Code, type.Bits, type.Lanes) switch
    {
        (2, 32, 1) => ElementType.Float32,
        (2, 64, 1) => ElementType.Float64,
        (0, 32, 1) => ElementType.Int32,
        (0, 64, 1) => ElementType.Int64,
        (1, 8, 1) => ElementType.UInt8,
        (6, 8, 1) => ElementType.Bool,
        _ => null,
    };

    public static DLDataType Of(ElementType type) => type switch
    {
        ElementType.Float32 => new DLDataType { Code = 2, Bits = 32, Lanes = 1 },
        ElementType.Float64 => new DLDataType { Code = 2, Bits = 64, Lanes = 1 },
        ElementType.Int32 => new DLDataType { Code = 0, Bits = 32, Lanes = 1 },
        ElementType.Int64 => new DLDataType { Code = 0, Bits = 64, Lanes = 1 },
        ElementType.UInt8 => new DLDataType { Code = 1, Bits = 8, Lanes = 1 },
        ElementType.Bool => new DLDataType { Code = 6, Bits = 8, Lanes = 1 },
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
