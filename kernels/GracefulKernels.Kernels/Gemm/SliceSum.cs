using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Partial products of slices, and the output that their sum goes to.</summary>
internal struct SliceSumArguments
{
    /// <summary>[slices][rows][ld], ld a multiple of 4.</summary>
    public ArrayView<float> Partial;
    public MatrixOutput Output;
    public long SliceStride;
    public int Slices, Ld;
}

/// <summary>Adds up the slices of a product in their order and applies its epilogue: a thread takes four columns of a row.</summary>
internal static class SliceSum
{
    public static void Run(SliceSumArguments g)
    {
        ArrayView<int> nibbles = SharedMemory.Allocate<int>(GpuKernels.GroupSize);
        // Rows are counted in words of 16 columns, so that the four threads of a word are in one group.
        long quadsInRow = ((g.Output.Columns + 15) >> 4) * 4;
        long quad = ((long)Grid.IdxX * GpuKernels.GroupSize) + Group.IdxX;
        int row = (int)(quad / quadsInRow);
        int column = (int)(quad - (row * quadsInRow)) * 4;
        int bits = 0;
        if (row < g.Output.Rows && column < g.Ld && (g.Output.Lower == 0 || column <= row))
        {
            ArrayView<Float4> partial = g.Partial.Cast<Float4>();
            long at = (((long)row * g.Ld) + column) >> 2, stride = g.SliceStride >> 2;
            Float4 sum = default;
            int slice = 0;
            // Four loads on their way at a time.
            for (; slice + 4 <= g.Slices; slice += 4)
            {
                Float4 p0 = partial[at], p1 = partial[at + stride], p2 = partial[at + (2 * stride)], p3 = partial[at + (3 * stride)];
                sum = new(sum.X + p0.X + p1.X + p2.X + p3.X, sum.Y + p0.Y + p1.Y + p2.Y + p3.Y, sum.Z + p0.Z + p1.Z + p2.Z + p3.Z, sum.W + p0.W + p1.W + p2.W + p3.W);
                at += 4 * stride;
            }
            for (; slice < g.Slices; slice++)
            {
                Float4 p = partial[at];
                sum = new(sum.X + p.X, sum.Y + p.Y, sum.Z + p.Z, sum.W + p.W);
                at += stride;
            }
            bits = g.Output.Store(row, column, 0, sum);
        }
        nibbles[Group.IdxX] = bits;
        Group.Barrier();
        if (g.Output.WritesMask && (Group.IdxX & 3) == 0)
        {
            int t = Group.IdxX;
            g.Output.StoreMask(row, column >> 4, nibbles[t] | (nibbles[t + 1] << 4) | (nibbles[t + 2] << 8) | (nibbles[t + 3] << 12));
        }
    }
}
