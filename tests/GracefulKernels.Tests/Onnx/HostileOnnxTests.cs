using Google.Protobuf;
using GracefulKernels.Onnx;

namespace GracefulKernels.Tests;

/// <summary>Thousands of damaged models: each loads or is refused with the declared exception, in little memory.</summary>
public sealed class HostileOnnxTests
{
    private const int Rounds = 2000;

    [Fact]
    public void DamagedBytes()
    {
        byte[][] seeds = [.. Seeds().Select(m => m.ToByteArray())];
        Check(random => Damage(seeds[random.Next(seeds.Length)], random), 20261123, Rounds);
    }

    [Fact]
    public void DamagedGraphs()
    {
        ModelProto[] seeds = [.. Seeds()];
        // Whole in protobuf, so that it is the graph that is read.
        Check(random => Damage(seeds[random.Next(seeds.Length)].Clone(), random).ToByteArray(), 20261124, Rounds);
    }

    [Fact]
    public void DamagedExports()
    {
        byte[][] small = [.. new[] { "kfac/cnn.onnx", "kfac/mlp.onnx", "lqf/tiny_cnn.onnx", "lqf/linear_head.onnx" }.Select(Read)];
        Check(random => Damage(small[random.Next(small.Length)], random), 20261125, Rounds);
        // Their constants are long and their graphs short: only what is no constant is worth damage.
        ModelProto[] large = [.. new[] { "onnx/lenet_view.onnx", "onnx/resnet20_default.onnx" }.Select(f => ModelProto.Parser.ParseFrom(Read(f)))];
        Check(random => Damage(large[random.Next(large.Length)].Clone(), random).ToByteArray(), 20261126, 60);
    }

    [Fact]
    public void EveryTruncation()
    {
        byte[] whole = Seeds().First().ToByteArray();
        using TemporaryFolder folder = new();
        int refused = 0;
        for (int length = 0; length < whole.Length; length += 1 + (whole.Length / 800))
        {
            refused += Load(folder.File("short", whole[..length]), length) ? 0 : 1;
        }
        Assert.True(refused > 700, $"{refused} refused");
    }

    /// <summary>Small models of every layer, among them a chain of constants as exporters leave them.</summary>
    private static IEnumerable<ModelProto> Seeds()
    {
        yield return OnnxModels.ShapeChain();
        foreach (string name in (string[])["residual", "kept", "pools", "vector", "diamond"]) yield return OnnxExporter.Export(RandomNetworks.Get(name, 1));
    }

    private static byte[] Read(string file)
    {
        string[] parts = file.Split('/');
        return File.ReadAllBytes(Path.Combine(Golden.Folder(parts[0]), parts[1]));
    }

    private static void Check(Func<Random, byte[]> make, int seed, int rounds)
    {
        using TemporaryFolder folder = new();
        Random random = new(seed);
        int refused = 0;
        for (int round = 0; round < rounds; round++)
        {
            byte[] bytes = make(random);
            if (!Load(folder.File("hostile.onnx", bytes), bytes.Length)) refused++;
        }
        // Both ways out are taken, or the damage is too great or too small to test anything.
        Assert.True(refused > rounds / 4 && refused < rounds - (rounds / 100), $"{refused} of {rounds} refused");
    }

    private static bool Load(string path, int length)
    {
        bool loaded = false;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            _ = Network.Load(path);
            loaded = true;
        }
        catch (InvalidDataException e)
        {
            Assert.StartsWith(path, e.Message);
            Assert.True(e.Message.Length < 2000, e.Message);
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        // The reader's own bound (1 MB + 16 × the file) with what carries it: the bytes twice, constants beside their messages, weights twice in memory's order.
        Assert.True(allocated <= 4_000_000 + (60L * length), $"{allocated} bytes for a file of {length}");
        return loaded;
    }

    private static byte[] Damage(byte[] seed, Random random)
    {
        List<byte> bytes = [.. seed];
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at))); break;
                case 4: bytes.RemoveRange(at, bytes.Count - at); break;
                // A length or number of nine bytes.
                case 5: bytes.InsertRange(at, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]); break;
                default: bytes[at] = 0; break;
            }
            if (bytes.Count == 0) bytes.Add(0);
        }
        return [.. bytes];
    }

    private static ModelProto Damage(ModelProto model, Random random)
    {
        GraphProto g = model.Graph;
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            NodeProto node = g.Node[random.Next(g.Node.Count)];
            AttributeProto? attribute = node.Attribute.Count > 0 ? node.Attribute[random.Next(node.Attribute.Count)] : null;
            TensorProto tensor = g.Initializer.Count > 0 ? g.Initializer[random.Next(g.Initializer.Count)] : new TensorProto();
            switch (random.Next(14))
            {
                case 0: node.OpType = g.Node[random.Next(g.Node.Count)].OpType; break;
                case 1 when node.Input.Count > 0: node.Input[random.Next(node.Input.Count)] = Anything(g, random); break;
                case 2 when node.Input.Count > 0: node.Input.RemoveAt(random.Next(node.Input.Count)); break;
                case 3: node.Input.Add(Anything(g, random)); break;
                case 4: g.Node.Insert(random.Next(g.Node.Count), node.Clone()); break;
                case 5: g.Node.Remove(node); break;
                case 6 when attribute is { Ints.Count: > 0 }: attribute.Ints[random.Next(attribute.Ints.Count)] = Extreme(random); break;
                case 7 when attribute is { HasI: true }: attribute.I = Extreme(random); break;
                case 8 when attribute is not null: node.Attribute.Remove(attribute); break;
                case 9 when tensor.Dims.Count > 0: tensor.Dims[random.Next(tensor.Dims.Count)] = Extreme(random); break;
                case 10 when tensor.RawData.Length >= 8:
                    byte[] raw = tensor.RawData.ToByteArray();
                    BitConverter.TryWriteBytes(raw.AsSpan(random.Next(raw.Length / 8) * 8), Extreme(random));
                    tensor.RawData = ByteString.CopyFrom(raw);
                    break;
                case 11: tensor.DataType = random.Next(20); break;
                case 12: g.Input[0].Type.TensorType.Shape.Dim[random.Next(g.Input[0].Type.TensorType.Shape.Dim.Count)].DimValue = Extreme(random); break;
                default: node.Output[0] = Anything(g, random); break;
            }
            if (g.Node.Count == 0) g.Node.Add(node);
        }
        return model;
    }

    private static string Anything(GraphProto g, Random random)
    {
        string[] names = [g.Input[0].Name, g.Output[0].Name, "", .. g.Initializer.Select(t => t.Name), .. g.Node.SelectMany(n => n.Output)];
        return names[random.Next(names.Length)];
    }

    private static long Extreme(Random random)
    {
        long[] values = [0, 1, 2, 3, 7, -1, -2, int.MaxValue, int.MaxValue - 1L, int.MinValue, 1L << 31, 1L << 32, 65536, long.MaxValue, long.MinValue, long.MinValue + 1];
        return values[random.Next(values.Length)];
    }
}
