using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Large products, several blocks in each dimension, by <c>‖C t − A(B t)‖</c> in fp64.</summary>
public abstract unsafe class GemmResidualTests(KernelFamily family)
{
    [Fact]
    public void ResidualIsOfTheSizeOfRounding()
    {
        (int, int, int)[] sizes = [(401, 727, 1003), (1501, 64, 577), (512, 512, 512)];
        // A device on the processor takes its time: one size.
        foreach (IKernels kernels in family.Sets) Check(kernels, family.IsCpu ? sizes : sizes[..1]);
    }

    private static void Check(IKernels kernels, (int, int, int)[] sizes)
    {
        foreach ((int m, int n, int k) in sizes)
        {
            foreach ((bool ta, bool tb) in new[] { (false, false), (false, true), (true, false), (true, true) })
            {
                var random = new Random(m);
                float[] a = Matrices.Random(random, m * k), b = Matrices.Random(random, k * n), c = new float[m * n];
                fixed (float* pa = a, pb = b, pc = c)
                {
                    kernels.Gemm(new GemmShape(m, n, k, ta, tb), 1f, new(pa, a.Length), new(pb, b.Length), 0f, new(pc, c.Length), default);
                }
                double[] t = [.. Matrices.Random(random, n).Select(v => (double)v)];
                double[] residual = Times(c, m, n, false, t), bt = Times(b, k, n, tb, t), abt = Times(a, m, k, ta, bt);
                for (int i = 0; i < m; i++) residual[i] -= abt[i];
                // Partial sums after p terms have size √p / 3 and each is rounded: an error of u·k / (3√2)·√(1/3) in an element. √n of them meet
                // t of size 1/√3 in a row, over m rows. The bound is 2.4 times that.
                double expected = Tolerance.Unit * k / 3 * Math.Sqrt(n / 3.0) * Math.Sqrt(m);
                Assert.True(Norm(residual) <= expected, $"{kernels.Name} {m} × {n} × {k} {ta} {tb}: {Norm(residual):E2}, allowed {expected:E2}");
            }
        }
    }

    private static double[] Times(float[] matrix, int rows, int columns, bool transposed, double[] v)
    {
        double[] result = new double[rows];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++) result[i] += (transposed ? matrix[(j * rows) + i] : matrix[(i * columns) + j]) * v[j];
        }
        return result;
    }

    private static double Norm(double[] v) => Math.Sqrt(v.Sum(x => x * x));
}

public sealed class GemmResidualTestsOnCpu() : GemmResidualTests(KernelFamily.Cpu);

public sealed class GemmResidualTestsOnGpu() : GemmResidualTests(KernelFamily.Gpu);
