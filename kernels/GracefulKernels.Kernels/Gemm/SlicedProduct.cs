using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>One or two products cut along the inner dimension, each slice by one thread into memory of its own.</summary>
internal unsafe struct SlicedProduct<TLanes, TDoubles> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    public GemmShape Shape;
    public InnerSlices Slices;
    public int Products;
    public float* A1, B1, A2, B2;

    /// <summary>Runs each slice on one thread, whichever thread takes it.</summary>
    public Workers Workers;

    /// <summary>[slice][m × <see cref="Ld"/>].</summary>
    public float* Partial;

    public int Ld;

    public readonly void Execute(int slice)
    {
        int start = slice * Slices.Length, length = Math.Min(Slices.Length, Shape.K - start);
        nint toA = Shape.TransposeA ? (nint)start * Shape.LdA : start, toB = Shape.TransposeB ? start : (nint)start * Shape.LdB;
        var inner = new InnerBlocks(length, Products, Shape.N, Shape.TransposeA);
        var rows = new MatrixRows<TLanes, TDoubles>(A1 + toA, A2 + toA, Shape.LdA, Shape.TransposeA, Shape.N, inner);
        var columns = new MatrixColumns<TLanes, TDoubles>(B1 + toB, B2 + toB, Shape.LdB, Shape.TransposeB, inner);
        float* to = Partial + ((nint)slice * Shape.M * Ld);
        ProductCpu<TLanes, TDoubles>.Run(Workers, rows, columns, inner, new Output(1f, 0f, Shape.N, default), Shape.M, Shape.N, to, Ld, lower: false);
    }

    /// <summary>Adds the slices in order and stores the sum through factors and epilogue.</summary>
    [SkipLocalsInit]
    public readonly void Finish(in Output output, float* c)
    {
        float* sums = stackalloc float[TileCpu<TLanes, TDoubles>.RowLimit * TileCpu<TLanes, TDoubles>.Group];
        for (int row = 0, rows; row < Shape.M; row += rows)
        {
            rows = Math.Min(TileCpu<TLanes, TDoubles>.RowLimit, Shape.M - row);
            for (int column = 0; column < Shape.N; column += TileCpu<TLanes, TDoubles>.Group)
            {
                int columns = Math.Min(TileCpu<TLanes, TDoubles>.Group, Shape.N - column), width = TileCpu<TLanes, TDoubles>.Width(columns);
                for (int r = 0; r < rows; r++) Sum(Partial + ((nint)(row + r) * Ld) + column, width, sums + (r * width));
                var tile = new OutputTile
                {
                    C = c + ((nint)row * Shape.LdC) + column,
                    Ld = Shape.LdC,
                    Row = row,
                    Column = column,
                    Rows = rows,
                    Columns = columns,
                    Limit = OutputTile.NoLimit,
                    First = true,
                    Last = true,
                };
                TileCpu<TLanes, TDoubles>.Finish(sums, width, output, tile);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sum(float* partial, int width, float* to)
    {
        nint slice = (nint)Shape.M * Ld;
        for (int j = 0; j < width; j += 16)
        {
            TLanes sum = TLanes.Load(partial + j);
            for (int s = 1; s < Slices.Count; s++) sum += TLanes.Load(partial + (s * slice) + j);
            TLanes.Store(to + j, sum);
        }
    }
}
