using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>One call of the kernel on plain arrays, contiguous or with elements between rows that must stay as they are, with the outputs that are asked for.</summary>
internal sealed unsafe class LinearLossRun
{
    public const float Untouched = 7777;

    public LinearLossRun(
        IKernels kernels,
        LinearLossOptions options,
        int features,
        int classes,
        float[] e,
        float[] w,
        float[] b,
        int[] labels,
        (float[] E, float[] W, float[] B)? addTo = null,
        int gap = 0,
        bool embeddings = true,
        bool weight = true,
        bool bias = true,
        bool values = true)
    {
        int rows = labels.Length, ld = features + gap;
        float[] from = Apart(e, rows, features, ld), by = Apart(w, classes, features, ld);
        float[] de = embeddings ? Apart(addTo?.E ?? RandomFloats.Filled((long)rows * features, float.NaN), rows, features, ld) : [];
        float[] dw = weight ? Apart(addTo?.W ?? RandomFloats.Filled((long)classes * features, float.NaN), classes, features, ld) : [];
        Bias = !bias ? [] : addTo is null ? RandomFloats.Filled(classes, float.NaN) : [.. addTo.Value.B];
        Values = values ? RandomFloats.Filled(rows, float.NaN) : [];
        fixed (float* pe = from, pw = by, pb = b, pde = de, pdw = dw, pdb = Bias, pv = Values)
        fixed (int* py = labels)
        {
            Sums = kernels.LinearCrossEntropy(
                options,
                new LinearLossOperands
                {
                    Rows = rows,
                    Features = features,
                    Classes = classes,
                    Embeddings = new(pe, from.Length),
                    LdEmbeddings = ld,
                    Weight = new(pw, by.Length),
                    LdWeight = ld,
                    Bias = new(pb, b.Length),
                    Labels = new(py, rows),
                    EmbeddingGradient = new(pde, de.Length),
                    LdEmbeddingGradient = ld,
                    WeightGradient = new(pdw, dw.Length),
                    LdWeightGradient = ld,
                    BiasGradient = new(pdb, Bias.Length),
                    Values = new(pv, Values.Length),
                });
        }
        Embeddings = embeddings ? Together(de, rows, features, ld) : [];
        Weight = weight ? Together(dw, classes, features, ld) : [];
    }

    public LinearLossSums Sums { get; }

    public float[] Embeddings { get; }

    public float[] Weight { get; }

    public float[] Bias { get; }

    public float[] Values { get; }

    private static float[] Apart(float[] matrix, int rows, int columns, int ld)
    {
        float[] apart = RandomFloats.Filled(rows == 0 ? 0 : ((rows - 1L) * ld) + columns, Untouched);
        for (int r = 0; r < rows; r++) matrix.AsSpan(r * columns, columns).CopyTo(apart.AsSpan(r * ld));
        return apart;
    }

    private static float[] Together(float[] apart, int rows, int columns, int ld)
    {
        float[] matrix = new float[rows * columns];
        for (int r = 0; r < rows; r++)
        {
            apart.AsSpan(r * ld, columns).CopyTo(matrix.AsSpan(r * columns));
            if (r + 1 < rows) Assert.All(apart[((r * ld) + columns)..((r + 1) * ld)], v => Assert.Equal(Untouched, v));
        }
        return matrix;
    }
}
