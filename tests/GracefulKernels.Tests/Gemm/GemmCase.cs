using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>One product with random storage, factors and epilogue, on guarded memory, against fp64.</summary>
internal static unsafe class GemmCase
{
    public static void Check(IKernels kernels, int m, int n, int k, int seed)
    {
        var random = new Random(seed);
        bool transposeA = random.Next(2) == 1, transposeB = random.Next(2) == 1;
        int lda = (transposeA ? m : k) + (random.Next(2) * 3), ldb = (transposeB ? k : n) + (random.Next(2) * 5), ldc = n + (random.Next(2) * 2);
        float alpha = random.Next(2) == 1 ? 1f : 0.75f, beta = new[] { 0f, 1f, -0.5f }[random.Next(3)];
        bool before = random.Next(2) == 1;
        using var a = new GuardedBuffer<float>(Matrices.Random(random, Stored(transposeA ? k : m, transposeA ? m : k, lda)), before);
        using var b = new GuardedBuffer<float>(Matrices.Random(random, Stored(transposeB ? n : k, transposeB ? k : n, ldb)), before);
        using var c = new GuardedBuffer<float>(Matrices.Random(random, Stored(m, n, ldc)), before);
        using var bias = new GuardedBuffer<float>(Matrices.Random(random, n), before);
        using var addend = new GuardedBuffer<float>(Matrices.Random(random, (long)m * n), before);
        using var mask = new GuardedBuffer<ushort>((long)m * ((n + 15) / 16), before);
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(mask.Span));
        ushort[] maskBefore = mask.Span.ToArray();
        float[] old = c.Span.ToArray();
        if (beta == 0f) c.Span.Fill(float.NaN);
        var activation = (EpilogueActivation)random.Next(3);
        var epilogue = new Epilogue
        {
            Bias = random.Next(2) == 1 ? bias.Block : default,
            Addend = random.Next(2) == 1 ? addend.Block : default,
            Activation = activation,
            Mask = activation == EpilogueActivation.Mask || random.Next(2) == 1 ? mask.Block : default,
            Slope = 0.125f,
        };
        var shape = new GemmShape(m, n, k, transposeA, transposeB, lda, ldb, ldc);
        kernels.Gemm(shape, alpha, a.Block, b.Block, beta, c.Block, epilogue);

        (double[] product, double[] magnitude) = Matrices.Multiply(m, n, k, transposeA, transposeB, a.Span, lda, b.Span, ldb);
        string what = $"{kernels.Name} {shape} alpha {alpha} beta {beta} {activation}";
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double kept = beta == 0f ? 0 : (double)beta * old[(i * ldc) + j];
                double v = (alpha * product[(i * n) + j]) + kept;
                double size = Math.Abs(alpha * magnitude[(i * n) + j]) + Math.Abs(kept);
                if (!epilogue.Bias.IsEmpty) (v, size) = (v + bias.Span[j], size + Math.Abs(bias.Span[j]));
                if (!epilogue.Addend.IsEmpty) (v, size) = (v + addend.Span[(i * n) + j], size + Math.Abs(addend.Span[(i * n) + j]));
                // k products and sums, then factors, bias, addend and slope: at most six more roundings.
                double tolerance = Tolerance.Gamma(k + 6) * size;
                double actual = c.Span[(i * ldc) + j];
                int word = (i * ((n + 15) / 16)) + (j / 16);
                bool set = ((activation == EpilogueActivation.Mask ? maskBefore[word] : mask.Span[word]) >> (j % 16) & 1) != 0;
                if (activation == EpilogueActivation.LeakyRelu)
                {
                    if (!epilogue.Mask.IsEmpty) Assert.True(set == actual > 0, $"{what}: mask at ({i}, {j})");
                    set = actual > 0;
                    Assert.True(Math.Abs(v) <= tolerance || set == v > 0, $"{what}: sign at ({i}, {j})");
                }
                if (activation != EpilogueActivation.None && !set) v *= epilogue.Slope;
                Assert.True(Math.Abs(actual - v) <= tolerance, $"{what} at ({i}, {j}): {actual:R}, expected {v:R}");
            }
            if (activation == EpilogueActivation.LeakyRelu && !epilogue.Mask.IsEmpty && n % 16 != 0)
            {
                Assert.True(mask.Span[((i + 1) * ((n + 15) / 16)) - 1] >> (n % 16) == 0, $"{what}: bits behind the last column of row {i}");
            }
            for (int j = n; j < ldc && (i * ldc) + j < c.Length; j++)
            {
                Assert.True(beta == 0f ? float.IsNaN(c.Span[(i * ldc) + j]) : c.Span[(i * ldc) + j] == old[(i * ldc) + j], $"{what}: between the rows");
            }
        }
        if (activation == EpilogueActivation.Mask) Assert.Equal(maskBefore, mask.Span.ToArray());
        c.AssertUntouchedOutside();
        mask.AssertUntouchedOutside();
    }

    private static long Stored(int rows, int columns, int ld) => rows == 0 ? 0 : ((long)(rows - 1) * ld) + columns;
}
