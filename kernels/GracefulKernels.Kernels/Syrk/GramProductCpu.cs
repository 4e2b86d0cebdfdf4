using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    /// <summary>Inner steps whose products are added in fp32.</summary>
    private const int GramStretch = 512;

    /// <summary>Rows and columns of the part of a Gram matrix whose fp32 sums, 1 MB, and fp64 sums stay in a cache while the inner dimension passes.</summary>
    private const int GramTile = 512;

    public void GramProduct(int m, int n, int k, Block<float> x, int ldX, Block<float> y, int ldY, Block<double> sum, int ldSum)
    {
        for (int row = 0; row < m; row += GramTile)
        {
            int rows = Math.Min(GramTile, m - row);
            for (int column = 0; column < n; column += GramTile)
            {
                int columns = Math.Min(GramTile, n - column);
                float* partial = Scratch.Get<float>(ScratchSlot.Covariance, (long)rows * columns);
                for (int inner = 0; inner < k; inner += GramStretch)
                {
                    var shape = new GemmShape(rows, columns, Math.Min(GramStretch, k - inner), false, true, ldX, ldY, columns);
                    Product(
                        shape, products: 1, 1f, x.Pointer + ((nint)row * ldX) + inner, y.Pointer + ((nint)column * ldY) + inner, null, null, 0f, partial, default);
                    var job = new AddStretchJob { Partial = partial, Columns = columns, Rows = rows, Sum = sum.Pointer + ((nint)row * ldSum) + column, Ld = ldSum };
                    _workers.Run(Chunks.Count(rows, Chunks.Rows(columns)), ref job, (long)rows * columns);
                }
            }
        }
    }

    /// <summary>Adds fp32 sums [rows × columns] to fp64 ones.</summary>
    private struct AddStretchJob : IJob
    {
        public float* Partial;
        public double* Sum;
        public int Rows, Columns, Ld;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            int height = (int)Chunks.Rows(Columns), end = Math.Min((chunk + 1) * height, Rows);
            for (int i = chunk * height; i < end; i++)
            {
                float* from = Partial + ((nint)i * Columns);
                double* to = Sum + ((nint)i * Ld);
                int j = 0;
                for (; j + 16 <= Columns; j += 16)
                {
                    TLanes.Widen(TLanes.Load(from + j), out TDoubles low, out TDoubles high);
                    TDoubles.Store(to + j, TDoubles.Load(to + j) + low);
                    TDoubles.Store(to + j + 8, TDoubles.Load(to + j + 8) + high);
                }
                for (; j < Columns; j++) to[j] += from[j];
            }
        }
    }
}
