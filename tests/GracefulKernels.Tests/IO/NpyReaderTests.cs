namespace GracefulKernels.Tests;

public sealed class NpyReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void BlocksOfRowsMakeTheWhole(int block)
    {
        using TemporaryFolder folder = new();
        const int Rows = 64, Columns = 7;
        float[] values = [.. Enumerable.Range(0, Rows * Columns).Select(i => i * 0.25f)];
        NpyFile.Write(folder.File("a.npy"), values, Rows, Columns);
        using NpyReader reader = NpyReader.Open(folder.File("a.npy"));
        Assert.Equal((Rows, Columns, Rows * Columns, ElementType.Float32), (reader.Rows, reader.RowLength, reader.Count, reader.Type));
        float[] read = new float[values.Length];
        for (int row = 0; row < Rows; row += block)
        {
            reader.ReadRows(row, read.AsSpan(row * Columns, Math.Min(block, Rows - row) * Columns));
        }
        Assert.Equal(values, read);
    }

    [Fact]
    public void ConvertingBlocksNamesTheElementInTheFile()
    {
        using TemporaryFolder folder = new();
        double[] values = new double[100_000];
        values[77_777] = 0.1;
        NpyFile.Write(folder.File("a.npy"), values, 50_000, 2);
        using NpyReader reader = NpyReader.Open(folder.File("a.npy"));
        float[] block = new float[60_000];
        reader.ReadRowsAsFloats(0, block);
        string message = Assert.Throws<InvalidDataException>(() => reader.ReadRowsAsFloats(20_000, block)).Message;
        Assert.Contains("found 0.1 as element 77777", message);
    }

    [Fact]
    public void RowsOutsideTheFileAreRefused()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("a.npy"), new float[12], 4, 3);
        using NpyReader reader = NpyReader.Open(folder.File("a.npy"));
        Assert.Equal("firstRow", Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadRows<float>(3, new float[6])).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadRows<float>(-1, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadRows<float>(long.MaxValue, new float[3]));
        ArgumentException part = Assert.Throws<ArgumentException>(() => reader.ReadRows<float>(0, new float[4]));
        Assert.Contains("destination has 4 elements; expected whole rows of 3.", part.Message);
        Assert.Contains("found float32 elements; expected int32", Assert.Throws<InvalidDataException>(() => reader.ReadRows<int>(0, new int[3])).Message);
        Assert.Throws<NotSupportedException>(() => reader.ReadRows<short>(0, new short[3]));
        reader.ReadRows<float>(4, []);
    }

    [Fact]
    public void AFileCutShortWhileItIsReadIsAnErrorAndNoCrash()
    {
        using TemporaryFolder folder = new();
        NpyFile.Write(folder.File("a.npy"), new float[100_000], 1000, 100);
        using NpyReader reader = NpyReader.Open(folder.File("a.npy"));
        using (FileStream file = new(folder.File("a.npy"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(5000);
        Assert.Contains("the end of the file", Assert.Throws<InvalidDataException>(() => reader.ReadRows<float>(0, new float[100_000])).Message);
    }
}
