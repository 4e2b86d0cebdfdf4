using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GracefulKernels.Tests.Interop;

/// <summary>DLPack both ways, and what must be refused. A producer's tensors are made here by hand, as C code would.</summary>
public sealed unsafe class DLPackTests
{
    /// <summary>Deleters called, told apart by the tensor's context.</summary>
    private static readonly int[] Deleted = new int[16];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnImportedTensorIsTheProducersMemory(bool versioned)
    {
        float[] data = [9, 1, 2, 3, 4, 5, 6];
        fixed (float* p = data)
        {
            long* shape = stackalloc long[] { 2, 3 };
            var tensor = new DLTensor { Data = p, Device = new DLDevice { Type = 1 }, Dimensions = 2, Type = new DLDataType { Code = 2, Bits = 32, Lanes = 1 }, Shape = shape, ByteOffset = 4 };
            var old = new DLManagedTensor { Tensor = tensor, Context = (void*)(versioned ? 1 : 2), Deleter = &OnDelete };
            var current = new DLManagedTensorVersioned { VersionMajor = 1, Context = (void*)(versioned ? 1 : 2), Deleter = &OnDeleteVersioned, Tensor = tensor };
            DLPackTensor taken = versioned ? DLPackTensor.ImportVersioned((nint)(&current)) : DLPackTensor.Import((nint)(&old));
            Assert.Equal((nint)(p + 1), taken.Address);
            Assert.Equal((nint)(p + 1), (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(taken.AsSpan<float>())));
            Assert.Equal([2, 3], taken.Shape.ToArray());
            Assert.Equal([3, 1], taken.Strides.ToArray());
            Assert.Equal([1f, 2, 3, 4, 5, 6], taken.AsReadOnlySpan<float>().ToArray());
            taken.AsSpan<float>()[5] = 7;
            Assert.Equal(7, data[6]);
            Assert.Equal((ElementType.Float32, true, false, 6L), (taken.Type, taken.OnHost, taken.IsReadOnly, taken.Elements));
            Assert.Contains("float32, not int32", Assert.Throws<InvalidOperationException>(() => taken.AsSpan<int>().Length).Message);
            int slot = versioned ? 1 : 2;
            Assert.Equal(0, Deleted[slot]);
            taken.Dispose();
            taken.Dispose();
            Assert.Equal(1, Deleted[slot]);
            Assert.Throws<ObjectDisposedException>(() => taken.Address);
            Assert.Throws<ObjectDisposedException>(() => taken.AsReadOnlySpan<float>().Length);
        }
    }

    [Fact]
    public void StridesAndReadOnlyAreRespected()
    {
        int[] data = [0, 1, 2, 3, 4, 5];
        fixed (int* p = data)
        {
            long* shape = stackalloc long[] { 3, 2 };
            long* transposed = stackalloc long[] { 1, 3 };
            var managed = new DLManagedTensorVersioned
            {
                VersionMajor = 1,
                Flags = 1,
                Tensor = new DLTensor { Data = p, Device = new DLDevice { Type = 1 }, Dimensions = 2, Type = new DLDataType { Code = 0, Bits = 32, Lanes = 1 }, Shape = shape, Strides = transposed },
            };
            using (DLPackTensor taken = DLPackTensor.ImportVersioned((nint)(&managed)))
            {
                Assert.False(taken.IsContiguous);
                Assert.Contains("[1, 3]", Assert.Throws<InvalidOperationException>(() => taken.AsReadOnlySpan<int>().Length).Message);
            }
            // A dimension of one element has no stride that could matter; a read-only tensor is not written.
            shape[0] = 1;
            transposed[0] = 99;
            transposed[1] = 1;
            using DLPackTensor row = DLPackTensor.ImportVersioned((nint)(&managed));
            Assert.True(row.IsContiguous);
            Assert.Equal([0, 1], row.AsReadOnlySpan<int>().ToArray());
            Assert.Contains("read-only", Assert.Throws<InvalidOperationException>(() => row.AsSpan<int>().Length).Message);
        }
    }

    [Theory]
    [InlineData("device", "metal")]
    [InlineData("unknown device", "device type 77")]
    [InlineData("type", "bfloat16")]
    [InlineData("lanes", "float32x4")]
    [InlineData("code", "type code 40")]
    [InlineData("version", "DLPack 2.0")]
    [InlineData("dimensions", "-1 dimensions")]
    [InlineData("negative", "[-2 × 3]")]
    [InlineData("overflow", "addresses")]
    [InlineData("reach", "addresses")]
    [InlineData("null", "no data")]
    [InlineData("alignment", "no multiple of 4")]
    public void WhatIsNoTensorIsRefusedByNameAndNotTaken(string fault, string named)
    {
        float* data = stackalloc float[8];
        long* shape = stackalloc long[] { 2, 3 };
        long* strides = stackalloc long[] { 3, 1 };
        var managed = new DLManagedTensorVersioned
        {
            VersionMajor = 1,
            Context = (void*)4,
            Deleter = &OnDeleteVersioned,
            Tensor = new DLTensor { Data = data, Device = new DLDevice { Type = 1 }, Dimensions = 2, Type = new DLDataType { Code = 2, Bits = 32, Lanes = 1 }, Shape = shape, Strides = strides },
        };
        switch (fault)
        {
            case "device": managed.Tensor.Device.Type = 8; break;
            case "unknown device": managed.Tensor.Device.Type = 77; break;
            case "type": managed.Tensor.Type = new DLDataType { Code = 4, Bits = 16, Lanes = 1 }; break;
            case "lanes": managed.Tensor.Type.Lanes = 4; break;
            case "code": managed.Tensor.Type.Code = 40; break;
            case "version": managed.VersionMajor = 2; break;
            case "dimensions": managed.Tensor.Dimensions = -1; break;
            case "negative": shape[0] = -2; break;
            case "overflow":
                shape[0] = long.MaxValue;
                managed.Tensor.Strides = null;
                break;
            case "reach": strides[0] = long.MaxValue / 2; break;
            case "null": managed.Tensor.Data = null; break;
            case "alignment": managed.Tensor.ByteOffset = 2; break;
        }
        nint pointer = (nint)(&managed);
        Exception error = Assert.ThrowsAny<Exception>(() => DLPackTensor.ImportVersioned(pointer));
        Assert.True(error is ArgumentException or NotSupportedException, error.ToString());
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, Deleted[4]);
        Assert.Throws<ArgumentNullException>(() => DLPackTensor.ImportVersioned(0));
        Assert.Throws<ArgumentNullException>(() => DLPackTensor.Import(0));
    }

    [Fact]
    public void EmptyAndSingleTensorsAreTensors()
    {
        long* shape = stackalloc long[] { 0, long.MaxValue };
        var managed = new DLManagedTensor { Tensor = new DLTensor { Device = new DLDevice { Type = 1 }, Dimensions = 2, Type = new DLDataType { Code = 1, Bits = 8, Lanes = 1 }, Shape = shape } };
        using (DLPackTensor none = DLPackTensor.Import((nint)(&managed))) Assert.Equal(0, none.AsSpan<byte>().Length);
        byte one = 5;
        managed.Tensor.Dimensions = 0;
        managed.Tensor.Data = &one;
        using DLPackTensor single = DLPackTensor.Import((nint)(&managed));
        Assert.Equal([5], single.AsSpan<byte>().ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnExportedTensorIsTheCallersMemoryUntilItIsDeleted(bool versioned)
    {
        (nint pointer, WeakReference memory) = Export(versioned);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.True(memory.IsAlive, "the taker's memory was collected");
        Take(pointer, versioned);
        Collected(memory);

        // A method of its own: a span left in this one's frame would keep the array.
        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Take(nint pointer, bool versioned)
        {
            using DLPackTensor taken = versioned ? DLPackTensor.ImportVersioned(pointer) : DLPackTensor.Import(pointer);
            Assert.Equal([2, 1, 3], taken.Shape.ToArray());
            Assert.Equal(versioned, taken.IsReadOnly);
            Assert.Equal([1L, 2, 3, 4, 5, 6], taken.AsReadOnlySpan<long>().ToArray());
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static (nint, WeakReference) Export(bool versioned)
        {
            long[] data = [1, 2, 3, 4, 5, 6];
            nint pointer = versioned ? DLPackExport.ExportVersioned<long>(data, [2, 1, 3], readOnly: true) : DLPackExport.Export<long>(data, [2, 1, 3]);
            using var address = data.AsMemory().Pin();
            DLTensor tensor = versioned ? ((DLManagedTensorVersioned*)pointer)->Tensor : ((DLManagedTensor*)pointer)->Tensor;
            Assert.Equal((nint)address.Pointer, (nint)tensor.Data);
            return (pointer, new WeakReference(data));
        }

        static void Collected(WeakReference memory)
        {
            for (int i = 0; i < 50 && memory.IsAlive; i++) GC.Collect();
            Assert.False(memory.IsAlive, "the deleter left the memory pinned");
        }
    }

    [Fact]
    public void AShapeThatIsNotTheMemorysIsRefused()
    {
        Assert.Contains("[2 × 2]", Assert.Throws<ArgumentException>(() => DLPackExport.ExportVersioned<float>(new float[6], [2, 2])).Message);
        Assert.Throws<ArgumentException>(() => DLPackExport.Export<float>(new float[6], [-2, -3]));
        Assert.Throws<ArgumentException>(() => DLPackExport.Export<float>(new float[6], [long.MaxValue, long.MaxValue, 6]));
        Assert.Throws<NotSupportedException>(() => DLPackExport.Export<decimal>(new decimal[6], [6]));
    }

    [UnmanagedCallersOnly]
    private static void OnDelete(DLManagedTensor* tensor) => Interlocked.Increment(ref Deleted[(int)tensor->Context]);

    [UnmanagedCallersOnly]
    private static void OnDeleteVersioned(DLManagedTensorVersioned* tensor) => Interlocked.Increment(ref Deleted[(int)tensor->Context]);
}
