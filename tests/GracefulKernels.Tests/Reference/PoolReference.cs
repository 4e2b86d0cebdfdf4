using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Pooling by its definition, one window at a time.</summary>
internal static class PoolReference
{
    public delegate void Place(int output, int input, int place, int insideCount);

    /// <summary>Calls <paramref name="visit"/> for each output element and each place of its window that lies inside, in row-major order.</summary>
    public static void ForEach(PoolShape s, Place visit)
    {
        for (int b = 0; b < s.Batch; b++)
        {
            for (int oy = 0; oy < s.OutHeight; oy++)
            {
                for (int ox = 0; ox < s.OutWidth; ox++)
                {
                    int inside = 0;
                    for (int p = 0; p < s.KernelHeight * s.KernelWidth; p++) inside += Inside(s, oy, ox, p, out _, out _) ? 1 : 0;
                    for (int c = 0; c < s.Channels; c++)
                    {
                        for (int p = 0; p < s.KernelHeight * s.KernelWidth; p++)
                        {
                            if (!Inside(s, oy, ox, p, out int iy, out int ix)) continue;
                            int output = ((((b * s.OutHeight) + oy) * s.OutWidth) + ox) * s.Channels + c;
                            visit(output, ((((b * s.Height) + iy) * s.Width) + ix) * s.Channels + c, p, inside);
                        }
                    }
                }
            }
        }
    }

    public static (float[] Y, ushort[] Argmax) Max(PoolShape s, float[] x)
    {
        float[] y = new float[s.OutputLength];
        ushort[] argmax = new ushort[s.OutputLength];
        bool[] started = new bool[s.OutputLength];
        ForEach(s, (o, i, place, _) =>
        {
            bool take = !started[o] || (!float.IsNaN(y[o]) && (float.IsNaN(x[i]) || x[i] > y[o]));
            if (take) (y[o], argmax[o], started[o]) = (x[i], (ushort)place, true);
        });
        return (y, argmax);
    }

    private static bool Inside(PoolShape s, int oy, int ox, int place, out int iy, out int ix)
    {
        iy = (oy * s.StrideY) - s.PadTop + (place / s.KernelWidth);
        ix = (ox * s.StrideX) - s.PadLeft + (place % s.KernelWidth);
        return iy >= 0 && iy < s.Height && ix >= 0 && ix < s.Width;
    }
}
