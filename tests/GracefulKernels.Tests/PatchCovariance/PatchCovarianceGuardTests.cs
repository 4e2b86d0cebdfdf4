using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Both algorithms on every target at many sizes, both operands against pages that may not be touched.</summary>
public class PatchCovarianceGuardTests
{
    public static TheoryData<string> Names => KernelSetCases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void NothingOutsideIsTouched(string name)
    {
        var kernels = (IPatchCovarianceAlgorithms)KernelSetCases.Get(name);
        (int Kernel, int Stride, int Padding)[] kinds = [(3, 1, 1), (1, 1, 0), (2, 2, 1)];
        int i = 0;
        foreach (int[] n in Sizes.OneByOneAndCombined(small: [3, 4, 5], largest: [40, 9, 9], combinations: 10, seed: 2))
        {
            (int kernel, int stride, int padding) = kinds[i++ % kinds.Length];
            var s = new ConvolutionShape(1 + (i % 2), n[1], n[2], n[0], 1, kernel, stride, padding);
            bool homogeneous = i % 4 < 2;
            float[] x = Matrices.Random(new Random(i), s.InputLength);
            double[] expected = PatchCovariances.Gram(s, x, homogeneous);
            using var gx = new GuardedBuffer<float>(x, i % 2 == 0);
            foreach (bool byLags in stride == 1 ? new[] { false, true } : [false])
            {
                using var sum = new GuardedBuffer<double>(new double[expected.Length], i % 2 == 0);
                if (byLags) kernels.PatchCovarianceByLags(s, gx.Block, homogeneous, sum.Block);
                else kernels.PatchCovarianceByPatches(s, gx.Block, homogeneous, sum.Block);
                // Chains of at most about 512 products in fp32, everything above them in fp64.
                Tolerance.AssertRelativeNorm(expected, sum.Span, 1e-6, $"{name} {s} {(byLags ? "by lags" : "by patches")}");
                sum.AssertUntouchedOutside();
            }
        }
    }
}
