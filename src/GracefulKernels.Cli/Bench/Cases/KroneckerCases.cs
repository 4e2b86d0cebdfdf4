using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary><c>L·V·R</c>, V [Rows × Columns].</summary>
internal readonly record struct KroneckerShape(int Rows, int Columns);

/// <summary>The two-sided apply of a Kronecker-factored preconditioner, for the largest layer of ResNet-18 and for a small one.</summary>
internal static class KroneckerCases
{
    public static IReadOnlyList<BenchCase> All { get; } = [Case(new(512, 4608), quick: false), Case(new(64, 576), quick: true)];

    private static BenchCase Case(KroneckerShape shape, bool quick)
    {
        (double r, double c) = (shape.Rows, shape.Columns);
        WorkCount work = new()
        {
            Flops = (2 * r * r * c) + (2 * r * c * c),
            BytesRead = 4 * ((r * r) + (c * c) + (r * c)),
            BytesWritten = 4 * r * c,
        };
        return new BenchCase("kronecker-apply", $"{shape.Rows}x{shape.Columns}", shape, work, (kernels, operands) =>
        {
            Block<float> left = Symmetric(operands, shape.Rows), right = Symmetric(operands, shape.Columns);
            long count = (long)shape.Rows * shape.Columns;
            Block<float> v = operands.Input(count), workspace = operands.Allocate<float>(count), y = operands.Output(count);
            operands.Run = () => kernels.KroneckerApply(shape.Rows, shape.Columns, left, right, v, workspace, y);
        })
        { Quick = quick };
    }

    private static Block<float> Symmetric(Operands operands, int n) => operands.Input((long)n * n, arrange: a =>
    {
        Span<float> rows = a.Span;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++) rows[(j * n) + i] = rows[(i * n) + j];
        }
    });
}
