using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Activations and channel-wise operations: rows below and above a chunk, columns around whole lanes.</summary>
internal static class LayerBitCases
{
    private static readonly (int Rows, int Columns)[] Shapes = [(1, 1), (3, 17), (70, 16), (5, 513), (4100, 24), (2, 70_000), (70_000, 3)];

    public static IEnumerable<BitCase> All => Shapes.SelectMany(s => Of(s.Rows, s.Columns));

    public static IEnumerable<BitCase> Of(int rows, int columns)
    {
        string shape = $"{rows}x{columns}";
        long all = (long)rows * columns, words = (long)rows * ((columns + 15) / 16);
        yield return new(nameof(IKernels.LeakyRelu), shape, (k, o)
            => k.LeakyRelu(rows, columns, 0.01f, o.Input(1, all), o.Output(all), o.Output(new ushort[words])));
        yield return new(nameof(IKernels.LeakyReluMasked), shape, (k, o) =>
        {
            var random = new Random(1);
            Block<ushort> mask = o.Input<ushort>([.. Enumerable.Range(0, (int)words).Select(_ => (ushort)random.Next(1 << 16))]);
            k.LeakyReluMasked(rows, columns, 0.01f, mask, o.Input(2, all), 0.5f, o.Updated(3, all));
        });
        yield return new(nameof(IKernels.ChannelAffine), shape, (k, o)
            => k.ChannelAffine(rows, columns, o.Input(1, all), o.Input(2, columns), o.Input(3, columns), 0.5f, o.Updated(4, all)));
        yield return new(nameof(IKernels.ChannelAffinePair), shape, (k, o) => k.ChannelAffinePair(
            rows, columns, o.Input(1, all), o.Input(2, columns), o.Input(3, all), o.Input(4, columns), o.Input(5, columns), o.Output(all)));
        yield return new(nameof(IKernels.ChannelAffineGradient), shape, (k, o) => k.ChannelAffineGradient(
            rows, columns, o.Input(1, all), o.Input(2, columns), o.Input(3, columns), o.Input(4, all), 0.5f, o.Updated(5, columns)));
        yield return new(nameof(IKernels.ColumnSum), shape, (k, o) => k.ColumnSum(rows, columns, o.Input(1, all), 0.5f, o.Updated(2, columns)));
    }
}
