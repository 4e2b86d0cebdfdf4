using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>The lower triangle of <c>XᵀX</c>, X [Rows × Columns].</summary>
internal readonly record struct SyrkShape(int Rows, int Columns);

/// <summary><c>X·Yᵀ</c>, both [Rows × Inner].</summary>
internal readonly record struct GramShape(int Rows, int Inner);

/// <summary>Symmetric products over the rows of patch matrices.</summary>
internal static class SyrkCases
{
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        Case(new(50176, 576), quick: false),
        Case(new(12544, 1152), quick: false),
        Case(new(3136, 2304), quick: true),
        Gram(new(1024, 8192), quick: true),
    ];

    /// <summary>A block of the Gram matrix of a Jacobian: <c>sum += X·Yᵀ</c> with fp64 sums.</summary>
    private static BenchCase Gram(GramShape shape, bool quick)
    {
        (double n, double k) = (shape.Rows, shape.Inner);
        // The sum is added to: read and written, fp64.
        WorkCount work = new() { Flops = 2 * n * n * k, BytesRead = (8 * n * k) + (8 * n * n), BytesWritten = 8 * n * n };
        return new BenchCase("syrk-gram", $"{shape.Rows}x{shape.Rows}x{shape.Inner}", shape, work, (kernels, operands) =>
        {
            long length = (long)shape.Rows * shape.Inner;
            Block<float> x = operands.Input(length), y = operands.Input(length);
            Block<double> sum = operands.Sum((long)shape.Rows * shape.Rows);
            operands.Run = () => kernels.GramProduct(shape.Rows, shape.Rows, shape.Inner, x, shape.Inner, y, shape.Inner, sum, shape.Rows);
        })
        { Quick = quick };
    }

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
