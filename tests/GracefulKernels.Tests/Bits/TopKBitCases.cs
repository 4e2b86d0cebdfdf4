using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The best k: lists in order and lists that are cut, one query to several groups, stretches of the gallery, rows that are copied, offsets and exclusion.</summary>
internal static class TopKBitCases
{
    public static IEnumerable<BitCase> All =>
    [
        Case(1, 1, 1, 1),
        Case(3, 0, 4, 2),
        Case(5, 7, 3, 10, offsets: true),
        Case(17, 300, 20, 32, excludes: true),
        Case(33, 1000, 12, 33, offsets: true, excludes: true),
        Case(2, 9000, 16, 5, offsets: true),
        Case(40, 5000, 24, 100, excludes: true),
        Case(300, 500, 64, 10),
        Case(20, 60, 512, 4),
        Case(1, 5000, 33, 2048),
    ];

    public static BitCase Case(int queries, int gallery, int width, int k, bool offsets = false, bool excludes = false)
    {
        var shape = new TopKShape(queries, gallery, width, k);
        string name = $"{queries}x{gallery}x{width} k{k}{(offsets ? " offsets" : "")}{(excludes ? " excludes" : "")}";
        return new(nameof(IKernels.TopK), name, (kernels, o) => kernels.TopK(
            shape,
            o.Input(1, (long)queries * width),
            o.Input(2, (long)gallery * width),
            offsets ? o.Input(3, gallery) : default,
            excludes ? o.Input<int>([.. Enumerable.Range(0, queries).Select(q => (q * 7 % (gallery + 1)) - 1)]) : default,
            o.Output(new int[queries * k]),
            o.Output((long)queries * k)));
    }
}
