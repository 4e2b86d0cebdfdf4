using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public unsafe class TranspositionTests
{
    [Fact]
    public void EverySizeUpToThirtySixIsTurned()
    {
        for (int rows = 0; rows <= 36; rows++)
        {
            for (int columns = 0; columns <= 36; columns++)
            {
                int ld = columns + 1, ldd = rows + 2;
                using var source = new GuardedBuffer<float>(Math.Max(0, ((rows - 1) * ld) + columns));
                using var turned = new GuardedBuffer<float>(Math.Max(0, ((columns - 1) * ldd) + rows));
                for (int i = 0; i < source.Length; i++) source.Span[i] = i + 1;
                turned.Span.Fill(-1f);
                Transposition.Copy(source.Pointer, ld, rows, columns, turned.Pointer, ldd);
                for (int i = 0; i < turned.Length; i++)
                {
                    int c = i / ldd, r = i % ldd;
                    Assert.Equal(r < rows ? source.Span[(r * ld) + c] : -1f, turned.Span[i]);
                }
                turned.AssertUntouchedOutside();
            }
        }
    }
}
