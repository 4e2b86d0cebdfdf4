using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>
/// Sizes 1 to 70 of every dimension, operands once right before and once right behind a page that may not be touched: a read or write outside them ends the
/// process. Leading dimensions are larger than the rows, so that rows begin anywhere. The bytes must be those of the best set.
/// </summary>
public class PlacementTests
{
    private const int Most = 70;

    private static IEnumerable<int> Sizes => Enumerable.Range(1, Most);

    public static TheoryData<string> Rooms => [.. Sweeps.Keys];

    private static Dictionary<string, IEnumerable<BitCase>> Sweeps { get; } = new()
    {
        ["gemm"] = from s in Sizes
                   from shape in new[] { (s, Other(s), Other(s + 7)), (Other(s), s, Other(s + 13)), (Other(s), Other(s + 29), s) }
                   from ta in new[] { false, true }
                   from tb in new[] { false, true }
                   select ProductBitCases.Gemm(shape.Item1, shape.Item2, shape.Item3, ta, tb, beta: s % 2 * 0.5f),
        ["gemm-pair"] = from s in Sizes from tb in new[] { false, true } select ProductBitCases.Pair(Other(s), s, Other(s + 7), tb),
        ["syrk"] = from s in Sizes
                   from shape in new[] { (s, Other(s)), (Other(s), s) }
                   from transpose in new[] { false, true }
                   select ProductBitCases.Syrk(shape.Item1, shape.Item2, transpose),
        ["covariance"] = from s in Sizes
                         from shape in new[] { (s, Other(s)), (Other(s), s) }
                         from homogeneous in new[] { false, true }
                         select ProductBitCases.Covariance(shape.Item1, shape.Item2, homogeneous),
        ["gram"] = from s in Sizes
                   from shape in new[] { (s, Other(s), Other(s + 7)), (Other(s), s, Other(s + 13)), (Other(s), Other(s + 29), s) }
                   select ProductBitCases.Gram(shape.Item1, shape.Item2, shape.Item3, same: s % 3 == 0),
        ["kronecker"] = from s in Sizes
                        from shape in new[] { (s, Other(s)), (Other(s), s) }
                        from left in new[] { false, true }
                        select ProductBitCases.Kronecker(shape.Item1, shape.Item2, left),
        ["linear-ce"] = from s in Sizes
                        from shape in new[] { (s, Other(s), Other(s + 7)), (Other(s), s, Other(s + 13)), (Other(s), Other(s + 29), s) }
                        select LinearLossBitCases.Of(shape.Item1, shape.Item2, shape.Item3, new() { AddToEmbeddings = s % 2 == 0, AddToParameters = s % 3 == 0, LabelSmoothing = s % 4 * 0.1f }),
        ["damp"] = Sizes.Select(ProductBitCases.Damp),
        ["search"] = from s in Sizes
                     from shape in new[] { (s, Other(s), Other(s + 7)), (Other(s), s, Other(s + 13)), (Other(s), Other(s + 29), s) }
                     select TopKBitCases.Case(shape.Item1, shape.Item2, shape.Item3, 1 + (s % 40), offsets: s % 2 == 0, excludes: s % 3 == 0),
        ["trace"] = Sizes.Select(ProductBitCases.Trace),
        ["cholesky"] = Sizes.SelectMany(n => new[] { CholeskyBitCases.Factor(n), CholeskyBitCases.Inverse(n), CholeskyBitCases.Solve(n, Other(n)) }),
        ["vectors"] = Sizes.SelectMany(VectorBitCases.Of),
        ["layers"] = Sizes.SelectMany(n => LayerBitCases.Of(1 + (n % 5), n)),
        ["global-mean"] = Sizes.SelectMany(n => ImageBitCases.GlobalMean(1 + (n % 3), 1 + (n % 6), n)),
    };

    [Theory]
    [MemberData(nameof(Rooms))]
    public void NothingOutsideTheOperandsIsTouched(string room)
    {
        IKernels best = KernelSetCases.Get(KernelSets.Best, 1);
        foreach (BitCase c in Sweeps[room])
        {
            byte[] expected = c.Run(best, Placement.Aligned);
            foreach (CpuTarget target in KernelSetCases.Targets)
            {
                Compare(c, expected, target, 1, Placement.GuardBefore);
                Compare(c, expected, target, 1, Placement.GuardBehind);
            }
        }
    }

    /// <summary>Every case of the contract on operands that are not even aligned to their vectors.</summary>
    [Fact]
    public void AlignmentChangesNoBit()
    {
        foreach (BitCase c in BitCase.All)
        {
            byte[] expected = c.Run(KernelSetCases.Get(KernelSets.Best), Placement.Aligned);
            foreach (CpuTarget target in KernelSetCases.Targets) Compare(c, expected, target, 2, Placement.Misaligned);
        }
    }

    private static void Compare(BitCase c, byte[] expected, CpuTarget target, int threads, Placement placement)
        => Assert.True(
            expected.AsSpan().SequenceEqual(c.Run(KernelSetCases.Get(target, threads), placement)), $"{c.Method} {c.Shape} on {target}, {placement}: other bytes");

    /// <summary>A size that goes through 1 to 70 too, in another order.</summary>
    private static int Other(int size) => (size * 37 % 71 * 11 % 71) is var other && other == 0 ? Most : other;
}
