using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>A loss over [Rows × Classes] logits.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="Classes">Classes.</param>
/// <param name="Options">The loss.</param>
/// <param name="Related">The old model's logits are near the new one's, as after a real update; else they have nothing in common.</param>
internal readonly record struct RowLossShape(int Rows, int Classes, RowLossOptions Options, bool Related = false);

/// <summary>
/// Row losses with their gradients, argmaxes and flips. Each logit is read once and each gradient written once; an element of CE + KL
/// takes two exponentials at any τ (<c>e^x</c> is a power of <c>e^{x/τ}</c>), one of CE takes one.
/// </summary>
internal static class RowLossCases
{
    private static readonly (int Rows, int Classes)[] Sizes = [(4096, 1000), (65536, 10), (65536, 100), (512, 32000), (32768, 1000)];

    public static IReadOnlyList<BenchCase> All { get; } = [.. Sizes.SelectMany(s => Losses(s.Rows, s.Classes)), .. Related(), .. Small()];

    private static IEnumerable<BenchCase> Losses(int rows, int classes)
    {
        bool quick = (rows, classes) is (4096, 1000) or (65536, 10);
        foreach (float temperature in new[] { 1f, 2f, 4f })
        {
            RowLossOptions kl = new() { Distance = OldDistance.KlOldNew, Temperature = temperature };
            yield return Case("rowloss-ce-kl", $" t={temperature}", new(rows, classes, kl), exps: 2, operations: 16, quick && temperature == 2);
        }
        RowLossOptions matching = new() { Distance = OldDistance.LogitMatching };
        yield return Case("rowloss-ce-lm", "", new(rows, classes, matching), exps: 1, operations: 10, quick);
        // Above cross-entropy an element costs what finding the largest ten takes: a maximum and two comparisons.
        RowLossOptions ldi = new() { Distance = OldDistance.LogitDifference, TopK = 10 };
        yield return Case("rowloss-ce-ldi", " k=10", new(rows, classes, ldi), exps: 1, operations: 9, quick);
        yield return Case("rowloss-ce", "", new(rows, classes, new()), exps: 1, operations: 6, quick);
        yield return Case("rowloss-squared", "", new(rows, classes, new() { Base = BaseLoss.Squared }), exps: 0, operations: 4, quick);
        yield return WeightedSquared(rows, classes, quick);
    }

    // KL of rows that are near each other would be lost to cancellation: those rows take a second pass.
    private static IEnumerable<BenchCase> Related()
    {
        RowLossOptions kl = new() { Distance = OldDistance.KlOldNew, Temperature = 2 };
        foreach ((int rows, int classes) in new[] { (4096, 1000), (65536, 10) })
        {
            yield return Case("rowloss-ce-kl", " t=2 related", new(rows, classes, kl, Related: true), exps: 2, operations: 16, quick: true);
        }
    }

    /// <summary>Cross-entropy and focal FD-KL at τ = 2.</summary>
    public static BenchCase CrossEntropyKl(int rows, int classes)
        => Case("rowloss-ce-kl", " t=2", new(rows, classes, new() { Distance = OldDistance.KlOldNew, Temperature = 2 }), exps: 2, operations: 16, quick: false);

    private static IEnumerable<BenchCase> Small()
    {
        RowLossOptions kl = new() { Distance = OldDistance.KlOldNew, Temperature = 2 };
        yield return Case("rowloss-small", " ce-kl t=2", new(1, 10, kl), exps: 2, operations: 16, quick: true);
    }

    // exps and operations are those of an element; an operation by the formula is a maximum, difference, sum, product or exponential.
    private static BenchCase Case(string kernel, string suffix, RowLossShape shape, int exps, int operations, bool quick)
    {
        double count = (double)shape.Rows * shape.Classes;
        bool old = shape.Options.Distance != OldDistance.None;
        WorkCount work = new()
        {
            Flops = operations * count,
            Exps = exps * count,
            BytesRead = (4 * count * (old ? 2 : 1)) + (4.0 * shape.Rows),
            BytesWritten = 4 * count,
        };
        return new BenchCase(kernel, $"{shape.Rows}x{shape.Classes}{suffix}", shape, work, (kernels, operands) =>
        {
            long length = (long)shape.Rows * shape.Classes;
            Block<float> next = operands.Input(length, -6, 6);
            RowLossOperands losses = new()
            {
                Rows = shape.Rows,
                Classes = shape.Classes,
                New = next,
                LdNew = shape.Classes,
                Old = !old ? default : shape.Related ? operands.InputNear(next, 0.5f) : operands.Input(length, -5, 7),
                LdOld = shape.Classes,
                Labels = operands.Labels(shape.Rows, shape.Classes),
                Gradient = operands.Output(length),
            };
            operands.Run = () =>
            {
                RowLossSums sums = kernels.RowLoss(shape.Options, losses);
                operands.Returned = sums.Base + sums.WeightedDistance;
            };
        })
        { Quick = quick };
    }

    /// <summary>The loss of LQF, with weights.</summary>
    private static BenchCase WeightedSquared(int rows, int classes, bool quick)
    {
        double count = (double)rows * classes;
        WorkCount work = new() { Flops = 5 * count, BytesRead = 12 * count, BytesWritten = 4 * count };
        return new BenchCase("rowloss-weighted", $"{rows}x{classes}", (rows, classes), work, (kernels, operands) =>
        {
            long length = (long)rows * classes;
            Block<float> f = operands.Input(length, -6, 6), targets = operands.Input(length, -5, 7), weights = operands.Input(length, 1, 6);
            Block<float> gradient = operands.Output(length);
            operands.Run = () => operands.Returned = kernels.WeightedSquaredLoss(rows, classes, f, targets, weights, 1f / rows, gradient);
        })
        { Quick = quick };
    }
}
