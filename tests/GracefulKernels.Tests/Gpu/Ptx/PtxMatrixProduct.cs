namespace GracefulKernels.Tests;

/// <summary>
/// The product of fragments on tensor cores: C (16 × 8) + A (16 × 8) · B (8 × 8), spread over a warp as the PTX ISA describes for <c>m16n8k8</c> of TF32. The sum is cut
/// off to fp32, not rounded, as devices do; before that it is exact enough here (fp64), where devices may drop a little more.
/// </summary>
internal static class PtxMatrixProduct
{
    public const string Name = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32";

    private const int Rows = 16, Columns = 8, Inner = 8;

    /// <summary>Operands are the registers of the result (4), of A (4), of B (2) and of what is added (4).</summary>
    public static void Run(PtxInstruction instruction, ReadOnlySpan<PtxThread> warp)
    {
        PtxOperand[] o = instruction.Operands;
        if (o.Length != 14) throw new PtxFaultException($"not the registers of a product: {instruction.Text}");
        Span<double> a = stackalloc double[Rows * Inner], b = stackalloc double[Inner * Columns];
        Span<float> sums = stackalloc float[4];
        for (int lane = 0; lane < warp.Length; lane++)
        {
            int across = lane / 4, inner = lane % 4;
            for (int i = 0; i < 4; i++) a[((across + (i % 2 * 8)) * Inner) + inner + (i / 2 * 4)] = Rounded(o[4 + i].FloatOf(warp[lane]));
            for (int i = 0; i < 2; i++) b[((inner + (i * 4)) * Columns) + across] = Rounded(o[8 + i].FloatOf(warp[lane]));
        }
        for (int lane = 0; lane < warp.Length; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                int row = (lane / 4) + (i / 2 * 8), column = (lane % 4 * 2) + (i % 2);
                double sum = o[10 + i].FloatOf(warp[lane]);
                for (int p = 0; p < Inner; p++) sum += a[(row * Inner) + p] * b[(p * Columns) + column];
                sums[i] = CutOff(sum);
            }
            for (int i = 0; i < 4; i++) warp[lane].Registers[o[i].Register] = BitConverter.SingleToInt32Bits(sums[i]);
        }
    }

    /// <summary>What a device ignores of an operand must be nothing.</summary>
    private static double Rounded(float value)
        => float.IsNaN(value) || (BitConverter.SingleToInt32Bits(value) & 0x1FFF) == 0 ? value : throw new PtxFaultException($"{value:R} was not rounded to TF32");

    private static float CutOff(double value)
    {
        float nearest = (float)value;
        if (Math.Abs((double)nearest) <= Math.Abs(value) || !float.IsFinite(nearest)) return nearest;
        return value > 0 ? MathF.BitDecrement(nearest) : MathF.BitIncrement(nearest);
    }
}
