using ILGPU.Runtime.Cuda;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Products on tensor cores against fp64; only where the device of the tests has some.</summary>
public class TensorProductTests
{
    private static readonly (int M, int N, int K)[] Shapes = [(128, 128, 16), (1, 4, 4), (127, 130, 33), (300, 20, 1000), (129, 257, 64), (64, 64, 4096), (40, 31, 77)];

    [Theory]
    [InlineData("Float32Tensor")]
    [InlineData("TensorFloat32")]
    public void ErrorsAreThoseOfThePrecision(string precision)
    {
        MatrixArithmetic arithmetic = Enum.Parse<MatrixArithmetic>(precision);
        string name = KernelFamily.Gpu.Device.Name;
        GpuDeviceInfo info = GpuDevices.All.First(d => d.Name == name);
        Assert.SkipUnless(info.Device is CudaDevice { Architecture: var architecture } && architecture >= CudaArchitecture.SM_80, "The device of the tests has no tensor cores.");
        using GpuKernels set = GpuDevices.Open(info, new GpuSettings { Arithmetic = arithmetic });
        foreach ((int m, int n, int k) in Shapes)
        {
            foreach ((bool ta, bool tb) in ((bool, bool)[])[(false, true), (false, false), (true, false)])
            {
                // Rows begin at multiples of 16 bytes: else fp32 computes.
                var shape = new GemmShape(m, n, k, ta, tb, ((ta ? m : k) + 3) & ~3, ((tb ? k : n) + 3) & ~3, n);
                float[] a = RandomFloats.Uniform(1, (long)(ta ? k : m) * shape.LdA), b = RandomFloats.Uniform(2, (long)(tb ? n : k) * shape.LdB);
                using DeviceMemory da = set.Allocate(a.Length * sizeof(float)), db = set.Allocate(b.Length * sizeof(float)), dc = set.Allocate((long)m * n * sizeof(float));
                set.Upload<float>(a, da.AsBlock<float>().Slice(0, a.Length));
                set.Upload<float>(b, db.AsBlock<float>().Slice(0, b.Length));
                set.Gemm(shape, 1f, da.AsBlock<float>(), db.AsBlock<float>(), 0f, dc.AsBlock<float>(), default);
                float[] c = new float[m * n];
                set.Download(dc.AsBlock<float>().Slice(0, c.Length), c.AsSpan());
                // TF32 rounds each operand by 2⁻¹¹. Of three products 2⁻²² of each operand is left, and sums are rounded as those of fp32.
                double relative = arithmetic == MatrixArithmetic.TensorFloat32 ? Math.Pow(2, -10) + Tolerance.Gamma(k) : Math.Pow(2, -21) + Tolerance.Gamma(k + 4);
                for (int i = 0; i < m; i++)
                {
                    for (int j = 0; j < n; j++)
                    {
                        double sum = 0, size = 0;
                        for (int p = 0; p < k; p++)
                        {
                            double term = (double)a[ta ? (p * shape.LdA) + i : (i * shape.LdA) + p] * b[tb ? (j * shape.LdB) + p : (p * shape.LdB) + j];
                            sum += term;
                            size += Math.Abs(term);
                        }
                        Assert.True(Math.Abs(c[(i * n) + j] - sum) <= relative * size, $"{shape} at ({i}, {j}): {c[(i * n) + j]}, expected {sum}");
                    }
                }
            }
        }
    }
}
