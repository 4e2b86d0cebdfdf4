using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>Two [Rows × Classes] matrices of logits.</summary>
internal readonly record struct FlipShape(int Rows, int Classes);

/// <summary>Flips from logits, and of all pairs among many models from packed bits.</summary>
internal static class FlipCases
{
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        FromLogits(new(65536, 10), quick: true),
        FromLogits(new(16384, 1000), quick: true),
        Pairwise(64, 1_000_000, quick: true),
    ];

    public static BenchCase FromLogits(FlipShape shape, bool quick)
    {
        double count = (double)shape.Rows * shape.Classes;
        WorkCount work = new() { Flops = 2 * count, BytesRead = (8 * count) + (4.0 * shape.Rows) };
        return new BenchCase("flips-logits", $"{shape.Rows}x{shape.Classes}", shape, work, (kernels, operands) =>
        {
            long length = (long)shape.Rows * shape.Classes;
            Block<float> old = operands.Input(length, -6, 6), next = operands.Input(length, -5, 7);
            Block<int> labels = operands.Labels(shape.Rows, shape.Classes);
            operands.Run = () =>
            {
                FlipTable flips = kernels.FlipsFromLogits(
                    shape.Rows, shape.Classes, old, shape.Classes, next, shape.Classes, labels, -100, default);
                operands.Returned = flips.BothRight + flips.BothWrong + flips.PositiveFlips + flips.NegativeFlips == shape.Rows ? 1 : double.NaN;
            };
        })
        { Quick = quick };
    }

    private static BenchCase Pairwise(int models, long samples, bool quick)
    {
        long words = (samples + 63) / 64;
        // Each of the M(M − 1)/2 pairs reads its two rows once and has both directions from them; and-not, popcount, add for a word.
        double pairs = models * (models - 1) / 2.0;
        WorkCount work = new() { Flops = 3 * pairs * words, BytesRead = pairs * 2 * words * 8, FromL2 = true };
        return new BenchCase("flips-pairwise", $"{models}x{samples}", (models, samples), work, (kernels, operands) =>
        {
            Block<ulong> bits = operands.Bits<ulong>(models * words);
            Block<long> counts = operands.Allocate<long>((long)models * models);
            operands.Run = () =>
            {
                kernels.PairwiseFlips(models, words, bits, counts);
                long[] first = operands.Read(counts.Slice(0, 2));
                operands.Returned = first[1] > 0 && first[0] == 0 ? 1 : double.NaN;
            };
        })
        { Quick = quick };
    }
}
