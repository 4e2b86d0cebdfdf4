namespace GracefulKernels.Tests;

public abstract class KroneckerApplyTests(KernelFamily family)
{
    public static IEnumerable<(int Rows, int Columns)> Shapes => [(1, 1), (3, 5), (16, 17), (33, 70), (70, 33), (10, 145), (64, 289)];

    [Fact]
    public void TwoSidedApply()
    {
        foreach ((int rows, int columns) in Shapes)
        {
            float[] l = Symmetric(rows, 1), r = Symmetric(columns, 2), v = RandomFloats.Uniform(3, rows * columns);
            using var gl = new GuardedBuffer<float>(l);
            using var gr = new GuardedBuffer<float>(r);
            using var gv = new GuardedBuffer<float>(v);
            float[] nan = RandomFloats.Filled(v.Length, float.NaN);
            float[] both = family.Run(nan, (k, o) =>
            {
                using var workspace = new GuardedBuffer<float>(nan);
                k.KroneckerApply(rows, columns, gl.Block, gr.Block, gv.Block, workspace.Block, o);
            });
            float[] right = family.Run(nan, (k, o) =>
            {
                using var workspace = new GuardedBuffer<float>(nan);
                k.KroneckerApply(rows, columns, default, gr.Block, gv.Block, workspace.Block, o);
            });
            // The first product errs by γ_rows of its magnitudes, the second by γ_columns: together by γ_(rows + columns) of |L||V||R|.
            Check(rows, columns, l, v, r, both, Tolerance.Gamma(rows + columns));
            Check(rows, columns, null, v, r, right, Tolerance.Gamma(columns));
        }
    }

    private static float[] Symmetric(int n, int seed)
    {
        float[] a = RandomFloats.Uniform(seed, n * n);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++) a[(j * n) + i] = a[(i * n) + j];
        }
        return a;
    }

    private static void Check(int rows, int columns, float[]? l, float[] v, float[] r, float[] actual, double gamma)
    {
        for (int i = 0; i < rows; i++)
        {
            double[] line = new double[columns], size = new double[columns];
            for (int p = 0; p < rows; p++)
            {
                double factor = l is null ? (p == i ? 1 : 0) : l[(i * rows) + p];
                for (int j = 0; j < columns; j++)
                {
                    line[j] += factor * v[(p * columns) + j];
                    size[j] += Math.Abs(factor * v[(p * columns) + j]);
                }
            }
            for (int j = 0; j < columns; j++)
            {
                double sum = 0, bound = 0;
                for (int p = 0; p < columns; p++)
                {
                    sum += line[p] * r[(p * columns) + j];
                    bound += size[p] * Math.Abs(r[(p * columns) + j]);
                }
                Assert.True(Math.Abs(actual[(i * columns) + j] - sum) <= gamma * bound, $"[{rows} × {columns}] at ({i}, {j})");
            }
        }
    }
}

public sealed class KroneckerApplyTestsOnCpu() : KroneckerApplyTests(KernelFamily.Cpu);

public sealed class KroneckerApplyTestsOnGpu() : KroneckerApplyTests(KernelFamily.Gpu);
