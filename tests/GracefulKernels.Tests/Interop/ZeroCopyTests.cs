using GracefulKernels.Kernels;

namespace GracefulKernels.Tests.Interop;

/// <summary>Runs alone, because it counts what the whole process allocates.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CountingCollection
{
    public const string Name = "counting";
}

/// <summary>
/// Nothing of a caller's tensor is copied: after its first call an operation takes no byte from the managed heap, on any thread, and none of native memory; and its first call takes less than the operands are.
/// </summary>
[Collection(CountingCollection.Name)]
public sealed unsafe class ZeroCopyTests
{
    private const int Rows = 4096, Width = 512, Classes = 64;

    public static TheoryData<int> ThreadCounts => [1, 3];

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void AProductCopiesNothing(int threads)
    {
        using PaddedMatrix a = Matrix(1, Rows, Width, Width + 8), b = Matrix(2, Classes, Width, Width), c = new([], Rows, Classes, Classes + 8);
        Counted(threads, Rows * Width, device => DenseLinearAlgebra.Gemm(1, a.ReadOnly, b.Transposed, 0, c.Tensor, device));
        using var gram = new PaddedMatrix([], Width, Width, Width);
        Counted(threads, Rows * Width, device => DenseLinearAlgebra.Syrk(1, a.Transposed, 0, gram.Tensor, device));
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void LossAndFlipsCopyNothing(int threads)
    {
        using PaddedMatrix z = Matrix(1, Rows, Width, Width + 4), old = Matrix(2, Rows, Width, Width), g = new([], Rows, Width, Width);
        using GuardedBuffer<int> y = Labels(Width);
        Counted(threads, 3 * Rows * Width, device => CongruenceLoss.Evaluate(z.ReadOnly, old.ReadOnly, Vector(y), gradient: g.Tensor, device: device));
        Counted(threads, 2 * Rows * Width, device => FlipCounts.FromLogits(old.ReadOnly, z.ReadOnly, Vector(y), device));
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void LinearCrossEntropyCopiesNothing(int threads)
    {
        using PaddedMatrix e = Matrix(1, Rows, Width, Width + 4), w = Matrix(2, Classes, Width, Width), de = new([], Rows, Width, Width + 4), dw = new([], Classes, Width, Width);
        using GuardedBuffer<int> y = Labels(Classes);
        Counted(threads, 2 * Rows * Width, device => LinearCrossEntropy.Evaluate(e.ReadOnly, Vector(y), w.ReadOnly, embeddingGradient: de.Tensor, weightGradient: dw.Tensor, device: device));
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void ASearchCopiesNothing(int threads)
    {
        const int Queries = 20, K = 10;
        using PaddedMatrix q = Matrix(1, Queries, Width, Width), x = Matrix(2, Rows, Width, Width + 4), scores = new([], Queries, K, K);
        using var indices = new GuardedBuffer<int>(Queries * K);
        Counted(threads, Rows * Width, device => GallerySearch.TopK(q.ReadOnly, x.ReadOnly, ForeignTensor.AsWritable(indices.Pointer, [Queries, K]), scores.Tensor, device: device));
    }

    /// <summary>A step of a trainer: tensors that DLPack gave and a mapped file, made into spans anew in each step.</summary>
    [Fact]
    public void AStepOnTensorsOfOthersCopiesNothing()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("z.npy");
        NpyFile.Write(path, RandomFloats.Uniform(1, Rows * Width), Rows, Width);
        using MappedArray z = MappedArray.Open(path);
        using GuardedBuffer<float> gradient = new((long)Rows * Width);
        using GuardedBuffer<int> labels = Labels(Width);
        long* shape = stackalloc long[] { Rows, Width };
        var g = new DLManagedTensor { Tensor = Tensor(gradient.Pointer, shape, 2, 2) };
        var y = new DLManagedTensor { Tensor = Tensor(labels.Pointer, shape, 1, 0) };
        using DLPackTensor ofGradient = DLPackTensor.Import((nint)(&g)), ofLabels = DLPackTensor.Import((nint)(&y));
        CongruenceOptions options = new() { Distance = CongruenceDistance.None };
        Counted(2, 2 * Rows * Width, device => CongruenceLoss.Evaluate(
            z.AsReadOnlyTensorSpan<float>(), default, ofLabels.AsReadOnlyTensorSpan<int>(), options, ofGradient.AsTensorSpan<float>(), device: device));

        static DLTensor Tensor(void* data, long* shape, int rank, byte code)
            => new() { Data = data, Device = new DLDevice { Type = 1 }, Dimensions = rank, Type = new DLDataType { Code = code, Bits = 32, Lanes = 1 }, Shape = shape };
    }

    /// <summary>The counter counts: an operation that does copy its operand is seen.</summary>
    [Fact]
    public void ACopyIsSeen()
    {
        float[] x = RandomFloats.Uniform(1, Rows * Width);
        (long managed, long native) = Taken(() =>
        {
            using var search = new GallerySearch(new Embeddings(x, Width));
            using var memory = new HostMemory(1000);
        });
        Assert.InRange(managed, Rows * Width * sizeof(float), 2L * Rows * Width * sizeof(float));
        Assert.Equal(1000, native);
    }

    /// <param name="threads">Of the device, which is new: its worker threads have no memory yet.</param>
    /// <param name="elements">Of the operands that would be copied.</param>
    /// <param name="operation">The operation.</param>
    private static void Counted(int threads, long elements, Action<ComputeDevice> operation)
    {
        using ComputeDevice device = ComputeDevice.Cpu(threads: threads);
        long first = long.MaxValue;
        // The first call, on a thread whose scratch memory is empty.
        var thread = new Thread(() =>
        {
            (long managed, long native) = Taken(() => operation(device));
            first = managed + native;
        });
        thread.Start();
        thread.Join();
        Assert.True(first < elements * sizeof(float), $"the first call took {first:N0} bytes; its operands are {elements * sizeof(float):N0}");
        for (int i = 0; i < 3; i++) operation(device);
        (long Managed, long Native) least = (long.MaxValue, long.MaxValue);
        // The test runner's own threads allocate now and then: an operation that allocates does so every time.
        for (int i = 0; i < 5; i++)
        {
            (long managed, long native) = Taken(() => operation(device));
            least = (Math.Min(least.Managed, managed), Math.Min(least.Native, native));
        }
        Assert.Equal((0, 0), least);
    }

    private static (long Managed, long Native) Taken(Action operation)
    {
        long managed = GC.GetTotalAllocatedBytes(precise: true), native = HostMemory.AllocatedBytes;
        operation();
        return (GC.GetTotalAllocatedBytes(precise: true) - managed, HostMemory.AllocatedBytes - native);
    }

    private static PaddedMatrix Matrix(int seed, int rows, int columns, int ld) => new(RandomFloats.Uniform(seed, (long)rows * columns), rows, columns, ld);

    private static GuardedBuffer<int> Labels(int classes) => new([.. Enumerable.Range(0, Rows).Select(i => i * 7 % classes)]);

    private static System.Numerics.Tensors.ReadOnlyTensorSpan<int> Vector(GuardedBuffer<int> buffer) => ForeignTensor.AsReadOnly(buffer.Pointer, [(nint)buffer.Length]);
}
