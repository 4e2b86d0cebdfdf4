using GracefulKernels.Kernels;

namespace GracefulKernels.Cli.Bench;

/// <summary>The Kronecker factors of all layers of ResNet-50 (224² images), and their inverses.</summary>
internal static class FactorCases
{
    /// <summary>A of every layer's input patches and G of one probe of every layer's output gradients, layer after layer.</summary>
    public static BenchCase ResNet50Factors(int batch)
    {
        ConvolutionShape[] layers = [.. ResNet50(batch)];
        double a = layers.Sum(s => Count(s, s.PatchLength)), g = layers.Sum(s => Count(s, s.OutChannels));
        double bytes = layers.Sum(s => 4.0 * (s.InputLength + s.OutputLength));
        WorkCount work = new() { Flops = a + g, BytesRead = bytes, BytesWritten = layers.Sum(s => 8 * (Square(s.PatchLength) + Square(s.OutChannels))) };
        return new BenchCase("factors-resnet50", $"batch {batch}", batch, work, (kernels, operands) =>
        {
            // The layers in turn use one array of activations and one of gradients: contents do not matter to the time.
            Block<float> x = operands.Input(layers.Max(s => s.InputLength)), dy = operands.Input(layers.Max(s => s.OutputLength));
            Block<double> sum = operands.Sum(layers.Max(s => (long)Math.Max(s.PatchLength, s.OutChannels) * Math.Max(s.PatchLength, s.OutChannels)));
            operands.Run = () =>
            {
                foreach (ConvolutionShape s in layers)
                {
                    kernels.PatchCovariance(s, x.Slice(0, s.InputLength), false, sum.Slice(0, (long)s.PatchLength * s.PatchLength));
                    kernels.Covariance(s.Batch * s.Positions, s.OutChannels, dy.Slice(0, s.OutputLength), false, sum.Slice(0, (long)s.OutChannels * s.OutChannels));
                }
            };
        });
    }

    /// <summary>Cholesky factor and inverse of every A and G, those of one order together.</summary>
    public static BenchCase ResNet50Inverses()
    {
        (int Order, int Count)[] groups =
        [
            .. ResNet50(1).SelectMany(s => new[] { s.PatchLength, s.OutChannels }).GroupBy(n => n).OrderBy(g => g.Key).Select(g => (g.Key, g.Count())),
        ];
        WorkCount work = new()
        {
            Flops = groups.Sum(g => g.Count * Square(g.Order) * g.Order),
            Fp64 = true,
            BytesRead = groups.Sum(g => 8 * g.Count * Square(g.Order)),
            BytesWritten = groups.Sum(g => 8 * g.Count * Square(g.Order)),
        };
        return new BenchCase("cholesky-resnet50", "all factors", groups, work, (kernels, operands) =>
        {
            List<(int N, int Count, Block<double> Original, Block<double> A, Block<int> Pivots)> all = [];
            foreach ((int n, int count) in groups)
            {
                long length = (long)n * n;
                Block<double> original = operands.Filled<double>(length, b => CholeskyCases.FillPositiveDefinite(b, n));
                all.Add((n, count, original, operands.Sum(count * length), operands.Allocate<int>(count)));
            }
            operands.Reset = () =>
            {
                foreach ((int n, int count, Block<double> original, Block<double> a, _) in all)
                {
                    for (int i = 0; i < count; i++) kernels.Copy(original, a.Slice(i * original.Length, original.Length));
                }
            };
            operands.Run = () =>
            {
                foreach ((int n, int count, Block<double> original, Block<double> a, Block<int> pivots) in all)
                {
                    kernels.CholeskyFactorBatch(count, n, a, n, original.Length, pivots);
                    kernels.CholeskyInverseBatch(count, n, a, n, original.Length);
                }
            };
        });
    }

    /// <summary>Its convolutions, in order; strides in the 3×3 of a block (version 1.5).</summary>
    internal static IEnumerable<ConvolutionShape> ResNet50(int batch)
    {
        yield return new(batch, 224, 224, 3, 64, kernel: 7, stride: 2, padding: 3);
        int size = 56, channels = 64;
        foreach ((int width, int blocks, int stride) in new[] { (64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2) })
        {
            for (int block = 0; block < blocks; block++)
            {
                int step = block == 0 ? stride : 1;
                yield return new(batch, size, size, channels, width, kernel: 1, stride: 1, padding: 0);
                yield return new(batch, size, size, width, width, kernel: 3, stride: step, padding: 1);
                if (block == 0) yield return new(batch, size, size, channels, 4 * width, kernel: 1, stride: step, padding: 0);
                size /= step;
                yield return new(batch, size, size, width, 4 * width, kernel: 1, stride: 1, padding: 0);
                channels = 4 * width;
            }
        }
    }

    private static double Count(ConvolutionShape s, double order) => (double)s.Batch * s.Positions * order * (order + 1);

    private static double Square(double n) => n * n;
}
