using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Device code around the products: what keeps ignored rows out of them.</summary>
internal static class LinearCrossEntropyGpuKernels
{
    public static readonly GpuKernel<Arguments> Take = new(TakeRows);
    public static readonly GpuKernel<Arguments> Bring = new(BringRows);

    /// <summary>Rows of an operand, and the same rows side by side.</summary>
    internal struct Arguments
    {
        public ArrayView<float> Operand, Rows;
        public ArrayView<int> Labels;
        public RowGrid Grid;
        public int Ld, IgnoreIndex, Adds;
    }

    /// <summary>Rows of the operand side by side, ignored ones as zeros: 0 times what they hold might be a NaN.</summary>
    private static void TakeRows(Arguments g)
    {
        RowPlace at = RowPlace.Of(g.Grid);
        for (long row = at.Row; row < g.Grid.Rows; row += at.Step)
        {
            float v = 0f;
            if (g.Labels[row] != g.IgnoreIndex) v = g.Operand[(row * g.Ld) + at.Column];
            g.Rows[(row * g.Grid.Columns) + at.Column] = v;
        }
    }

    /// <summary>Rows to the operand, or added to it; ignored ones bring 0, whatever was computed.</summary>
    private static void BringRows(Arguments g)
    {
        RowPlace at = RowPlace.Of(g.Grid);
        for (long row = at.Row; row < g.Grid.Rows; row += at.Step)
        {
            float v = 0f;
            if (g.Labels[row] != g.IgnoreIndex) v = g.Rows[(row * g.Grid.Columns) + at.Column];
            long i = (row * g.Ld) + at.Column;
            if (g.Adds != 0) v += g.Operand[i];
            g.Operand[i] = v;
        }
    }
}
