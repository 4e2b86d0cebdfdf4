using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Device code that takes columns of a matrix and adds to them: neighbouring threads hold neighbouring columns of the dense side.</summary>
internal static class ColumnGpuKernels
{
    public static readonly GpuKernel<Arguments> Take = new(TakeRows);
    public static readonly GpuKernel<Arguments> Add = new(AddRows);

    internal struct Arguments
    {
        public ArrayView<int> Columns;
        public ArrayView<float> Factors, From, To;

        /// <summary>Over the dense side.</summary>
        public RowGrid Grid;

        /// <summary>Leading dimension of the other.</summary>
        public int Ld;
    }

    private static void TakeRows(Arguments g)
    {
        RowPlace at = RowPlace.Of(g.Grid);
        int column = 0;
        if (at.Row < g.Grid.Rows) column = g.Columns[at.Column];
        for (long row = at.Row; row < g.Grid.Rows; row += at.Step) g.To[(row * g.Grid.Columns) + at.Column] = g.From[(row * g.Ld) + column];
    }

    private static void AddRows(Arguments g)
    {
        RowPlace at = RowPlace.Of(g.Grid);
        int column = 0;
        if (at.Row < g.Grid.Rows) column = g.Columns[at.Column];
        for (long row = at.Row; row < g.Grid.Rows; row += at.Step)
        {
            float factor = g.Factors[row];
            if (factor != 0f) g.To[(row * g.Ld) + column] += factor * g.From[(row * g.Grid.Columns) + at.Column];
        }
    }
}
