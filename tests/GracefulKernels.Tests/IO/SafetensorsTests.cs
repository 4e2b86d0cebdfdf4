using System.Text;

namespace GracefulKernels.Tests;

public sealed class SafetensorsTests
{
    [Fact]
    public void EveryTypeIsWrittenAndReadBackWithMetadata()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.safetensors");
        new SafetensorsWriter()
            .AddMetadata("format", "graceful").AddMetadata("ключ \"q\"", "a\nb")
            .Add("w", new float[] { 1, 2, 3, 4, 5, 6 }, 2, 3)
            .Add("empty", Array.Empty<float>(), 0, 4)
            .Add("d", new[] { Math.E }, 1)
            .Add("i", new[] { 1, -2 }, 2)
            .Add("steps", new[] { 1L << 40 })
            .Add("ä/byte", new byte[] { 1, 2, 255 }, 3)
            .Save(path);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        Assert.Equal(["w", "empty", "d", "i", "steps", "ä/byte"], reader.Tensors.Select(t => t.Name));
        Assert.Equal([1f, 2, 3, 4, 5, 6], reader.Read<float>("w"));
        Assert.Equal([2L, 3L], reader.Find("w").Shape);
        Assert.Empty(reader.Read<float>("empty"));
        Assert.Equal([Math.E], reader.Read<double>("d"));
        Assert.Equal([1, -2], reader.Read<int>("i"));
        Assert.Equal([1L << 40], reader.Read<long>("steps"));
        Assert.Empty(reader.Find("steps").Shape);
        Assert.Equal([1, 2, 255], reader.Read<byte>("ä/byte"));
        Assert.Equal("a\nb", reader.Metadata["ключ \"q\""]);
        Assert.Equal(2, reader.Metadata.Count);
        float[] into = new float[6];
        reader.Read("w", into.AsSpan());
        Assert.Equal(6, into[5]);
    }

    [Fact]
    public void TheSameInputGivesTheSameBytesAligned()
    {
        using TemporaryFolder folder = new();
        for (int i = 0; i < 2; i++) new SafetensorsWriter().Add("b", new float[3], 3).Add("a", new float[2], 2).Save(folder.File($"{i}"));
        byte[] bytes = File.ReadAllBytes(folder.File("0"));
        Assert.Equal(bytes, File.ReadAllBytes(folder.File("1")));
        long header = BitConverter.ToInt64(bytes);
        Assert.Equal(0, (8 + header) % 64);
        Assert.Equal(
            """{"b":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"a":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}""",
            Encoding.UTF8.GetString(bytes, 8, (int)header).TrimEnd(' '));
    }

    [Fact]
    public void GoldenAndRealFilesAreReadAsByAnIndependentReader()
    {
        string[] paths = [.. Directory.GetFiles(Golden.Folder("linearized"), "*.safetensors").Take(4), Golden.Data("resnet-cifar10/resnet20-12fca82f.safetensors")];
        foreach (string path in paths)
        {
            Dictionary<string, (double[] Values, int[] Shape)> expected = Golden.Safetensors(path);
            using SafetensorsReader reader = SafetensorsReader.Open(path);
            Assert.Equal(expected.Count, reader.Tensors.Count);
            foreach (SafetensorsEntry tensor in reader.Tensors)
            {
                double[] actual = tensor.Type switch
                {
                    ElementType.Float32 => [.. reader.Read<float>(tensor.Name).Select(v => (double)v)],
                    ElementType.Float64 => reader.Read<double>(tensor.Name),
                    _ => [.. reader.Read<long>(tensor.Name).Select(v => (double)v)],
                };
                Assert.Equal(expected[tensor.Name].Values, actual);
                Assert.Equal(expected[tensor.Name].Shape.Select(d => (long)d), tensor.Shape);
            }
        }
    }

    public static TheoryData<string, int, string> Wrong => new()
    {
        { """{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}""", 4, "'F16' in tensor 'a'; expected F32, F64, I32, I64 or U8; convert to F32" },
        { """{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}""", 4, "convert to F32" },
        { """{"a":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]}}""", 4, "'BOOL'" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "'a' twice" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""", 4, "within the 4 bytes" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "within the 4 bytes" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", 4, "within the 4 bytes" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "overlaps" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "leaves a gap" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "found 8 bytes of data; expected 4" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "found 4 bytes for tensor 'a'; expected 8 for [2] F32" },
        { """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "does not overflow" },
        { """{"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "does not overflow" },
        { """{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}""", 0, "does not overflow" },
        { """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "not negative" },
        { """{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""", 4, "no integer" },
        { """{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}""", 4, "no integer" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "more than 2 integers" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "two data_offsets" },
        { """{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", 4, "'shape'" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", 4, "'x'" },
        { """{"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}}""", 4, "Number where String belongs" },
        { """{"a":[]}""", 0, "StartObject" },
        { """{"__metadata__":{"a":1}}""", 0, "Number where String belongs" },
        { """{"__metadata__":{"a":"1","a":"2"}}""", 0, "metadata key 'a' twice" },
        { """{"__metadata__":{},"__metadata__":{}}""", 0, "'__metadata__' twice" },
        { """{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "surrogate" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}""", 4, "not what it should be" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} {}""", 4, "not what it should be" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""", 4, "not what it should be" },
        { """/**/{}""", 0, "does not begin with '{'" },
        { """ {}""", 0, "does not begin with '{'" },
        { "", 0, "does not begin with '{'" },
        { "{}", 4, "found 4 bytes of data; expected 0" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void WrongFilesAreRefused(string header, int data, string reason)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a", Bytes(header, data));
        string message = Assert.Throws<InvalidDataException>(() => SafetensorsReader.Open(path)).Message;
        Assert.StartsWith(path + ": found", message);
        Assert.Contains(reason, message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void LengthsThatLieAreRefusedBeforeMemoryIsTaken()
    {
        using TemporaryFolder folder = new();
        byte[] good = Bytes("{}", 0);
        Assert.Empty(Open(folder.File("good", good)).Tensors);
        Assert.Contains("at most 100000000", Fault(folder.File("max", [.. BitConverter.GetBytes(ulong.MaxValue), .. good[8..]])));
        Assert.Contains("at most 100000000", Fault(folder.File("much", [.. BitConverter.GetBytes(100_000_001L), .. good[8..]])));
        Assert.Contains("inside the file", Fault(folder.File("more", [.. BitConverter.GetBytes(100_000_000L), .. good[8..]])));
        Assert.Contains("at least 8", Fault(folder.File("short", good[..7])));
        Assert.Contains("not UTF-8", Fault(folder.File("utf8", [.. BitConverter.GetBytes(3L), (byte)'{', 0xFF, (byte)'}'])));
        Assert.Contains("no bytes", Fault(folder.File("empty", [])));
        Assert.Contains("a folder", Fault(folder));
        Assert.Throws<FileNotFoundException>(() => SafetensorsReader.Open(folder.File("nothing")));

        static SafetensorsReader Open(string path)
        {
            using SafetensorsReader reader = SafetensorsReader.Open(path);
            return reader;
        }

        static string Fault(string path) => Assert.Throws<InvalidDataException>(() => SafetensorsReader.Open(path)).Message;
    }

    [Fact]
    public void NamesAndTypesThatAreNotThereAreNamed()
    {
        using TemporaryFolder folder = new();
        new SafetensorsWriter().Add("conv.weight", new float[2], 2).Save(folder.File("a"));
        using SafetensorsReader reader = SafetensorsReader.Open(folder.File("a"));
        Assert.Contains("found no tensor 'fc'; expected one of 'conv.weight'", Assert.Throws<InvalidDataException>(() => reader.Read<float>("fc")).Message);
        Assert.Contains("found float32 in tensor 'conv.weight'; expected float64", Assert.Throws<InvalidDataException>(() => reader.Read<double>("conv.weight")).Message);
        ArgumentException e = Assert.Throws<ArgumentException>(() => reader.Read("conv.weight", new float[3].AsSpan()));
        Assert.Contains("destination has 3 elements; expected 2 ('conv.weight' is [2]).", e.Message);
        Assert.False(reader.TryFind("fc", out _));
    }

    [Fact]
    public void TheWriterRefusesWhatTheReaderWould()
    {
        SafetensorsWriter writer = new SafetensorsWriter().Add("a", new float[2], 2).AddMetadata("k", "v");
        Assert.Equal("name", Assert.Throws<ArgumentException>(() => writer.Add("a", new float[2], 2)).ParamName);
        Assert.Equal("name", Assert.Throws<ArgumentException>(() => writer.Add("__metadata__", new float[2], 2)).ParamName);
        Assert.Equal("shape", Assert.Throws<ArgumentException>(() => writer.Add("b", new float[2], 3)).ParamName);
        Assert.Equal("key", Assert.Throws<ArgumentException>(() => writer.AddMetadata("k", "w")).ParamName);
        using TemporaryFolder folder = new();
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => writer.Save(folder.File("a"), source.Token));
        Assert.Empty(folder.Names());
    }

    internal static byte[] Bytes(string header, int data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)text.Length), .. text, .. new byte[data]];
    }
}
