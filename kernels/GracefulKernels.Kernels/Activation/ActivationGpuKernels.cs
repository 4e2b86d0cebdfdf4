using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Device code of leaky ReLU. A tile is 16 floats a thread, in four loads of 16 bytes that are all asked for before the first is used. Thread and
/// neighbour hold neighbouring quarters of a word of the mask, not a word each: a warp's access then is 512 bytes without a gap, where a word
/// a thread would take 32 half-used sectors for each of the four loads and, what no cache mends, of the four stores. The quarters meet in shared
/// memory, a byte each, and every thread writes one word.
/// </summary>
internal static class ActivationGpuKernels
{
    public static readonly GpuKernel<Arguments> Leaky = new(Tile<WithoutMask>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> LeakyAndMask = new(Tile<WithMask>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> LeakyAny = new(Singles);
    public static readonly GpuKernel<Arguments> LeakyAndMaskAny = new(SinglesAndMask);
    public static readonly GpuKernel<Arguments> Masked = new(MaskedTile<Overwrites>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> MaskedAdd = new(MaskedTile<Adds>, traits: KernelTraits.Vectors);
    public static readonly GpuKernel<Arguments> MaskedAny = new(MaskedSingles<Overwrites>);
    public static readonly GpuKernel<Arguments> MaskedAddAny = new(MaskedSingles<Adds>);

    private const int Threads = GpuKernels.GroupSize;

    /// <summary>The grid and the columns are for the kernels over rows, which take any width and alignment.</summary>
    internal struct Arguments
    {
        public ArrayView<float> X, Y;
        public ArrayView<ushort> Mask;
        public RowGrid Grid;
        public int Columns;
        public float Slope, Beta;
    }

    private interface IChoice
    {
        bool Chosen { get; }
    }

    private struct WithMask : IChoice
    {
        public readonly bool Chosen => true;
    }

    private struct WithoutMask : IChoice
    {
        public readonly bool Chosen => false;
    }

    private struct Overwrites : IChoice
    {
        public readonly bool Chosen => false;
    }

    private struct Adds : IChoice
    {
        public readonly bool Chosen => true;
    }

    private static void Tile<TMask>(Arguments g) where TMask : unmanaged, IChoice
    {
        TMask mask = default;
        ArrayView<Float4> x = g.X.Cast<Float4>(), y = g.Y.Cast<Float4>();
        ArrayView<int> quarters = SharedMemory.Allocate<int>(Threads);
        ArrayView<byte> bytes = quarters.Cast<byte>();
        int thread = Group.IdxX;
        long i = (Grid.IdxX * 4L * Threads) + thread, quads = g.X.Length >> 2;
        if (i + (3 * Threads) < quads)
        {
            Float4 a = x[i], b = x[i + Threads], c = x[i + (2 * Threads)], d = x[i + (3 * Threads)];
            y[i] = Apply(a, g.Slope);
            y[i + Threads] = Apply(b, g.Slope);
            y[i + (2 * Threads)] = Apply(c, g.Slope);
            y[i + (3 * Threads)] = Apply(d, g.Slope);
            if (mask.Chosen)
            {
                bytes[thread] = (byte)Signs(a);
                bytes[thread + Threads] = (byte)Signs(b);
                bytes[thread + (2 * Threads)] = (byte)Signs(c);
                bytes[thread + (3 * Threads)] = (byte)Signs(d);
            }
        }
        else
        {
            // The last tile.
            for (int quarter = thread; i < quads; quarter += Threads, i += Threads)
            {
                Float4 v = x[i];
                y[i] = Apply(v, g.Slope);
                if (mask.Chosen) bytes[quarter] = (byte)Signs(v);
            }
        }
        if (mask.Chosen)
        {
            Group.Barrier();
            // Four bytes with four bits each: the second joins the first, the fourth the third, then both halves meet.
            int four = quarters[thread], pairs = four | (four >> 4);
            long word = ((long)Grid.IdxX * Threads) + thread;
            if (word < g.Mask.Length) g.Mask[word] = (ushort)((pairs & 0xFF) | ((pairs >> 8) & 0xFF00));
        }
        else
        {
            // The last one to three elements.
            long rest = (quads << 2) + Grid.GlobalLinearIndex;
            if (rest < g.X.Length) g.Y[rest] = Apply(g.X[rest], g.Slope);
        }
    }

    private static void Singles(Arguments g)
    {
        long i = (Grid.IdxX * 4L * Threads) + Group.IdxX;
        float a = At(g.X, i), b = At(g.X, i + Threads), c = At(g.X, i + (2 * Threads)), d = At(g.X, i + (3 * Threads));
        if (i < g.Y.Length) g.Y[i] = Apply(a, g.Slope);
        if (i + Threads < g.Y.Length) g.Y[i + Threads] = Apply(b, g.Slope);
        if (i + (2 * Threads) < g.Y.Length) g.Y[i + (2 * Threads)] = Apply(c, g.Slope);
        if (i + (3 * Threads) < g.Y.Length) g.Y[i + (3 * Threads)] = Apply(d, g.Slope);
    }

    /// <summary>A thread for each bit of the mask: those behind a row's end give zeros. Words begin at multiples of 16 threads.</summary>
    private static void SinglesAndMask(Arguments g)
    {
        ArrayView<int> bits = SharedMemory.Allocate<int>(Threads / 4);
        ArrayView<byte> bytes = bits.Cast<byte>();
        RowPlace at = RowPlace.Of(g.Grid);
        bool positive = false;
        if (at.Row < g.Grid.Rows && at.Column < g.Columns)
        {
            long i = (at.Row * g.Columns) + at.Column;
            float v = g.X[i];
            positive = v > 0;
            g.Y[i] = Apply(v, g.Slope);
        }
        bytes[Group.IdxX] = positive ? (byte)1 : (byte)0;
        Group.Barrier();
        if (at.Row < g.Grid.Rows && (Group.IdxX & 15) == 0)
        {
            int first = Group.IdxX >> 2;
            int word = Four(bits[first]) | (Four(bits[first + 1]) << 4) | (Four(bits[first + 2]) << 8) | (Four(bits[first + 3]) << 12);
            g.Mask[(at.Row * (g.Grid.Columns >> 4)) + (at.Column >> 4)] = (ushort)word;
        }
    }

    private static void MaskedTile<TAdds>(Arguments g) where TAdds : unmanaged, IChoice
    {
        TAdds adds = default;
        ArrayView<Float4> x = g.X.Cast<Float4>(), y = g.Y.Cast<Float4>();
        long i = (Grid.IdxX * 4L * Threads) + Group.IdxX, quads = g.X.Length >> 2;
        int quarter = ((int)i & 3) << 2;
        if (i + (3 * Threads) < quads)
        {
            // Four threads read one word: a warp's words are 16 bytes.
            int maskA = g.Mask[i >> 2], maskB = g.Mask[(i + Threads) >> 2];
            int maskC = g.Mask[(i + (2 * Threads)) >> 2], maskD = g.Mask[(i + (3 * Threads)) >> 2];
            Float4 a = x[i], b = x[i + Threads], c = x[i + (2 * Threads)], d = x[i + (3 * Threads)];
            Float4 oldA = a, oldB = b, oldC = c, oldD = d;
            if (adds.Chosen)
            {
                oldA = y[i];
                oldB = y[i + Threads];
                oldC = y[i + (2 * Threads)];
                oldD = y[i + (3 * Threads)];
            }
            y[i] = Apply<TAdds>(a, oldA, maskA >> quarter, g.Slope, g.Beta);
            y[i + Threads] = Apply<TAdds>(b, oldB, maskB >> quarter, g.Slope, g.Beta);
            y[i + (2 * Threads)] = Apply<TAdds>(c, oldC, maskC >> quarter, g.Slope, g.Beta);
            y[i + (3 * Threads)] = Apply<TAdds>(d, oldD, maskD >> quarter, g.Slope, g.Beta);
            return;
        }
        for (; i < quads; i += Threads)
        {
            Float4 v = x[i], old = v;
            if (adds.Chosen) old = y[i];
            y[i] = Apply<TAdds>(v, old, g.Mask[i >> 2] >> quarter, g.Slope, g.Beta);
        }
    }

    private static void MaskedSingles<TAdds>(Arguments g) where TAdds : unmanaged, IChoice
    {
        TAdds adds = default;
        RowPlace at = RowPlace.Of(g.Grid);
        long words = (g.Columns + 15) >> 4;
        for (long row = at.Row; row < g.Grid.Rows; row += at.Step)
        {
            long i = (row * g.Columns) + at.Column;
            int mask = g.Mask[(row * words) + (at.Column >> 4)] >> (at.Column & 15);
            g.Y[i] = Apply<TAdds>(g.X[i], adds.Chosen ? g.Y[i] : 0f, mask, g.Slope, g.Beta);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float At(ArrayView<float> x, long i) => i < x.Length ? x[i] : 0f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Apply(float x, float slope) => x > 0 ? x : slope * x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Float4 Apply(Float4 x, float slope) => new(Apply(x.X, slope), Apply(x.Y, slope), Apply(x.Z, slope), Apply(x.W, slope));

    /// <summary>The element whose bit is the lowest one of the mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Apply<TAdds>(float x, float old, int mask, float slope, float beta) where TAdds : unmanaged, IChoice
    {
        TAdds adds = default;
        float factor = (mask & 1) != 0 ? 1f : slope;
        return adds.Chosen ? (factor * x) + (beta * old) : factor * x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Float4 Apply<TAdds>(Float4 x, Float4 old, int mask, float slope, float beta) where TAdds : unmanaged, IChoice
        => new(
            Apply<TAdds>(x.X, old.X, mask, slope, beta),
            Apply<TAdds>(x.Y, old.Y, mask >> 1, slope, beta),
            Apply<TAdds>(x.Z, old.Z, mask >> 2, slope, beta),
            Apply<TAdds>(x.W, old.W, mask >> 3, slope, beta));

    /// <summary>A bit for each element above zero, the first the lowest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Signs(Float4 x) => (x.X > 0 ? 1 : 0) | (x.Y > 0 ? 2 : 0) | (x.Z > 0 ? 4 : 0) | (x.W > 0 ? 8 : 0);

    /// <summary>Four bytes of one bit each, as four bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Four(int bytes) => (bytes | (bytes >> 7) | (bytes >> 14) | (bytes >> 21)) & 15;
}
