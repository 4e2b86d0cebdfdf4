using ILGPU;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void TakeColumns(int rows, Block<int> columns, Block<float> source, int ld, Block<float> taken)
    {
        if (rows == 0 || columns.IsEmpty) return;
        using GpuCall call = Begin();
        ColumnGpuKernels.Arguments g = new()
        {
            Columns = call.Read(columns),
            From = call.Read(source),
            To = call.Write(taken),
            Ld = ld,
            Grid = RowGrid.Of(rows, (int)columns.Length, rowsPerThread: 4),
        };
        call.Launch(ColumnGpuKernels.Take, g.Grid.Groups(), g);
    }

    public void AddColumns(int rows, Block<int> columns, Block<float> factors, Block<float> source, Block<float> destination, int ld)
    {
        if (rows == 0 || columns.IsEmpty) return;
        using GpuCall call = Begin();
        ArrayView<float> target = call.Update(destination);
        ColumnGpuKernels.Arguments g = new()
        {
            Columns = call.Read(columns),
            Factors = call.Read(factors),
            From = call.Read(source),
            To = target,
            Ld = ld,
            Grid = RowGrid.Of(rows, (int)columns.Length, rowsPerThread: 4),
        };
        call.Launch(ColumnGpuKernels.Add, g.Grid.Groups(), g);
    }
}
