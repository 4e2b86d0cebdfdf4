using System.Runtime.Intrinsics;

namespace GracefulKernels;

/// <summary>
/// <c>AᵀA</c> and <c>AᵀB</c> in fp64, each element a sum in the order of the rows: the same bits on every instruction set and for any number of threads. (The contract's Gram kernels round
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

    /// <summary><c>AᵀB</c>, [columns of A × columns of B].</summary>
    /// <param name="a">A [rows × columnsA].</param>
    /// <param name="columnsA">A multiple of 8.</param>
    /// <param name="b">B [rows × columnsB].</param>
    /// <param name="columnsB">A multiple of 8.</param>
    public static double[] Product(double[] a, int columnsA, double[] b, int columnsB, int rows, int threads)
    {
        double[] c = new double[(long)columnsA * columnsB];
        System.Threading.Tasks.Parallel.For(0, columnsA / Band, new ParallelOptions { MaxDegreeOfParallelism = threads }, band =>
        {
            fixed (double* pa = a, pb = b, pc = c)
            {
                for (int first = 0; first < rows; first += Panel)
                {
                    int count = Math.Min(Panel, rows - first);
                    double* x = pa + ((long)first * columnsA) + (band * Band), y = pb + ((long)first * columnsB);
                    for (int j = 0; j < columnsB; j += Band) Square(x, columnsA, y + j, columnsB, count, pc + ((long)band * Band * columnsB) + j);
                }
            }
        });
        return c;
    }

    private static void Accumulate(double* a, int rows, int columns, int band, double* c)
    {
        for (int j = 0; j <= band; j += Band) Square(a + band, columns, a + j, columns, rows, c + ((long)band * columns) + j);
    }

    /// <summary>Adds to 8 × 8 elements of C, whose rows are as far apart as those of B.</summary>
    private static void Square(double* a, int lda, double* b, int ldb, int rows, double* c)
    {
        Tile(a, lda, b, ldb, rows, c);
        Tile(a + 4, lda, b, ldb, rows, c + (4L * ldb));
    }

    /// <summary>Adds to 4 × 8 elements of C.</summary>
    private static void Tile(double* a, int lda, double* b, int ldb, int rows, double* c)
    {
        double* c1 = c + ldb, c2 = c1 + ldb, c3 = c2 + ldb;
        Vector256<double> s0 = Vector256.Load(c), t0 = Vector256.Load(c + 4), s1 = Vector256.Load(c1), t1 = Vector256.Load(c1 + 4);
        Vector256<double> s2 = Vector256.Load(c2), t2 = Vector256.Load(c2 + 4), s3 = Vector256.Load(c3), t3 = Vector256.Load(c3 + 4);
        for (int k = 0; k < rows; k++, a += lda, b += ldb)
        {
            Vector256<double> x = Vector256.Load(b), y = Vector256.Load(b + 4), w = Vector256.Create(a[0]);
            s0 += w * x;
            t0 += w * y;
            w = Vector256.Create(a[1]);
            s1 += w * x;
            t1 += w * y;
            w = Vector256.Create(a[2]);
            s2 += w * x;
            t2 += w * y;
            w = Vector256.Create(a[3]);
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
