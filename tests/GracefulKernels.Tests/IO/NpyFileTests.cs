namespace GracefulKernels.Tests;

public sealed class NpyFileTests
{
    [Fact]
    public void EveryTypeIsWrittenAndReadBack()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("f4"), [1.5f, float.NaN, -0f, float.PositiveInfinity, 5, 6], 2, 3);
        NpyFile.Write(folder.File("f8"), [Math.PI, double.Epsilon], 2, 1);
        NpyFile.Write(folder.File("i4"), [int.MinValue, 7], 2);
        NpyFile.Write(folder.File("i8"), new long[] { long.MaxValue });
        NpyArray<float> f4 = NpyFile.Read<float>(folder.File("f4"));
        Assert.Equal([1.5f, float.NaN, -0f, float.PositiveInfinity, 5, 6], f4.Values);
        Assert.Equal([2L, 3L], f4.Shape);
        Assert.Equal([Math.PI, double.Epsilon], ((NpyArray<double>)NpyFile.Read(folder.File("f8"))).Values);
        Assert.Equal([int.MinValue, 7], ((NpyArray<int>)NpyFile.Read(folder.File("i4"))).Values);
        NpyArray i8 = NpyFile.Read(folder.File("i8"));
        Assert.Equal(ElementType.Int64, i8.Type);
        Assert.Empty(i8.Shape);
        Assert.Equal([long.MaxValue], ((NpyArray<long>)i8).Values);
    }

    [Fact]
    public void TheBytesAreThoseThatNumpyWrites()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("a.npy"), [1f, 2f, 3f], 3);
        byte[] bytes = File.ReadAllBytes(folder.File("a.npy"));
        string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
        Assert.Equal(NpyBytes.Make(dict.PadRight(117) + "\n", NpyBytes.Floats(1, 2, 3)), bytes);
        Assert.Equal(128 + 12, bytes.Length);
    }

    [Theory]
    [InlineData((byte)1)]
    [InlineData((byte)2)]
    [InlineData((byte)3)]
    public void VersionsAndSpellingsOfTheHeaderAreRead(byte major)
    {
        using TemporaryFolder folder = new();
        string[] headers =
        [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n",
            "{'shape':(1,2),'fortran_order':False,'descr':'<f4'}",
            "  { \"descr\" : \"<f4\" , \"fortran_order\" : False , \"shape\" : ( 1L , 2L , ) }   \n",
        ];
        foreach (string header in headers)
        {
            NpyArray<float> array = NpyFile.Read<float>(folder.File("a.npy", NpyBytes.Make(header, NpyBytes.Floats(3, 4), major)));
            Assert.Equal([3f, 4f], array.Values);
            Assert.Equal([1L, 2L], array.Shape);
        }
    }

    [Fact]
    public void EmptyArraysAndSingleNumbersAreRead()
    {
        using TemporaryFolder folder = new();
        Assert.Empty(NpyFile.Read<float>(folder.File("e", NpyBytes.Make(NpyBytes.Header("<f4", "(0, 5)"), []))).Values);
        Assert.Equal([9f], NpyFile.Read<float>(folder.File("s", NpyBytes.Make(NpyBytes.Header("<f4", "()"), NpyBytes.Floats(9)))).Values);
        Assert.Equal([true, false], NpyFile.Read<bool>(folder.File("b", NpyBytes.Make(NpyBytes.Header("|b1", "(2,)"), [1, 0]))).Values);
        Assert.Equal([200, 3], NpyFile.Read<byte>(folder.File("u", NpyBytes.Make(NpyBytes.Header("|u1", "(2,)"), [200, 3]))).Values);
    }

    public static TheoryData<string, string, string> Refused => new()
    {
        { "<f2", "(fp16)", "a.astype(numpy.float32)" },
        { ">f4", "(big-endian)", "newbyteorder('<')" },
        { ">i8", "(big-endian)", "newbyteorder('<')" },
        { "<c8", "(complex)", "<f4, <f8, <i4, <i8, |u1 or |b1" },
        { "|O", "(Python objects)", "expected" },
        { "<U5", "(text)", "expected" },
        { "|S5", "(text)", "expected" },
        { "|V8", "(raw records)", "save one field at a time" },
        { "<M8[ns]", "(dates)", "expected" },
        { "<i2", "(another width)", "a.astype(numpy.float32) or a.astype(numpy.int64)" },
        { "<f16", "(another width)", "expected" },
        { "", "(an unknown type)", "expected" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void OtherTypesAreRefusedByName(string descr, string name, string remedy)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.npy", NpyBytes.Make(NpyBytes.Header(descr, "(1,)"), new byte[8]));
        string message = Assert.Throws<InvalidDataException>(() => NpyFile.Read(path)).Message;
        Assert.StartsWith(path + ": found", message);
        Assert.Contains($"'{descr}'", message);
        Assert.Contains(name, message);
        Assert.Contains(remedy, message);
    }

    public static TheoryData<string, string> Headers => new()
    {
        { NpyBytes.Header("<f4", "(1,)", "True"), "Fortran order" },
        { "{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (1,), }", "a structured dtype" },
        { NpyBytes.Header("<f4", "(2,)"), "the file is truncated" },
        { NpyBytes.Header("<u1", "(3,)"), "bytes trail behind the array" },
        { NpyBytes.Header("<f4", "(-1,)"), "no negative dimension" },
        { NpyBytes.Header("<f4", "(4294967296, 4294967296)"), "overflows" },
        { NpyBytes.Header("<f8", "(2305843009213693951,)"), "overflows" },
        { NpyBytes.Header("<f4", "(0, 4294967296, 4294967296)"), "overflows" },
        { NpyBytes.Header("<f4", "(4000000000000,)"), "the file is truncated" },
        { NpyBytes.Header("<f4", "(99999999999999999999,)"), "more than 64 bits" },
        { NpyBytes.Header("<f4", "(1)"), "a shape that is a number" },
        { NpyBytes.Header("<f4", "1"), "where '(' belongs" },
        { NpyBytes.Header("<f4", "(1.0,)"), "'.'" },
        { NpyBytes.Header("<f4", "(" + string.Concat(Enumerable.Repeat("1,", 33)) + ")"), "more than 32 dimensions" },
        { "{'descr': '<f4', 'fortran_order': False, }", "without 'shape'" },
        { "{'descr': '<f4', 'shape': (1,)}", "without 'fortran_order'" },
        { "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "'descr' twice" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", "the key 'more'" },
        { "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "True or False" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + {}", "behind the dict" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", "the end of the header" },
        { "{'descr': '<f4", "a string without its end" },
        { "__import__('os').system('true')", "where '{' belongs" },
        { "", "the end of the header" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void WrongHeadersAreRefused(string header, string reason)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.npy", NpyBytes.Make(header, NpyBytes.Floats(1)));
        string message = Assert.Throws<InvalidDataException>(() => NpyFile.Read(path)).Message;
        Assert.StartsWith(path + ": found", message);
        Assert.Contains("expected", message);
        Assert.Contains(reason, message);
    }

    [Fact]
    public void WhatIsNoNpyFileIsRefused()
    {
        using TemporaryFolder folder = new();
        byte[] good = NpyBytes.Make(NpyBytes.Header("<f4", "(1,)"), NpyBytes.Floats(1));
        Assert.Contains("found no bytes", Fault(folder.File("empty", [])));
        Assert.Contains("found 5 bytes", Fault(folder.File("short", good[..5])));
        Assert.Contains("the mark of a .npy file", Fault(folder.File("zip", [.. "PK\u0003\u0004 and so on"u8])));
        Assert.Contains("version 4.0", Fault(folder.File("version", NpyBytes.Make(NpyBytes.Header("<f4", "(1,)"), NpyBytes.Floats(1), 4))));
        Assert.Contains("version 1.1", Fault(folder.File("minor", NpyBytes.Make(NpyBytes.Header("<f4", "(1,)"), NpyBytes.Floats(1), 1, 1))));
        Assert.Contains("a header inside the file", Fault(folder.File("lies", NpyBytes.Make("{}", [], headerLength: 60_000))));
        Assert.Contains("a header inside the file", Fault(folder.File("lies2", NpyBytes.Make("{}", [], 2, headerLength: uint.MaxValue))));
        Assert.Contains("at most 1048576", Fault(folder.File("wide", NpyBytes.Make(new string(' ', 1 << 21), [], 3))));
        Assert.Contains("found a folder", Fault(folder));
        FileNotFoundException missing = Assert.Throws<FileNotFoundException>(() => NpyFile.Read(folder.File("nothing.npy")));
        Assert.Contains("there is no such file", missing.Message);
        Assert.Contains("found no bytes (or a pipe or device)", Fault("/dev/null"));

        static string Fault(string path) => Assert.Throws<InvalidDataException>(() => NpyFile.Read(path)).Message;
    }

    [Fact]
    public void ExactConversionsAreMadeAndLossyOnesRefusedByName()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("i8"), [1L, -(1L << 24), long.MinValue], 3);
        Assert.Equal([1f, -16777216f, -9223372036854775808f], NpyFile.ReadFloats(folder.File("i8")).Values);
        NpyFile.Write(folder.File("f8"), [0.5, double.NaN, double.NegativeInfinity], 3);
        Assert.Equal([0.5f, float.NaN, float.NegativeInfinity], NpyFile.ReadFloats(folder.File("f8")).Values);
        NpyFile.Write(folder.File("labels"), [3L, -100L], 2);
        Assert.Equal([3, -100], NpyFile.ReadLabels(folder.File("labels")).Values);
        Assert.Equal([1, 0], NpyFile.ReadLabels(folder.File("b", NpyBytes.Make(NpyBytes.Header("|b1", "(2,)"), [1, 0]))).Values);

        NpyFile.Write(folder.File("lossy8"), [1.0, 0.1], 2);
        Assert.Contains("found 0.1 as element 1; expected a value that float32 has exactly", Fault(() => NpyFile.ReadFloats(folder.File("lossy8"))));
        NpyFile.Write(folder.File("huge"), [1.0, 1e300], 2);
        Assert.Contains("element 1", Fault(() => NpyFile.ReadFloats(folder.File("huge"))));
        NpyFile.Write(folder.File("lossy4"), [1, 16777217], 2);
        Assert.Contains("found 16777217 as element 1", Fault(() => NpyFile.ReadFloats(folder.File("lossy4"))));
        NpyFile.Write(folder.File("max"), [long.MaxValue], 1);
        Assert.Contains("found 9223372036854775807 as element 0", Fault(() => NpyFile.ReadFloats(folder.File("max"))));
        Assert.Contains("int32 has exactly", Fault(() => NpyFile.ReadLabels(folder.File("max"))));
        Assert.Contains("found float64 elements; expected integers", Fault(() => NpyFile.ReadLabels(folder.File("f8"))));
        Assert.Contains("found float64 elements; expected float32", Fault(() => NpyFile.Read<float>(folder.File("f8"))));
        Assert.Contains("the byte 0x02 as element 1", Fault(() => NpyFile.Read(folder.File("b2", NpyBytes.Make(NpyBytes.Header("|b1", "(2,)"), [1, 2])))));

        static string Fault(Action read) => Assert.Throws<InvalidDataException>(read).Message;
    }

    [Fact]
    public void WrongShapesAreNotWritten()
    {
        using TemporaryFolder folder = new();
        ArgumentException e = Assert.Throws<ArgumentException>(() => NpyFile.Write(folder.File("a"), [1f, 2f, 3f], 2, 2));
        Assert.Equal("shape", e.ParamName);
        Assert.Contains("shape is [2 × 2]; expected a shape of 3 elements (values.Length).", e.Message);
        Assert.Throws<ArgumentException>(() => NpyFile.Write(folder.File("a"), [1f, 2f], -1, -2));
        Assert.Throws<ArgumentException>(() => NpyFile.Write(folder.File("a"), new int[0], long.MaxValue, 0, long.MaxValue));
        Assert.Empty(folder.Names());
    }

    [Fact]
    public void MoreElementsThanAnArrayCanHaveAreRefusedByNameAndReadableInBlocks()
    {
        using TemporaryFolder folder = new();
        const long Count = (1L << 31) + 10;
        string path = folder.File("sparse.npy");
        byte[] header = NpyBytes.Make(NpyBytes.Header("|u1", $"({Count / 2}, 2)"), []);
        using (FileStream file = new(path, FileMode.CreateNew))
        {
            file.Write(header);
            // Only the two ends take room on the disk.
            file.SetLength(header.Length + Count);
            file.Position = file.Length - 1;
            file.WriteByte(42);
        }
        Assert.Contains("read blocks of rows with NpyReader", Assert.Throws<InvalidDataException>(() => NpyFile.Read(path)).Message);
        using NpyReader reader = NpyReader.Open(path);
        byte[] last = new byte[4];
        reader.ReadRows<byte>((Count / 2) - 2, last);
        Assert.Equal([0, 0, 0, 42], last);
        int[] wide = new int[2];
        reader.ReadRowsAsInts((Count / 2) - 1, wide);
        Assert.Equal([0, 42], wide);
    }

    [Fact]
    public void GoldenFilesAreReadAsByAnIndependentReader()
    {
        int files = 0;
        foreach (string path in Directory.GetFiles(Golden.Folder("flips"), "*.npy"))
        {
            (double[] expected, int[] shape) = Golden.Npy(path);
            NpyArray array = NpyFile.Read(path);
            double[] actual = array switch
            {
                NpyArray<float> a => [.. a.Values.Select(v => (double)v)],
                NpyArray<double> a => a.Values,
                NpyArray<int> a => [.. a.Values.Select(v => (double)v)],
                _ => throw new NotSupportedException(path),
            };
            Assert.Equal(expected, actual);
            Assert.Equal(shape.Select(d => (long)d), array.Shape);
            files++;
        }
        Assert.True(files >= 10);
    }
}
