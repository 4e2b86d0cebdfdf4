using System.Buffers.Binary;
using System.Text;

namespace GracefulKernels;

/// <summary>What stands before the elements of a .npy file (format versions 1.0, 2.0 and 3.0), read strictly and written canonically.</summary>
internal sealed class NpyHeader
{
    /// <summary>NumPy itself refuses headers above 10,000 bytes unless told otherwise; this leaves room and still bounds memory.</summary>
    private const int MaximumLength = 1 << 20;

    private const int Alignment = 64;

    private NpyHeader(ElementType type, long[] shape, long count, long dataOffset)
    {
        Type = type;
        Shape = shape;
        Count = count;
        DataOffset = dataOffset;
    }

    public ElementType Type { get; }

    public long[] Shape { get; }

    public long Count { get; }

    public long DataOffset { get; }

    /// <summary>Reads and checks the header; when it returns, the elements fill the rest of the file exactly.</summary>
    public static NpyHeader Read(InputFile file)
    {
        Span<byte> start = stackalloc byte[12];
        start = start[..(int)Math.Min(start.Length, file.Length)];
        file.Read(0, start);
        if (start.Length < 10) throw file.Invalid($"{file.Length} bytes", "a .npy file, which has at least 10");
        if (start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
        {
            throw file.Invalid($"the first bytes {Convert.ToHexString(start[..6])}", "934E554D5059 (\\x93NUMPY), the mark of a .npy file");
        }
        (byte major, byte minor) = (start[6], start[7]);
        if (major is not (1 or 2 or 3) || minor != 0) throw file.Invalid($".npy version {major}.{minor}", "1.0, 2.0 or 3.0");
        if (major > 1 && start.Length < 12) throw file.Invalid($"{file.Length} bytes", $"a .npy file of version {major}.0, which has at least 12");
        long length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        int prefix = major == 1 ? 10 : 12;
        if (prefix + length > file.Length) throw file.Invalid($"a header of {length} bytes in a file of {file.Length}", "a header inside the file");
        if (length > MaximumLength) throw file.Invalid($"a header of {length} bytes", $"at most {MaximumLength}");
        byte[] text = new byte[length];
        file.Read(prefix, text);
        (string descr, bool fortran, long[] shape) = Parse(file, text);
        ElementType type = TypeOf(file, descr);
        if (fortran)
        {
            throw file.Invalid("Fortran order", "C order; save it again with numpy.save(path, numpy.ascontiguousarray(a))");
        }
        return Sized(file, type, shape, prefix + length);
    }

    /// <summary>Version 1.0, padded so that the elements begin at a multiple of 64 bytes.</summary>
    public static byte[] Write(ElementType type, ReadOnlySpan<long> shape)
    {
        string tuple = shape.Length == 1 ? $"({shape[0]},)" : $"({string.Join(", ", shape.ToArray())})";
        string dict = $"{{'descr': '{Descr(type)}', 'fortran_order': False, 'shape': {tuple}, }}";
        int total = (10 + dict.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] bytes = new byte[total];
        bytes.AsSpan().Fill((byte)' ');
        bytes[0] = 0x93;
        "NUMPY"u8.CopyTo(bytes.AsSpan(1));
        (bytes[6], bytes[7]) = (1, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(total - 10));
        Encoding.ASCII.GetBytes(dict, bytes.AsSpan(10));
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    private static NpyHeader Sized(InputFile file, ElementType type, long[] shape, long dataOffset)
    {
        string printed = ArrayShape.Print(shape);
        foreach (long dimension in shape)
        {
            if (dimension < 0) throw file.Invalid($"shape {printed}", "no negative dimension");
        }
        if (!ArrayShape.TryCount(shape, out long count) || count > long.MaxValue / type.Size())
        {
            throw file.Invalid($"shape {printed}, whose size overflows 63 bits", $"a size that fits the file's {file.Length} bytes");
        }
        long expected = count * type.Size(), found = file.Length - dataOffset;
        if (found != expected)
        {
            string fault = found < expected ? "the file is truncated" : "bytes trail behind the array";
            throw file.Invalid($"{found} bytes of elements ({fault})", $"{expected} for {printed} {type.Word()}");
        }
        return new NpyHeader(type, shape, count, dataOffset);
    }

    private static (string Descr, bool Fortran, long[] Shape) Parse(InputFile file, byte[] text)
    {
        string? descr = null;
        bool? fortran = null;
        long[]? shape = null;
        PythonLiteral literal = new(text);
        try
        {
            literal.Take('{');
            while (!literal.TryTake('}'))
            {
                string key = literal.TakeString();
                literal.Take(':');
                switch (key)
                {
                    case "descr" when descr is null: descr = literal.Next('[') ? "structured" : literal.TakeString(); break;
                    case "fortran_order" when fortran is null: fortran = literal.TakeBoolean(); break;
                    case "shape" when shape is null: shape = TakeTuple(ref literal); break;
                    case "descr" or "fortran_order" or "shape": throw new FormatException($"the key '{key}' twice");
                    default: throw new FormatException($"the key '{key}'");
                }
                if (descr == "structured") return (descr, false, []);
                if (!literal.TryTake(','))
                {
                    literal.Take('}');
                    break;
                }
            }
            literal.SkipSpace();
            if (!literal.AtEnd) throw new FormatException($"{literal.Here()} behind the dict");
        }
        catch (FormatException e)
        {
            throw file.Invalid(e.Message, "a header like {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }", e);
        }
        if (descr is null || fortran is null || shape is null)
        {
            string missing = descr is null ? "descr" : fortran is null ? "fortran_order" : "shape";
            throw file.Invalid($"a header without '{missing}'", "the keys 'descr', 'fortran_order' and 'shape'");
        }
        return (descr, fortran.Value, shape);
    }

    private static long[] TakeTuple(ref PythonLiteral literal)
    {
        literal.Take('(');
        List<long> shape = [];
        while (!literal.TryTake(')'))
        {
            if (shape.Count == ArrayShape.MaximumRank) throw new FormatException($"a shape of more than {ArrayShape.MaximumRank} dimensions");
            shape.Add(literal.TakeInteger());
            if (literal.TryTake(',')) continue;
            // (5) is a number in Python, only (5,) is a tuple.
            if (shape.Count == 1 && literal.Next(')')) throw new FormatException("a shape that is a number");
            literal.Take(')');
            break;
        }
        return [.. shape];
    }

    private static string Descr(ElementType type) => type switch
    {
        ElementType.Float32 => "<f4",
        ElementType.Float64 => "<f8",
        ElementType.Int32 => "<i4",
        ElementType.Int64 => "<i8",
        ElementType.UInt8 => "|u1",
        ElementType.Bool => "|b1",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static ElementType TypeOf(InputFile file, string descr)
    {
        switch (descr)
        {
            case "<f4": return ElementType.Float32;
            case "<f8": return ElementType.Float64;
            case "<i4": return ElementType.Int32;
            case "<i8": return ElementType.Int64;
            case "|u1" or "<u1": return ElementType.UInt8;
            case "|b1" or "<b1" or "|?" or "?": return ElementType.Bool;
        }
        string name = descr.Length < 2 ? "an unknown type" : descr == "structured" ? "structured" : (descr[0], descr[1]) switch
        {
            ('>', _) => "big-endian",
            (_, 'f') when descr[2..] == "2" => "fp16",
            (_, 'c') => "complex",
            (_, 'O') => "Python objects",
            (_, 'V') => "raw records",
            (_, 'S' or 'a' or 'U') => "text",
            (_, 'M' or 'm') => "dates",
            _ => "another width",
        };
        string remedy = name switch
        {
            "big-endian" => "convert it with a.astype(a.dtype.newbyteorder('<'))",
            "fp16" => "convert it with a.astype(numpy.float32)",
            "structured" or "raw records" => "save one field at a time",
            _ => "convert it with a.astype(numpy.float32) or a.astype(numpy.int64)",
        };
        string shown = descr == "structured" ? "a structured dtype" : $"dtype '{descr}' ({name})";
        throw file.Invalid(shown, $"<f4, <f8, <i4, <i8, |u1 or |b1; {remedy}");
    }
}
