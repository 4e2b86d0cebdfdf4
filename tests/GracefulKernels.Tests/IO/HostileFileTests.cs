namespace GracefulKernels.Tests;

/// <summary>Thousands of damaged files: each is read or refused with a declared exception, in little memory.</summary>
public sealed class HostileFileTests
{
    private const int Rounds = 4000;

    [Fact]
    public void DamagedNpyFiles()
    {
        byte[][] seeds =
        [
            NpyBytes.Make(NpyBytes.Header("<f4", "(2, 3)"), new byte[24]),
            NpyBytes.Make(NpyBytes.Header("<i8", "(4,)"), new byte[32], 2),
            NpyBytes.Make(NpyBytes.Header("|b1", "(3, 1, 1)"), new byte[3], 3),
        ];
        Check(seeds, path =>
        {
            _ = NpyFile.Read(path);
            using NpyReader reader = NpyReader.Open(path);
            Assert.True(reader.Count * (reader.Type is ElementType.Bool or ElementType.UInt8 ? 1 : 4) <= new FileInfo(path).Length);
        });
    }

    [Fact]
    public void DamagedSafetensorsFiles()
    {
        byte[][] seeds =
        [
            SafetensorsTests.Bytes("""{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[],"data_offsets":[8,16]}}  """, 16),
            SafetensorsTests.Bytes("""{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"y":{"dtype":"F64","shape":[3],"data_offsets":[0,24]}}""", 24),
        ];
        Check(seeds, path =>
        {
            using SafetensorsReader reader = SafetensorsReader.Open(path);
            foreach (SafetensorsEntry tensor in reader.Tensors)
            {
                _ = tensor.Type switch
                {
                    ElementType.Float32 => reader.Read<float>(tensor.Name).Length,
                    ElementType.Float64 => reader.Read<double>(tensor.Name).Length,
                    ElementType.Int32 => reader.Read<int>(tensor.Name).Length,
                    ElementType.Int64 => reader.Read<long>(tensor.Name).Length,
                    _ => reader.Read<byte>(tensor.Name).Length,
                };
            }
        });
    }

    private static void Check(byte[][] seeds, Action<string> read)
    {
        using TemporaryFolder folder = new();
        Random random = new(20261122);
        int refused = 0, accepted = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = Damage(seeds[random.Next(seeds.Length)], random);
            string path = folder.File("hostile", bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(path);
                accepted++;
            }
            catch (InvalidDataException e)
            {
                refused++;
                Assert.StartsWith(path, e.Message);
            }
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            // The fixed part is the exception with its trace and message, handles and strings; a length believed unchecked would be megabytes.
            Assert.True(allocated <= 200_000 + (64L * bytes.Length), $"round {round}: {allocated} bytes for a file of {bytes.Length}");
        }
        // Both ways out are taken, or the damage is too great or too small to test anything.
        Assert.True(refused > Rounds / 2 && accepted > Rounds / 100, $"{refused} refused, {accepted} accepted");
    }

    private static byte[] Damage(byte[] seed, Random random)
    {
        List<byte> bytes = [.. seed];
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(8))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 20), bytes.Count - at))); break;
                case 4: bytes.RemoveRange(at, bytes.Count - at); break;
                case 5: bytes.Insert(at, (byte)"0123456789(){}[],:'\" -LeE.\\"[random.Next(27)]); break;
                case 6: bytes.InsertRange(at, "99999999999"u8.ToArray()); break;
                default: for (int i = Math.Min(8, bytes.Count) - 1; i >= 0 && at + i < bytes.Count; i--) bytes[at + i] = 0xFF; break;
            }
            if (bytes.Count == 0) bytes.Add(0);
        }
        return [.. bytes];
    }
}
