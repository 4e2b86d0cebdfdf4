using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Products of a matrix with its transpose, lower triangle, and the sum of a covariance. Names say how the first operand is stored, as in
/// <see cref="GemmGpuKernels"/>; the products of <c>AᵀA</c> and <c>AAᵀ</c> are those of Gemm where storages agree.
/// </summary>
internal static class SyrkGpuKernels
{
    /// <summary>Rows and columns of the part of a covariance that a group adds.</summary>
    public const int SumTile = 32;

    public static readonly GpuKernel<ProductArguments<SampleSource, SampleSource, MatrixOutput>> Samples128x128 =
        new(GpuProduct.Run<Tile128x128, SampleSource, MatrixWalk, SampleSource, MatrixWalk, MatrixOutput>, 256, KernelTraits.Vectors, sharing: 2);

    public static readonly GpuKernel<ProductArguments<SampleSource, SampleSource, MatrixOutput>> Samples64x64 =
        new(GpuProduct.Run<Tile64x64, SampleSource, MatrixWalk, SampleSource, MatrixWalk, MatrixOutput>, 128, KernelTraits.Vectors);

    public static readonly GpuKernel<StretchArguments> AddStretches = new(AddStretchesToSum);

    public static readonly GpuKernel<RowStretchArguments> AddRows = new(AddStretchesToRows);

    internal struct StretchArguments
    {
        /// <summary>[stretches][order][ld]: lower triangles.</summary>
        public ArrayView<float> Partial;

        /// <summary>[order × order].</summary>
        public ArrayView<double> Sum;
        public long Stride;
        public int Order, Ld, Stretches;
    }

    internal struct RowStretchArguments
    {
        /// <summary>[stretches][rows][ld].</summary>
        public ArrayView<float> Partial;

        /// <summary>Rows <see cref="LdSum"/> apart.</summary>
        public ArrayView<double> Sum;
        public long Stride;
        public int Columns, Ld, LdSum, ColumnGroups, Stretches;
    }

    /// <summary>Adds the stretches, in their order: a group has a part of a row.</summary>
    private static void AddStretchesToRows(RowStretchArguments g)
    {
        int row = Grid.IdxX / g.ColumnGroups;
        int column = ((Grid.IdxX - (row * g.ColumnGroups)) * GpuKernels.GroupSize) + Group.IdxX;
        if (column < g.Columns)
        {
            double sum = 0;
            long at = ((long)row * g.Ld) + column;
            for (int stretch = 0; stretch < g.Stretches; stretch++)
            {
                sum += g.Partial[at];
                at += g.Stride;
            }
            g.Sum[((long)row * g.LdSum) + column] += sum;
        }
    }

    /// <summary>
    /// Adds the stretches, in their order, to both triangles: a group has a square of the lower triangle, and turns it in shared memory for the upper, so that
    /// both are read and written in rows.
    /// </summary>
    private static void AddStretchesToSum(StretchArguments g)
    {
        // An odd width, so that columns meet every bank.
        ArrayView<double> turned = SharedMemory.Allocate<double>(SumTile * (SumTile + 1));
        int tileRow = GpuProduct.TriangleRow(Grid.IdxX);
        int tileColumn = Grid.IdxX - (tileRow * (tileRow + 1) / 2);
        int x = Group.IdxX & 31, y = Group.IdxX >> 5;
        for (int line = y; line < SumTile; line += GpuKernels.GroupSize / SumTile)
        {
            int i = (tileRow * SumTile) + line, j = (tileColumn * SumTile) + x;
            if (i < g.Order && j <= i)
            {
                double sum = 0;
                long at = ((long)i * g.Ld) + j;
                for (int stretch = 0; stretch < g.Stretches; stretch++)
                {
                    sum += g.Partial[at];
                    at += g.Stride;
                }
                g.Sum[((long)i * g.Order) + j] += sum;
                turned[(line * (SumTile + 1)) + x] = sum;
            }
        }
        Group.Barrier();
        for (int line = y; line < SumTile; line += GpuKernels.GroupSize / SumTile)
        {
            int i = (tileColumn * SumTile) + line, j = (tileRow * SumTile) + x;
            if (j < g.Order && i < j) g.Sum[((long)i * g.Order) + j] += turned[(x * (SumTile + 1)) + line];
        }
    }
}
