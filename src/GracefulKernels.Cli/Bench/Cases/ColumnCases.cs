using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>[Rows × Classes] logits of which Shared columns are those of both models.</summary>
internal readonly record struct ColumnShape(int Rows, int Classes, int Shared);

/// <summary>What a class map costs beside the loss: the shared classes' columns taken out of logits, and a gradient of them added back. Both stream memory.</summary>
internal static class ColumnCases
{
    public static IReadOnlyList<BenchCase> All { get; } = [.. new ColumnShape[] { new(4096, 1000, 900), new(65536, 100, 90) }.SelectMany(OfShape)];

    private static IEnumerable<BenchCase> OfShape(ColumnShape shape) => [Take(shape), Add(shape)];

    private static BenchCase Take(ColumnShape s)
    {
        double count = (double)s.Rows * s.Shared;
        WorkCount work = new() { Flops = count, BytesRead = 4 * (count + s.Shared), BytesWritten = 4 * count };
        return new BenchCase("rowloss-take-columns", Title(s), s, work, (kernels, operands) =>
        {
            Block<int> columns = Columns(operands, s);
            Block<float> logits = operands.Input((long)s.Rows * s.Classes), taken = operands.Output((long)s.Rows * s.Shared);
            operands.Run = () => kernels.TakeColumns(s.Rows, columns, logits, s.Classes, taken);
        })
        { Quick = s.Classes == 1000 };
    }

    private static BenchCase Add(ColumnShape s)
    {
        double count = (double)s.Rows * s.Shared;
        WorkCount work = new() { Flops = 2 * count, BytesRead = 4 * ((2 * count) + s.Shared + s.Rows), BytesWritten = 4 * count };
        return new BenchCase("rowloss-add-columns", Title(s), s, work, (kernels, operands) =>
        {
            Block<int> columns = Columns(operands, s);
            // Added up hundreds of times, the gradient stays small.
            Block<float> factors = operands.Input(s.Rows, -1e-3f, 1e-3f), part = operands.Input((long)s.Rows * s.Shared), gradient = operands.Input((long)s.Rows * s.Classes);
            operands.Run = () => kernels.AddColumns(s.Rows, columns, factors, part, gradient, s.Classes);
        })
        { Quick = s.Classes == 1000 };
    }

    private static string Title(ColumnShape s) => $"{s.Rows}x{s.Shared}/{s.Classes}";

    /// <summary>Ascending, as class maps have them, with one in so many left out.</summary>
    private static unsafe Block<int> Columns(Operands operands, ColumnShape s) => operands.Filled<int>(s.Shared, block =>
    {
        for (int j = 0; j < s.Shared; j++) block.Pointer[j] = (int)((long)j * s.Classes / s.Shared);
    });
}
