using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>The lower triangle of <c>XᵀX</c>, X [Rows × Columns].</summary>
internal readonly record struct SyrkShape(int Rows, int Columns);

/// <summary>Symmetric products over the rows of patch matrices.</summary>
internal static class SyrkCases
{
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        Case(new(50176, 576), quick: false),
        Case(new(12544, 1152), quick: false),
        Case(new(3136, 2304), quick: true),
    ];

    private static BenchCase Case(SyrkShape shape, bool quick)
    {
        (double rows, double n) = (shape.Rows, shape.Columns);
        // One triangle, diagonal included: half of a square product.
        WorkCount work = new() { Flops = rows * n * (n + 1), BytesRead = 4 * rows * n, BytesWritten = 4 * n * (n + 1) / 2 };
        return new BenchCase("syrk", $"{shape.Rows}x{shape.Columns}", shape, work, (kernels, operands) =>
        {
            Block<float> x = operands.Input((long)shape.Rows * shape.Columns);
            // The upper triangle stays as it is: random, not the NaN of an output.
            Block<float> c = operands.Input((long)shape.Columns * shape.Columns);
            operands.Run = () => kernels.Syrk(true, shape.Columns, shape.Rows, 1, x, shape.Columns, 0, c, shape.Columns);
        })
        { Quick = quick };
    }
}
