using System.Numerics.Tensors;

namespace GracefulKernels.Tests.Interop;

/// <summary>Files that are read where they are mapped.</summary>
public sealed unsafe class MappedArrayTests
{
    [Fact]
    public void ANpyFileIsItsElements()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.npy");
        float[] values = RandomFloats.Uniform(1, 3000);
        NpyFile.Write(path, values, [100, 30]);
        using MappedArray array = MappedArray.Open(path);
        Assert.Equal((ElementType.Float32, 3000L, path), (array.Type, array.Count, array.FilePath));
        Assert.Equal([100, 30], array.Shape);
        Assert.Equal(values, array.AsReadOnlySpan<float>().ToArray());
        ReadOnlyTensorSpan<float> tensor = array.AsReadOnlyTensorSpan<float>();
        Assert.Equal([100, 30], tensor.Lengths.ToArray());
        fixed (float* first = tensor) Assert.Equal(array.Address, (nint)first);
        Assert.Equal(values[(57 * 30) + 8], tensor[57, 8]);
        Assert.Contains("float32, not int64", Assert.Throws<InvalidOperationException>(() => array.AsReadOnlySpan<long>().Length).Message);
        array.Dispose();
        array.Dispose();
        Assert.Throws<ObjectDisposedException>(() => array.AsReadOnlySpan<float>().Length);
        Assert.Throws<ObjectDisposedException>(() => array.AsReadOnlyTensorSpan<float>().Rank);
        Assert.Throws<ObjectDisposedException>(() => array.Address);
        // Nothing holds the file any more.
        File.Delete(path);
    }

    /// <summary>Counts and a search over files, as over arrays.</summary>
    [Fact]
    public void OperationsRunOnFiles()
    {
        using var folder = new TemporaryFolder();
        float[] old = RandomFloats.Uniform(1, 5000), updated = RandomFloats.Uniform(2, 5000);
        int[] labels = [.. Enumerable.Range(0, 500).Select(i => i % 10)];
        string a = folder.File("old.npy"), b = folder.File("new.npy"), y = folder.File("labels.raw");
        NpyFile.Write(a, old, [500, 10]);
        NpyFile.Write(b, updated, [500, 10]);
        File.WriteAllBytes(y, [.. new byte[8], .. System.Runtime.InteropServices.MemoryMarshal.AsBytes(labels.AsSpan())]);
        using MappedArray oldFile = MappedArray.Open(a), newFile = MappedArray.Open(b), labelFile = MappedArray.OpenRaw(y, ElementType.Int32, [500], 8);
        Assert.Equal(
            FlipCounts.FromLogits(old, updated, labels, 10),
            FlipCounts.FromLogits(oldFile.AsReadOnlyTensorSpan<float>(), newFile.AsReadOnlyTensorSpan<float>(), labelFile.AsReadOnlyTensorSpan<int>()));
        int[] indices = new int[20];
        float[] scores = new float[20];
        GallerySearch.TopK(newFile.AsReadOnlyTensorSpan<float>()[..4, ..], oldFile.AsReadOnlyTensorSpan<float>(), new TensorSpan<int>(indices, [4, 5]), new TensorSpan<float>(scores, [4, 5]));
        SearchResult expected = new GallerySearch(new Embeddings(old, 10), Similarity.InnerProduct).Search(new Embeddings(updated[..40], 10), 5);
        Assert.Equal(expected.Indices, indices);
        Assert.Equal(expected.Scores, scores);
    }

    [Fact]
    public void WhatIsNoSuchArrayIsRefusedBeforeItIsMapped()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.npy");
        NpyFile.Write(path, new float[12], 3, 4);
        byte[] good = File.ReadAllBytes(path);
        File.WriteAllBytes(path, good[..^1]);
        Assert.Contains("truncated", Assert.Throws<InvalidDataException>(() => MappedArray.Open(path)).Message);
        File.WriteAllBytes(path, [.. good, 0]);
        Assert.Contains("trail", Assert.Throws<InvalidDataException>(() => MappedArray.Open(path)).Message);
        // A header one byte longer: the elements lie where floats must not.
        byte[] shifted = [.. good[..^48][..^1], (byte)' ', (byte)'\n', .. good[^48..]];
        shifted[8]++;
        File.WriteAllBytes(path, shifted);
        Assert.Equal(12, NpyFile.ReadFloats(path).Values.Length);
        Assert.Contains("a multiple of 4", Assert.Throws<InvalidDataException>(() => MappedArray.Open(path)).Message);
        Assert.Throws<FileNotFoundException>(() => MappedArray.Open(folder.File("none.npy")));
        File.WriteAllBytes(path, new byte[40]);
        Assert.Contains("40 bytes", Assert.Throws<InvalidDataException>(() => MappedArray.OpenRaw(path, ElementType.Float32, [11])).Message);
        Assert.Throws<InvalidDataException>(() => MappedArray.OpenRaw(path, ElementType.Float32, [1], 40));
        Assert.Throws<InvalidDataException>(() => MappedArray.OpenRaw(path, ElementType.Float32, [0], 44));
        Assert.Throws<ArgumentOutOfRangeException>(() => MappedArray.OpenRaw(path, ElementType.Float32, [1], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => MappedArray.OpenRaw(path, ElementType.Float32, [1], -4));
        Assert.Contains("[-1]", Assert.Throws<ArgumentException>(() => MappedArray.OpenRaw(path, ElementType.Float32, [-1])).Message);
        Assert.Throws<ArgumentException>(() => MappedArray.OpenRaw(path, ElementType.Int64, [1L << 40, 1L << 40]));
        using MappedArray whole = MappedArray.OpenRaw(path, ElementType.Float32, [2, 5]), none = MappedArray.OpenRaw(path, ElementType.Float32, [0, 5]), flags = MappedArray.OpenRaw(path, ElementType.Bool, [40]);
        Assert.Equal(10, whole.AsReadOnlySpan<float>().Length);
        Assert.Equal(0, none.AsReadOnlyTensorSpan<float>().FlattenedLength);
        Assert.Equal(40, flags.AsReadOnlySpan<byte>().Length);
        Assert.Contains("uint8", Assert.Throws<InvalidOperationException>(() => flags.AsReadOnlySpan<bool>().Length).Message);
    }
}
