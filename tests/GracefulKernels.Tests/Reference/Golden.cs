using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>
/// The independent fp64 answers in <c>../shared/golden</c> and the real data in <c>../shared/data</c> (or where <c>GRACEFUL_GOLDEN</c> and
/// <c>GRACEFUL_DATA</c> point). Its readers are written apart from the library's. Tests skip, and say so, where a folder is absent.
/// </summary>
internal static class Golden
{
    public static string Folder(string family)
    {
        string? root = Find("GRACEFUL_GOLDEN", "golden");
        Assert.SkipWhen(root is null, "the golden files are not here (../shared/golden, or GRACEFUL_GOLDEN)");
        return Path.Combine(root!, family);
    }

    public static string Data(string path)
    {
        string? root = Find("GRACEFUL_DATA", "data");
        Assert.SkipWhen(root is null, "the data folder is not here (../shared/data, or GRACEFUL_DATA)");
        return Path.Combine(root!, path);
    }

    public static JsonElement Manifest(string family)
        => JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder(family), "manifest.json"))).RootElement;

    /// <summary>A number, or one of the strings "NaN", "Infinity", "-Infinity".</summary>
    public static double Number(JsonElement e)
        => e.ValueKind == JsonValueKind.String ? double.Parse(e.GetString()!, CultureInfo.InvariantCulture) : e.GetDouble();

    /// <summary>The array a manifest entry <c>{"file": …}</c> names, widened to double.</summary>
    public static double[] Array(string family, JsonElement entry) => Npy(Path.Combine(Folder(family), entry.GetProperty("file").GetString()!)).Values;

    public static float[] Floats(string family, JsonElement entry) => [.. Array(family, entry).Select(v => (float)v)];

    public static int[] Ints(string family, JsonElement entry) => [.. Array(family, entry).Select(v => (int)v)];

    public static int[] Shape(string family, JsonElement entry) => Npy(Path.Combine(Folder(family), entry.GetProperty("file").GetString()!)).Shape;

    public static (double[] Values, int[] Shape) Npy(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int headerLength = BitConverter.ToUInt16(bytes, 8);
        string header = Encoding.ASCII.GetString(bytes, 10, headerLength);
        string type = Between(header, "'descr': '", "'");
        int[] shape = [.. Between(header, "'shape': (", ")").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(s => int.Parse(s, CultureInfo.InvariantCulture))];
        return (Widen(type, bytes.AsSpan(10 + headerLength)), shape);
    }

    public static Dictionary<string, (double[] Values, int[] Shape)> Safetensors(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int headerLength = (int)BitConverter.ToInt64(bytes);
        var tensors = new Dictionary<string, (double[], int[])>();
        foreach (JsonProperty p in JsonDocument.Parse(bytes.AsMemory(8, headerLength)).RootElement.EnumerateObject())
        {
            if (p.Name == "__metadata__") continue;
            int start = p.Value.GetProperty("data_offsets")[0].GetInt32(), end = p.Value.GetProperty("data_offsets")[1].GetInt32();
            string type = p.Value.GetProperty("dtype").GetString() switch { "F32" => "<f4", "F64" => "<f8", "I64" => "<i8", "I32" => "<i4", var t => t! };
            int[] shape = [.. p.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt32())];
            tensors.Add(p.Name, (Widen(type, bytes.AsSpan(8 + headerLength + start, end - start)), shape));
        }
        return tensors;
    }

    private static double[] Widen(string type, ReadOnlySpan<byte> raw) => type switch
    {
        "<f4" => [.. MemoryMarshal.Cast<byte, float>(raw).ToArray().Select(v => (double)v)],
        "<f8" => MemoryMarshal.Cast<byte, double>(raw).ToArray(),
        "<i4" => [.. MemoryMarshal.Cast<byte, int>(raw).ToArray().Select(v => (double)v)],
        "<i8" => [.. MemoryMarshal.Cast<byte, long>(raw).ToArray().Select(v => (double)v)],
        "|b1" or "|u1" => [.. raw.ToArray().Select(v => (double)v)],
        _ => throw new NotSupportedException(type),
    };

    private static string Between(string text, string before, string after)
    {
        int start = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return text[start..text.IndexOf(after, start, StringComparison.Ordinal)];
    }

    private static string? Find(string variable, string name)
    {
        string? named = Environment.GetEnvironmentVariable(variable);
        if (named is not null) return Directory.Exists(named) ? named : null;
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string here = Path.Combine(at.FullName, "shared", name);
            if (Directory.Exists(here)) return here;
        }
        return null;
    }
}
