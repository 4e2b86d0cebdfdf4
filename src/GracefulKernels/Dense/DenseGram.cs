using System.Runtime.Intrinsics;

namespace GracefulKernels;

/// <summary>
/// <c>AᵀA</c> in fp64, each element a sum in the order of the rows: the same bits on every instruction set and for any number of threads. (The contract's Gram kernels round
/// products to fp32, which a small ridge weight does not bear.)
/// </summary>
internal static unsafe class DenseGram
{
    private const int Band = 8;
    private const int Panel = 256;

    /// <summary>The columns that a matrix is padded to.</summary>
    public static int Padded(int columns) => checked(columns + Band - 1) / Band * Band;

    /// <summary>The lower triangle of <c>AᵀA</c>, [columns × columns]; what is above it is not to be read.</summary>
    /// <param name="a">A [rows × columns].</param>
    /// <param name="columns">A multiple of 8.</param>
    public static double[] Lower(double[] a, int rows, int columns, int threads)
    {
        double[] c = new double[checked(columns * columns)];
        System.Threading.Tasks.Parallel.For(0, columns / Band, new ParallelOptions { MaxDegreeOfParallelism = threads }, band =>
        {
            fixed (double* pa = a, pc = c)
            {
                for (int first = 0; first < rows; first += Panel)
                {
                    Accumulate(pa + ((long)first * columns), Math.Min(Panel, rows - first), columns, band * Band, pc);
                }
            }
        });
        return c;
    }

    private static void Accumulate(double* a, int rows, int columns, int band, double* c)
    {
        for (int j = 0; j <= band; j += Band)
        {
            for (int i = band; i < band + Band; i += 4) Tile(a, rows, columns, i, j, c + ((long)i * columns) + j);
        }
    }

    /// <summary>Adds to 4 × 8 elements of C.</summary>
    private static void Tile(double* a, int rows, int columns, int i, int j, double* c)
    {
        double* c1 = c + columns, c2 = c1 + columns, c3 = c2 + columns;
        Vector256<double> s0 = Vector256.Load(c), t0 = Vector256.Load(c + 4), s1 = Vector256.Load(c1), t1 = Vector256.Load(c1 + 4);
        Vector256<double> s2 = Vector256.Load(c2), t2 = Vector256.Load(c2 + 4), s3 = Vector256.Load(c3), t3 = Vector256.Load(c3 + 4);
        for (int k = 0; k < rows; k++, a += columns)
        {
            Vector256<double> x = Vector256.Load(a + j), y = Vector256.Load(a + j + 4), w = Vector256.Create(a[i]);
            s0 += w * x;
            t0 += w * y;
            w = Vector256.Create(a[i + 1]);
            s1 += w * x;
            t1 += w * y;
            w = Vector256.Create(a[i + 2]);
            s2 += w * x;
            t2 += w * y;
            w = Vector256.Create(a[i + 3]);
            s3 += w * x;
            t3 += w * y;
        }
        s0.Store(c);
        t0.Store(c + 4);
        s1.Store(c1);
        t1.Store(c1 + 4);
        s2.Store(c2);
        t2.Store(c2 + 4);
        s3.Store(c3);
        t3.Store(c3 + 4);
    }
}
