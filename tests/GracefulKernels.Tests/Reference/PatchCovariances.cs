using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Patch covariances in fp64 straight from their definition.</summary>
internal static class PatchCovariances
{
    public static double[] Gram(in ConvolutionShape s, float[] x, bool homogeneous)
    {
        int d = s.PatchLength + (homogeneous ? 1 : 0);
        double[] gram = new double[d * d], patch = new double[d];
        for (int n = 0; n < s.Batch; n++)
        {
            for (int position = 0; position < s.Positions; position++)
            {
                int oy = position / s.OutWidth, ox = position % s.OutWidth, at = 0;
                for (int ky = 0; ky < s.KernelHeight; ky++)
                {
                    for (int kx = 0; kx < s.KernelWidth; kx++)
                    {
                        int iy = (oy * s.StrideY) - s.PadTop + (ky * s.DilationY), ix = (ox * s.StrideX) - s.PadLeft + (kx * s.DilationX);
                        bool inside = iy >= 0 && iy < s.Height && ix >= 0 && ix < s.Width;
                        for (int c = 0; c < s.InChannels; c++) patch[at++] = inside ? x[((((n * s.Height) + iy) * s.Width + ix) * s.InChannels) + c] : 0;
                    }
                }
                if (homogeneous) patch[at] = 1;
                for (int i = 0; i < d; i++)
                {
                    if (patch[i] == 0) continue;
                    for (int j = 0; j < d; j++) gram[(i * d) + j] += patch[i] * patch[j];
                }
            }
        }
        return gram;
    }
}
