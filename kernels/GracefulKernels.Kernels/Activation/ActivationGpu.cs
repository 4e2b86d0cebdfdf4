namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void LeakyRelu(long rows, int columns, float slope, Block<float> x, Block<float> y, Block<ushort> mask)
    {
        using GpuCall call = Begin();
        ActivationGpuKernels.Arguments g = new() { Slope = slope, X = call.Read(x), Y = call.Write(y), Mask = call.Write(mask) };
        bool aligned = Float4.Fits(g.X) && Float4.Fits(g.Y);
        if (mask.IsEmpty)
        {
            call.Launch(aligned ? ActivationGpuKernels.Leaky : ActivationGpuKernels.LeakyAny, Tiles(x.Length, aligned ? 16 : 4), g);
        }
        else if (aligned && columns % 16 == 0)
        {
            // Rows of whole words leave no gap in the mask: all of them are one long row.
            call.Launch(ActivationGpuKernels.LeakyAndMask, Tiles(x.Length, 16), g);
        }
        else
        {
            g.Columns = columns;
            g.Grid = RowGrid.Of(rows, (columns + 15) / 16 * 16, rowsPerThread: 1);
            call.Launch(ActivationGpuKernels.LeakyAndMaskAny, g.Grid.Groups(), g);
        }
    }

    public void LeakyReluMasked(long rows, int columns, float slope, Block<ushort> mask, Block<float> x, float beta, Block<float> y)
    {
        using GpuCall call = Begin();
        ActivationGpuKernels.Arguments g = new()
        {
            Slope = slope, Beta = beta, Columns = columns, X = call.Read(x), Y = beta == 0 ? call.Write(y) : call.Update(y), Mask = call.Read(mask),
        };
        if (Float4.Fits(g.X) && Float4.Fits(g.Y) && columns % 16 == 0)
        {
            call.Launch(beta == 0 ? ActivationGpuKernels.Masked : ActivationGpuKernels.MaskedAdd, Tiles(x.Length, 16), g);
        }
        else
        {
            g.Grid = RowGrid.Of(rows, columns, rowsPerThread: 4);
            call.Launch(beta == 0 ? ActivationGpuKernels.MaskedAny : ActivationGpuKernels.MaskedAddAny, g.Grid.Groups(), g);
        }
    }

    /// <summary>Groups whose threads take so many elements each, all of them: for kernels without a loop.</summary>
    private static int Tiles(long length, int elementsPerThread)
        => checked((int)((length + ((long)elementsPerThread * GroupSize) - 1) / ((long)elementsPerThread * GroupSize)));
}
