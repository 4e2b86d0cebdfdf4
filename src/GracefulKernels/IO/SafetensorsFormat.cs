namespace GracefulKernels;

/// <summary>Names and limits of the safetensors format: 8 bytes of header length, a JSON header, tensors without gaps, little-endian.</summary>
internal static class SafetensorsFormat
{
    /// <summary>The limit of the reference implementation.</summary>
    public const long MaximumHeader = 100_000_000;

    public const string MetadataKey = "__metadata__";

    public static string Name(ElementType type) => type switch
    {
        ElementType.Float32 => "F32",
        ElementType.Float64 => "F64",
        ElementType.Int32 => "I32",
        ElementType.Int64 => "I64",
        ElementType.UInt8 => "U8",
        _ => throw new NotSupportedException($"{type} is not written to safetensors; expected Float32, Float64, Int32, Int64 or UInt8."),
    };

    public static ElementType? TypeOf(string name) => name switch
    {
        "F32" => ElementType.Float32,
        "F64" => ElementType.Float64,
        "I32" => ElementType.Int32,
        "I64" => ElementType.Int64,
        "U8" => ElementType.UInt8,
        _ => null,
    };
}
