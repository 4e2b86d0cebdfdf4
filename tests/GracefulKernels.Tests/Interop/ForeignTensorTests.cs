using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace GracefulKernels.Tests.Interop;

/// <summary>Raw pointers with lengths and strides: what is no tensor is refused, what is one has the caller's addresses.</summary>
public sealed unsafe class ForeignTensorTests
{
    [Fact]
    public void ATensorIsTheCallersMemory()
    {
        float* p = (float*)NativeMemory.AlignedAlloc(400, 64);
        try
        {
            TensorSpan<float> tensor = ForeignTensor.AsWritable(p, [3, 4], [20, 2]);
            fixed (float* first = tensor) Assert.Equal((nint)p, (nint)first);
            tensor[2, 3] = 5;
            Assert.Equal(5, p[46]);
            p[22] = 6;
            Assert.Equal(6, ForeignTensor.AsReadOnly(p, [3, 4], [20, 2])[1, 1]);
            // The stride along one element says nothing, whatever it is.
            Assert.Equal(4, ForeignTensor.AsReadOnly(p, [1, 4], [-7, 1]).FlattenedLength);
            Assert.Equal(0, ForeignTensor.AsReadOnly((float*)null, [0, 4]).FlattenedLength);
            Assert.Equal(0, ForeignTensor.AsReadOnly((float*)null, [3, 0], [4, 1]).FlattenedLength);
            // More elements than any array has, none of them read.
            Assert.Equal((nint)1 << 40, ForeignTensor.AsReadOnly(p, [(nint)1 << 20, (nint)1 << 20]).FlattenedLength);
        }
        finally
        {
            NativeMemory.AlignedFree(p);
        }
    }

    [Fact]
    public void WhatIsNoTensorIsRefused()
    {
        float* p = stackalloc float[16];
        nint address = (nint)p;
        Refused<ArgumentNullException>("pointer", "expected 12 elements", () => ForeignTensor.AsReadOnly((float*)null, [3, 4]));
        Refused<ArgumentException>("lengths", "[-3 × 4]: no length may be negative", () => ForeignTensor.AsReadOnly((float*)address, [-3, 4]));
        Refused<ArgumentException>("strides", "[3 × 4] with the strides [-4, 1]: no stride may be negative", () => ForeignTensor.AsReadOnly((float*)address, [3, 4], [-4, 1]));
        Refused<ArgumentException>("strides", "strides is [1]; expected [2]", () => ForeignTensor.AsReadOnly((float*)address, [3, 4], [1]));
        Refused<ArgumentException>("lengths", "lengths is empty", () => ForeignTensor.AsReadOnly((float*)address, []));
        Refused<ArgumentException>("lengths", "more elements than memory has addresses", () => ForeignTensor.AsReadOnly((float*)address, [nint.MaxValue, nint.MaxValue, nint.MaxValue]));
        Refused<ArgumentException>("lengths", "more elements than memory has addresses", () => ForeignTensor.AsReadOnly((float*)address, [0, nint.MaxValue, nint.MaxValue]));
        Refused<ArgumentException>("strides", "more elements than memory has addresses", () => ForeignTensor.AsReadOnly((float*)address, [3, 4], [nint.MaxValue, 1]));
        Refused<ArgumentException>("strides", "elements overlap", () => ForeignTensor.AsReadOnly((float*)address, [3, 4], [2, 1]));
        Refused<ArgumentException>("strides", "elements overlap", () => ForeignTensor.AsWritable((float*)address, [3, 4], [1, 1]));
        Refused<ArgumentException>("strides", "a stride of 0 repeats elements", () => ForeignTensor.AsWritable((float*)address, [3, 4], [0, 1]));
        Refused<ArgumentException>("pointer", "a multiple of 4", () => ForeignTensor.AsReadOnly((float*)(address + 2), [3, 4]));
    }

    /// <summary>The rule for strides against all addresses, one by one; and whatever passes it is a tensor span.</summary>
    [Fact]
    public void ElementsOverlapExactlyWhereTwoIndicesHaveOneAddress()
    {
        float* p = (float*)NativeMemory.AllocZeroed(4096, sizeof(float));
        nint address = (nint)p;
        var random = new Random(1);
        int taken = 0, refused = 0;
        for (int trial = 0; trial < 4000; trial++)
        {
            int rank = random.Next(1, 4);
            nint[] lengths = [.. Enumerable.Range(0, rank).Select(_ => (nint)random.Next(1, 5))], strides = [.. Enumerable.Range(0, rank).Select(_ => (nint)random.Next(1, 40))];
            List<nint> all = [0];
            for (int d = 0; d < rank; d++) all = [.. all.SelectMany(at => Enumerable.Range(0, (int)lengths[d]).Select(i => at + (i * strides[d])))];
            bool distinct = all.Distinct().Count() == all.Count;
            try
            {
                TensorSpan<float> tensor = ForeignTensor.AsWritable((float*)address, lengths, strides);
                Assert.True(distinct);
                Assert.Equal(all.Count, tensor.FlattenedLength);
                foreach (ref float element in tensor) Assert.Contains((nint)(&((float*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref element))[0] - (float*)address), all);
                taken++;
            }
            catch (ArgumentException)
            {
                // Dimensions may interleave without meeting ([2 × 2] with strides [2, 3]): tensor spans have no such views.
                refused++;
            }
        }
        NativeMemory.Free(p);
        Assert.InRange(taken, 500, 3500);
        Assert.InRange(refused, 500, 3500);
    }

    private static void Refused<T>(string name, string text, Action act) where T : ArgumentException
    {
        T e = Assert.Throws<T>(act);
        Assert.Contains(text, e.Message, StringComparison.Ordinal);
        Assert.Equal(name, e.ParamName);
    }
}
