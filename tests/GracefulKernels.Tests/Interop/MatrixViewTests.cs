using GracefulKernels.Kernels;

namespace GracefulKernels.Tests.Interop;

/// <summary>The core that all entries share: pointers and sizes as somebody else gave them, and whether two matrices share an element.</summary>
public sealed unsafe class MatrixViewTests
{
    [Fact]
    public void SizesThatAreNoneAreRefused()
    {
        float* p = stackalloc float[12];
        nint address = (nint)p;
        Refused<ArgumentOutOfRangeException>("[-1 × 4]; no size may be negative", () => MatrixView<float>.At((float*)address, -1, 4, 4, "a"));
        Refused<ArgumentOutOfRangeException>("[3 × -4]; no size may be negative", () => MatrixView<float>.At((float*)address, 3, -4, 4, "a"));
        Refused<ArgumentOutOfRangeException>("rows 3 elements apart; expected at least 4", () => MatrixView<float>.At((float*)address, 3, 4, 3, "a"));
        Refused<ArgumentOutOfRangeException>("rows -4 elements apart", () => MatrixView<float>.At((float*)address, 3, 4, -4, "a"));
        Refused<ArgumentException>("more than memory has addresses", () => MatrixView<float>.At((float*)address, long.MaxValue, 4, long.MaxValue, "a"));
        Refused<ArgumentException>("more than memory has addresses", () => MatrixView<float>.At((float*)address, 1, long.MaxValue, 0, "a"));
        Refused<ArgumentException>("more than memory has addresses", () => MatrixView<float>.Vector((float*)address, long.MaxValue / 2, "a"));
        Refused<ArgumentOutOfRangeException>("[-1]", () => MatrixView<float>.Vector((float*)address, -1, "a"));
        Refused<ArgumentNullException>("a is null; expected 12 elements", () => MatrixView<float>.At(null, 3, 4, 4, "a"));
        Refused<ArgumentException>("a multiple of 4 bytes", () => MatrixView<float>.At((float*)(address + 1), 3, 4, 4, "a"));
        Assert.Equal(0, MatrixView<float>.At(null, 0, 4, 4, "a").Data.Length);
        Assert.Equal(0, MatrixView<float>.At(null, 3, 0, 0, "a").Data.Length);
        // One row has no next one.
        Assert.Equal((4, 4), (MatrixView<float>.At(p, 1, 4, 0, "a").Ld, MatrixView<float>.At(p, 1, 4, 0, "a").Data.Length));
        Assert.Equal((5, 14), (MatrixView<float>.At(p, 3, 4, 5, "a").Ld, MatrixView<float>.At(p, 3, 4, 5, "a").Data.Length));
        // What fits no kernel's numbers is refused where it is used: nothing has been read.
        var wide = MatrixView<float>.At(p, 2, 3, 1L << 33, "a");
        Assert.Contains("8589934592 elements apart; expected at most 2147483647", Assert.Throws<ArgumentOutOfRangeException>(() => Check.KernelSizes(wide, "a")).Message);
    }

    /// <summary>Random pairs in a small memory against the sets of their elements: what is shared is always seen; what is not, where one range lies behind the other or rows are equally far apart.</summary>
    [Fact]
    public void AnOverlapIsSeenWhereAnElementIsShared()
    {
        float* p = stackalloc float[1];
        var random = new Random(5);
        int shared = 0, beside = 0, apart = 0;
        for (int trial = 0; trial < 20_000; trial++)
        {
            (HashSet<long> a, Extent first, int ldA) = Any(p, random);
            (HashSet<long> b, Extent second, int ldB) = Any(p, random);
            bool shares = a.Overlaps(b), seen = first.Overlaps(second);
            Assert.Equal(seen, second.Overlaps(first));
            if (shares)
            {
                Assert.True(seen);
                shared++;
            }
            else if (a.Max() < b.Min() || b.Max() < a.Min())
            {
                Assert.False(seen);
                apart++;
            }
            else if (!seen)
            {
                Assert.Equal(ldA, ldB);
                beside++;
            }
        }
        Assert.True(shared > 1000 && apart > 1000 && beside > 100, $"{shared} shared, {apart} apart, {beside} beside");
        Assert.False(default(Extent).Overlaps(Extent.Of(new Block<float>(p, 1))));
        using HostMemory memory = new(64);
        // An allocation of ours and the same address as somebody's pointer are one memory.
        Assert.True(Extent.Of(memory.AsBlock<float>()).Overlaps(Extent.Of(new Block<float>((float*)memory.BaseAddress + 3, 1))));
    }

    private static (HashSet<long> Elements, Extent Extent, int Ld) Any(float* p, Random random)
    {
        int rows = random.Next(1, 5), columns = random.Next(1, 5), ld = columns + random.Next(0, 6), start = random.Next(0, 40);
        HashSet<long> elements = [.. Enumerable.Range(0, rows).SelectMany(r => Enumerable.Range(0, columns).Select(c => (long)start + (r * ld) + c))];
        return (elements, MatrixView<float>.At(p + start, rows, columns, ld, "a").Extent, rows > 1 ? ld : 0);
    }

    private static void Refused<T>(string text, Action act) where T : ArgumentException
    {
        T e = Assert.Throws<T>(act);
        Assert.Contains(text, e.Message, StringComparison.Ordinal);
        Assert.Equal("a", e.ParamName);
    }
}
