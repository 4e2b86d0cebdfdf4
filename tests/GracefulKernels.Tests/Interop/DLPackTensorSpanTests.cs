using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GracefulKernels.Tests.Interop;

/// <summary>DLPack tensors with strides as tensor spans, and tensors of ours to others with theirs.</summary>
public sealed unsafe class DLPackTensorSpanTests
{
    private static int _deleted;

    [Fact]
    public void StridesByteOffsetAndTypeAreRespected()
    {
        Check<float>(2, 32);
        Check<double>(2, 64);
        Check<int>(0, 32);
        Check<long>(0, 64);
        Check<byte>(1, 8);

        static void Check<T>(byte code, byte bits) where T : unmanaged
        {
            T* data = stackalloc T[64];
            long* shape = stackalloc long[] { 3, 1, 2 };
            long* strides = stackalloc long[] { 8, -99, 3 };
            var managed = Tensor(data, shape, strides, 3, code, bits);
            managed.Tensor.ByteOffset = (ulong)sizeof(T) * 2;
            using DLPackTensor taken = DLPackTensor.ImportVersioned((nint)(&managed));
            TensorSpan<T> span = taken.AsTensorSpan<T>();
            Assert.Equal([3, 1, 2], span.Lengths.ToArray());
            fixed (T* first = span) Assert.Equal((nint)(data + 2), (nint)first);
            Assert.Equal(taken.Address, (nint)(data + 2));
            Assert.True(Unsafe.AreSame(ref data[2 + 16 + 3], ref span[2, 0, 1]));
            Assert.True(Unsafe.AreSame(in data[2 + 8], in taken.AsReadOnlyTensorSpan<T>()[1, 0, 0]));
        }
    }

    [Fact]
    public void WhatATensorSpanCannotBeIsRefused()
    {
        float* data = stackalloc float[16];
        long* shape = stackalloc long[] { 3, 4 };
        long* strides = stackalloc long[] { -4, 1 };
        var managed = Tensor(data + 8, shape, strides, 2, 2, 32);
        Assert.Contains("[-4, 1]: no stride may be negative", Refused((nint)(&managed), false));
        strides[0] = 2;
        Assert.Contains("elements overlap", Refused((nint)(&managed), false));
        strides[0] = 0;
        Assert.Contains("a stride of 0 repeats", Refused((nint)(&managed), true));
        using (DLPackTensor repeated = DLPackTensor.ImportVersioned((nint)(&managed))) Assert.Equal(12, repeated.AsReadOnlyTensorSpan<float>().FlattenedLength);
        strides[0] = 4;
        managed.Flags = 1;
        Assert.Contains("read-only", Refused((nint)(&managed), true));
        managed.Flags = 0;
        managed.Tensor.Device = new DLDevice { Type = 2, Id = 3 };
        Assert.Contains("cuda:3", Refused((nint)(&managed), false));
        managed.Tensor.Device = new DLDevice { Type = 1 };
        using DLPackTensor taken = DLPackTensor.ImportVersioned((nint)(&managed));
        Assert.Contains("float32, not int32", Assert.Throws<InvalidOperationException>(() => taken.AsTensorSpan<int>().Rank).Message);
        taken.Dispose();
        Assert.Throws<ObjectDisposedException>(() => taken.AsReadOnlyTensorSpan<float>().Rank);

        static string Refused(nint managed, bool writes)
        {
            using DLPackTensor tensor = DLPackTensor.ImportVersioned(managed);
            return Assert.Throws<InvalidOperationException>(() => writes ? tensor.AsTensorSpan<float>().Rank : tensor.AsReadOnlyTensorSpan<float>().Rank).Message;
        }
    }

    [Fact]
    public void SinglesAndNothingsAreTensorSpans()
    {
        float one = 5;
        var managed = Tensor(&one, null, null, 0, 2, 32);
        using (DLPackTensor single = DLPackTensor.ImportVersioned((nint)(&managed))) Assert.Equal(5, single.AsReadOnlyTensorSpan<float>()[0]);
        long* shape = stackalloc long[] { 0, 7 };
        managed = Tensor<float>(null, shape, null, 2, 2, 32);
        using DLPackTensor none = DLPackTensor.ImportVersioned((nint)(&managed));
        Assert.Equal([0, 7], none.AsReadOnlyTensorSpan<float>().Lengths.ToArray());
        Assert.Equal(0, none.AsTensorSpan<float>().FlattenedLength);
    }

    /// <summary>A loss on a producer's tensors, the gradient written into the producer's memory.</summary>
    [Fact]
    public void AnOperationRunsOnAnothersTensorsWhereTheyLie()
    {
        float[] z = RandomFloats.Uniform(1, 60), expected = new float[60];
        int[] labels = [.. Enumerable.Range(0, 6).Select(i => i)];
        CongruenceOptions options = new() { Distance = CongruenceDistance.None };
        CongruenceLoss.Evaluate(z, [], labels, 10, options, expected);
        using GuardedBuffer<float> logits = new(z), gradient = new(60);
        using var y = new GuardedBuffer<int>(labels);
        long* shape = stackalloc long[] { 6, 10 };
        DLManagedTensorVersioned a = Tensor(logits.Pointer, shape, null, 2, 2, 32), b = Tensor(gradient.Pointer, shape, null, 2, 2, 32), c = Tensor(y.Pointer, shape, null, 1, 0, 32);
        using DLPackTensor za = DLPackTensor.ImportVersioned((nint)(&a)), gb = DLPackTensor.ImportVersioned((nint)(&b)), yc = DLPackTensor.ImportVersioned((nint)(&c));
        CongruenceLoss.Evaluate(za.AsReadOnlyTensorSpan<float>(), default, yc.AsReadOnlyTensorSpan<int>(), options, gb.AsTensorSpan<float>());
        Everywhere.AssertSame<float>(expected, gradient.Span, "gradient");
        gradient.AssertUntouchedOutside();
    }

    [Fact]
    public void TwoThreadsThatGiveATensorBackCallItsDeleterOnce()
    {
        for (int trial = 0; trial < 200; trial++)
        {
            float one = 0;
            var managed = Tensor(&one, null, null, 0, 2, 32);
            managed.Deleter = &OnDelete;
            DLPackTensor taken = DLPackTensor.ImportVersioned((nint)(&managed));
            int before = Volatile.Read(ref _deleted);
            Parallel.Invoke(taken.Dispose, taken.Dispose);
            Assert.Equal(before + 1, Volatile.Read(ref _deleted));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ATensorIsGivenWithItsStrides(bool versioned)
    {
        Tensor<long> tensor = System.Numerics.Tensors.Tensor.Transpose(System.Numerics.Tensors.Tensor.Create([1L, 2, 3, 4, 5, 6], [2, 3]));
        nint pointer = versioned ? DLPackExport.ExportVersioned(tensor, readOnly: true) : DLPackExport.Export(tensor);
        using DLPackTensor taken = versioned ? DLPackTensor.ImportVersioned(pointer) : DLPackTensor.Import(pointer);
        Assert.Equal(versioned, taken.IsReadOnly);
        Assert.Equal([3, 2], taken.Shape.ToArray());
        Assert.Equal([1, 3], taken.Strides.ToArray());
        fixed (long* first = tensor.AsReadOnlyTensorSpan()) Assert.Equal((nint)first, taken.Address);
        Assert.Equal(tensor[2, 0], taken.AsReadOnlyTensorSpan<long>()[2, 0]);
        Assert.Throws<NotSupportedException>(() => DLPackExport.ExportVersioned(System.Numerics.Tensors.Tensor.Create([1m], [1])));
    }

    private static DLManagedTensorVersioned Tensor<T>(T* data, long* shape, long* strides, int rank, byte code, byte bits) where T : unmanaged => new()
    {
        VersionMajor = 1,
        Tensor = new DLTensor { Data = data, Device = new DLDevice { Type = 1 }, Dimensions = rank, Type = new DLDataType { Code = code, Bits = bits, Lanes = 1 }, Shape = shape, Strides = strides },
    };

    [UnmanagedCallersOnly]
    private static void OnDelete(DLManagedTensorVersioned* tensor) => Interlocked.Increment(ref _deleted);
}
