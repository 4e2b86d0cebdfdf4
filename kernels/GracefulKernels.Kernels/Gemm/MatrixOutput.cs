using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// <c>C = epilogue(alpha·product + beta·C)</c>, row-major, whole or its lower triangle. Slices of the inner dimension go to matrices that lie
/// <see cref="SliceStride"/> elements apart.
/// </summary>
internal struct MatrixOutput : ITileOutput
{
    public ArrayView<float> C, Bias, Addend;
    public ArrayView<ushort> Mask;
    public long SliceStride;
    public int Rows, Columns, Ld;

    /// <summary>An <see cref="EpilogueActivation"/>.</summary>
    public int Activation;

    /// <summary>Not 0: the strict upper triangle is neither read nor written.</summary>
    public int Lower;

    /// <summary>Not 0: C, bias and addend are aligned, and columns and ld multiples of 4.</summary>
    public int Quads;

    public float Alpha, Beta, Slope;

    /// <summary>Rows of C, where those of the product are only some of them: without addend and mask.</summary>
    public RowMap Map;

    public readonly bool WritesMask => Activation == (int)EpilogueActivation.LeakyRelu && Mask.Length > 0;

    private readonly int Words => (Columns + 15) >> 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Store(int row, int column, int slice, Float4 value)
    {
        int end = Columns;
        if (Lower != 0 && row + 1 < end) end = row + 1;
        if (row >= Rows || column >= end) return 0;
        long at = (slice * SliceStride) + ((long)Map.Of(row) * Ld) + column;
        int kept = 0;
        if (Activation == (int)EpilogueActivation.Mask) kept = Mask[((long)row * Words) + (column >> 4)] >> (column & 15);
        int bits;
        if (Quads != 0 && column + 4 <= end)
        {
            Float4 v = new(Alpha * value.X, Alpha * value.Y, Alpha * value.Z, Alpha * value.W);
            if (Beta != 0f) v = AddScaled(v, Beta, C.Cast<Float4>()[at >> 2]);
            if (Bias.Length > 0) v = AddScaled(v, 1f, Bias.Cast<Float4>()[column >> 2]);
            if (Addend.Length > 0) v = AddScaled(v, 1f, Addend.Cast<Float4>()[(((long)row * Columns) + column) >> 2]);
            bits = Activate(ref v.X, kept) | (Activate(ref v.Y, kept >> 1) << 1) | (Activate(ref v.Z, kept >> 2) << 2) | (Activate(ref v.W, kept >> 3) << 3);
            C.Cast<Float4>()[at >> 2] = v;
            return bits;
        }
        bits = StoreOne(row, column, at, value.X, kept);
        if (column + 1 < end) bits |= StoreOne(row, column + 1, at + 1, value.Y, kept >> 1) << 1;
        if (column + 2 < end) bits |= StoreOne(row, column + 2, at + 2, value.Z, kept >> 2) << 2;
        if (column + 3 < end) bits |= StoreOne(row, column + 3, at + 3, value.W, kept >> 3) << 3;
        return bits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreMask(int row, int word, int bits)
    {
        if (row < Rows && word < Words) Mask[((long)row * Words) + word] = (ushort)bits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Float4 AddScaled(Float4 v, float factor, Float4 w) => new(v.X + (factor * w.X), v.Y + (factor * w.Y), v.Z + (factor * w.Z), v.W + (factor * w.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int StoreOne(int row, int column, long at, float value, int kept)
    {
        float v = Alpha * value;
        if (Beta != 0f) v += Beta * C[at];
        if (Bias.Length > 0) v += Bias[column];
        if (Addend.Length > 0) v += Addend[((long)row * Columns) + column];
        int bit = Activate(ref v, kept);
        C[at] = v;
        return bit;
    }

    /// <summary>The activation of one value; returns the bit by which it was kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int Activate(ref float v, int kept)
    {
        if (Activation == (int)EpilogueActivation.None) return 0;
        int bit = kept & 1;
        if (Activation == (int)EpilogueActivation.LeakyRelu) bit = v > 0f ? 1 : 0;
        float scaled = Slope * v;
        v = bit != 0 ? v : scaled;
        return bit;
    }
}
