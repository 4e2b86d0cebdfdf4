using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public unsafe class ProductAllocationTests
{
    /// <summary>The first call grows scratch memory; later ones take nothing from the managed heap on any thread.</summary>
    [Fact]
    public void SecondCallsAllocateNothing()
    {
        var s = new ConvolutionShape(4, 20, 20, 16, 24, 3, 1, 1);
        float[] x = Matrices.Random(new Random(1), s.InputLength), w = Matrices.Random(new Random(2), s.WeightLength), y = new float[s.OutputLength];
        double[] sum = new double[(s.PatchLength + 1) * (s.PatchLength + 1)];
        float[] square = new float[s.PatchLength * s.PatchLength];
        // One thread: what helpers allocate cannot be told from what other tests do.
        IKernels kernels = KernelSetCases.Get(KernelSets.Best, 1);
        fixed (float* px = x, pw = w, py = y, pq = square)
        fixed (double* ps = sum)
        {
            long before = 0;
            for (int round = 0; round < 3; round++)
            {
                if (round == 1) before = GC.GetAllocatedBytesForCurrentThread();
                Block<float> bx = new(px, x.Length), bw = new(pw, w.Length), by = new(py, y.Length);
                kernels.ConvolutionForward(s, bx, bw, by, default);
                kernels.ConvolutionForwardPair(s, bx, bw, bx, bw, by, default);
                kernels.ConvolutionInputGradient(s, by, bw, 0f, bx);
                kernels.ConvolutionWeightGradient(s, bx, by, 0f, bw);
                ((IPatchCovarianceAlgorithms)kernels).PatchCovarianceByPatches(s, bx, true, new(ps, sum.Length));
                ((IPatchCovarianceAlgorithms)kernels).PatchCovarianceByLags(s, bx, true, new(ps, sum.Length));
                kernels.Covariance(s.Batch * s.Height * s.Width, 16, bx, false, new(ps, 256));
                kernels.Syrk(true, s.PatchLength, s.OutChannels, 1f, bw, s.PatchLength, 0f, new(pq, square.Length), s.PatchLength);
                kernels.Gemm(new GemmShape(400, 24, 16, false, true), 1f, bx, bw, 0f, by, default);
                kernels.GemmPair(new GemmShape(400, 24, 16, false, true), bx, bw, bx, bw, 0f, by, default);
            }
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }
}
