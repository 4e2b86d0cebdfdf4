using System.IO.Compression;
using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Tests;

public sealed class ImageFilesTests : IDisposable
{
    private static readonly LayerShape Grey = new(2, 3, 1, false), Colour = new(2, 2, 3, false);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void BothOrdersOfAnNpyAreTheSameImages()
    {
        // Element (i, y, x, c) is 100i + 10(2y + x) + c.
        float[] last = new float[2 * 12], first = new float[2 * 12];
        for (int i = 0; i < 2; i++)
        {
            for (int p = 0; p < 4; p++)
            {
                for (int c = 0; c < 3; c++)
                {
                    last[(i * 12) + (p * 3) + c] = first[(i * 12) + (c * 4) + p] = (100 * i) + (10 * p) + c;
                }
            }
        }
        NpyFile.Write(_folder.File("last.npy"), last, 2, 2, 2, 3);
        NpyFile.Write(_folder.File("first.npy"), first, 2, 3, 2, 2);
        foreach (string name in (string[])["last.npy", "first.npy"])
        {
            Images images = Read(_folder.File(name), Colour);
            Assert.Equal((2, 2, 2, 3), (images.Count, images.Height, images.Width, images.Channels));
            Assert.Equal(last, images.ToFloats());
        }
    }

    [Fact]
    public void AnOrderThatCannotBeToldIsAsked()
    {
        NpyFile.Write(_folder.File("cube.npy"), new float[3 * 5 * 3], 1, 3, 5, 3);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Read(_folder.File("cube.npy"), Colour));
        Assert.Contains("--layout", e.Message);
        Assert.Equal(5, ImageFiles.Read(FileRange.Parse(_folder.File("cube.npy")), Colour, FileLayout.Nchw).Height);
        Assert.Equal(3, ImageFiles.Read(FileRange.Parse(_folder.File("cube.npy")), Colour, FileLayout.Nhwc).Height);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void IdxFilesHoldImagesAndLabels(bool packed)
    {
        byte[] pixels = [.. Enumerable.Range(0, 4 * 6).Select(i => (byte)(10 * i))];
        string images = _folder.File("images", Packed(packed, [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 3, .. pixels]));
        string labels = _folder.File("labels", Packed(packed, [0, 0, 8, 1, 0, 0, 0, 4, 3, 1, 4, 1]));
        Images read = Read($"{images}[1:3]", Grey);
        Assert.Equal((2, 2, 3, 1), (read.Count, read.Height, read.Width, read.Channels));
        Assert.Equal(pixels[6..18], read.Bytes);
        Assert.Equal([3, 1, 4, 1], ImageFiles.ReadLabels(FileRange.Parse(labels)));
        Assert.Equal([4, 1], ImageFiles.ReadLabels(FileRange.Parse($"{labels}[2:]")));
    }

    [Theory]
    [InlineData("0,0,8,3,127,255,255,255,127,255,255,255,127,255,255,255", "end of the file|too short")]
    [InlineData("0,0,8,3,0,0,0,4,0,0,0,2,0,0,0,3,1,2,3", "too short|end of the file")]
    [InlineData("0,0,8,3,255,0,0,4,0,0,0,2,0,0,0,3", "positive")]
    [InlineData("0,0,13,3,0,0,0,4,0,0,0,2,0,0,0,3", "0x0D")]
    [InlineData("0,0,8,3,0,0", "end of the file")]
    public void ADamagedIdxFileIsNamedBeforeMemoryIsTaken(string bytes, string expected)
    {
        foreach (bool packed in (bool[])[true, false])
        {
            string path = _folder.File($"bad{packed}", Packed(packed, [.. bytes.Split(',').Select(byte.Parse)]));
            long before = GC.GetAllocatedBytesForCurrentThread();
            InvalidDataException e = Assert.Throws<InvalidDataException>(() => Read(path, Grey));
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
            Assert.Contains(path, e.Message);
            Assert.Contains(expected.Split('|'), part => e.Message.Contains(part, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void AStripHoldsOneImageARow()
    {
        string path = Golden.Data("cifar10/test_batch.png");
        Images images = Read($"{path}[100:103]", new LayerShape(32, 32, 3, false));
        Assert.Equal((3, 32, 32, 3), (images.Count, images.Height, images.Width, images.Channels));
        float[] values = new Preprocessing([0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f], Resize: false).Apply(images, new LayerShape(32, 32, 3, false));
        Assert.Equal(Cifar.Images.AsSpan(100 * 3072, 3 * 3072).ToArray(), values);
        Assert.Equal(Cifar.Labels[100..103], ImageFiles.ReadLabels(FileRange.Parse(Golden.Data("cifar10/test_lables.json") + "[100:103]")));
    }

    [Fact]
    public void ImagesOfAnotherSizeAreResizedOnlyWhereAsked()
    {
        Images images = new("x", 1, 1, 2, 1, null, [0f, 1f]);
        LayerShape wanted = new(2, 4, 3, false);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => new Preprocessing([], [], Resize: false).Apply(images, wanted));
        Assert.Contains("--resize", e.Message);
        // Centres of four columns over two: −0.25, 0.25, 0.75, 1.25 of the source, clamped to its centres 0 and 1.
        float[] row = [0f, 0.25f, 0.75f, 1f];
        float[] expected = [.. Enumerable.Range(0, 2 * 4 * 3).Select(i => row[i / 3 % 4])];
        Assert.Equal(expected, new Preprocessing([], [], Resize: true).Apply(images, wanted));
    }

    [Fact]
    public void MeanAndDeviationGoWithChannels()
    {
        Images images = new("x", 1, 1, 1, 2, [255, 51], null);
        LayerShape input = new(1, 1, 2, true);
        Assert.Equal([2f, -0.6f], new Preprocessing([0.5f], [0.25f, 0.5f], Resize: false).Apply(images, input));
        Assert.Contains("--std", Assert.Throws<ArgumentException>(() => new Preprocessing([], [1, 2, 3], false).Check(input)).Message);
    }

    [Fact]
    public void ANumberThatIsNoneIsNamed()
    {
        Images images = new("x.npy", 2, 1, 1, 2, null, [1f, 2f, 3f, float.NaN]);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => new Preprocessing([], [], false).Apply(images, new LayerShape(1, 1, 2, true)));
        Assert.Contains("element 1 of image 1", e.Message);
    }

    [Theory]
    [InlineData("a.npy[2:5]", "a.npy", 2, 3)]
    [InlineData("a.npy[:5]", "a.npy", 0, 5)]
    [InlineData("a.npy[5:]", "a.npy", 5, 5)]
    [InlineData("a.npy[:]", "a.npy", 0, 10)]
    [InlineData("a.npy", "a.npy", 0, 10)]
    [InlineData("a[1].npy", "a[1].npy", 0, 10)]
    public void ARangeIsPythons(string text, string path, int first, int count)
    {
        FileRange range = FileRange.Parse(text);
        Assert.Equal((path, (first, count)), (range.Path, range.Of(10)));
    }

    [Fact]
    public void AnEmptyRangeOrOneBeyondTheFileIsRefused()
    {
        Assert.Contains("FIRST < LAST", Assert.Throws<InvalidDataException>(() => FileRange.Parse("a[5:5]")).Message);
        Assert.Contains("the file has 10", Assert.Throws<InvalidDataException>(() => FileRange.Parse("a[5:11]").Of(10)).Message);
        Assert.Contains("the file has 10", Assert.Throws<InvalidDataException>(() => FileRange.Parse("a[10:]").Of(10)).Message);
    }

    [Fact]
    public void AFileOfAnotherKindSaysWhatIsRead()
    {
        string path = _folder.File("a.txt", "hello there"u8.ToArray());
        Assert.Contains(".npy, IDX", Assert.Throws<InvalidDataException>(() => Read(path, Grey)).Message);
        Assert.Contains("JSON", Assert.Throws<InvalidDataException>(() => ImageFiles.ReadLabels(FileRange.Parse(path))).Message);
        string json = _folder.File("a.json", "[1, 2.5]"u8.ToArray());
        Assert.Contains("integers", Assert.Throws<InvalidDataException>(() => ImageFiles.ReadLabels(FileRange.Parse(json))).Message);
    }

    private static Images Read(string text, LayerShape input) => ImageFiles.Read(FileRange.Parse(text), input, FileLayout.Auto);

    private static byte[] Packed(bool packed, byte[] bytes)
    {
        if (!packed) return bytes;
        using MemoryStream stream = new();
        using (GZipStream zip = new(stream, CompressionMode.Compress, leaveOpen: true)) zip.Write(bytes);
        return stream.ToArray();
    }
}
