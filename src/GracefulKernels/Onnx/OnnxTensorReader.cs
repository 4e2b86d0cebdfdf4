using System.Runtime.InteropServices;

namespace GracefulKernels.Onnx;

/// <summary>
/// Constants out of their messages. The product of the dimensions is compared with the bytes that are there before anything is made. What graphs may
/// make of it in all is bounded too (<see cref="Charge"/>): a few bytes of nodes can ask for copies of the same large constant for ever.
/// </summary>
internal sealed class OnnxTensorReader(string path, long fileLength)
{
    private long _budget = (1 << 20) + (16 * fileLength);

    /// <summary>Takes from what a file of this size may cost.</summary>
    public bool Charge(long elements)
    {
        if (elements > _budget / sizeof(float)) return false;
        _budget -= elements * sizeof(float);
        return true;
    }

    public OnnxTensor Read(TensorProto t, string what)
    {
        if (t.DataLocation == TensorProto.Types.DataLocation.External || t.ExternalData.Count > 0)
        {
            throw Fail($"{what} keeps its values in another file; save the model with its weights inside (save_as_external_data=False)");
        }
        long[] shape = [.. t.Dims];
        if (shape.Length > ArrayShape.MaximumRank) throw Fail($"{what} has {shape.Length} dimensions; expected at most {ArrayShape.MaximumRank}");
        if (!ArrayShape.TryCount(shape, out long count) || shape.Any(d => d > int.MaxValue))
        {
            throw Fail($"{what} is {ArrayShape.Print(shape)}; expected dimensions that are not negative and whose product does not overflow");
        }
        var type = (TensorProto.Types.DataType)t.DataType;
        (int size, int listed) = type switch
        {
            TensorProto.Types.DataType.Float => (4, t.FloatData.Count),
            TensorProto.Types.DataType.Int32 => (4, t.Int32Data.Count),
            TensorProto.Types.DataType.Bool => (1, t.Int32Data.Count),
            TensorProto.Types.DataType.Int64 => (8, t.Int64Data.Count),
            _ => throw Fail($"{what} holds {(Enum.IsDefined(type) ? type.ToString() : $"type {t.DataType}")}; expected Float, Int32, Int64 or Bool: convert the model to float32"),
        };
        long here = t.HasRawData ? t.RawData.Length : (long)listed * size;
        if (here != count * size || (t.HasRawData && listed > 0))
        {
            throw Fail($"{what} has {here} bytes of values; expected {count} × {size} for {ArrayShape.Print(shape)}");
        }
        if (!Charge(count)) throw Fail($"{what} is more than a file of {fileLength} bytes may ask for");
        int[] dims = [.. shape.Select(d => (int)d)];
        string? name = t.Name.Length > 0 ? t.Name : null;
        ReadOnlySpan<byte> raw = t.HasRawData ? t.RawData.Span : default;
        return type switch
        {
            TensorProto.Types.DataType.Float => new OnnxTensor(dims, t.HasRawData ? MemoryMarshal.Cast<byte, float>(raw).ToArray() : [.. t.FloatData], name),
            TensorProto.Types.DataType.Int64 => Whole(dims, t.HasRawData ? MemoryMarshal.Cast<byte, long>(raw).ToArray() : [.. t.Int64Data], name),
            TensorProto.Types.DataType.Int32 => Whole(dims, [.. (t.HasRawData ? MemoryMarshal.Cast<byte, int>(raw).ToArray() : [.. t.Int32Data]).Select(v => (long)v)], name),
            _ => Whole(dims, [.. (t.HasRawData ? [.. raw.ToArray().Select(v => (int)v)] : t.Int32Data.AsEnumerable()).Select(v => v != 0 ? 1L : 0L)], name),
        };
    }

    private static OnnxTensor Whole(int[] dims, long[] values, string? name) => new(dims, Array.ConvertAll(values, v => new OnnxInteger(v, false)), name);

    private InvalidDataException Fail(string what) => new($"{path}: {what}.");
}
