using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The input gradient where input channels are few, as in a first layer: a register of sixteen columns would stand mostly empty. So
/// <c>dy·W</c> is formed for all taps at once, one line of the output at a time, and added to the lines of the image that it belongs to, in a
/// fixed order.
/// </summary>
internal static unsafe class InputGradientByScatter<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int Group = TileCpu<TLanes, TDoubles>.Group;
    private const int MostChannels = 8;
    private const int FewestOutputs = 8;
    private const int FewestTaps = 4;

    /// <summary>An image with its border, as sums, should stay in a second-level cache or near it.</summary>
    private const long MostSums = 1 << 19;

    /// <summary>Whether this way is the better one: a property of the shape.</summary>
    public static bool Suits(in ConvolutionShape s)
        => s.InChannels <= MostChannels && s.OutChannels >= FewestOutputs && s.KernelHeight * s.KernelWidth >= FewestTaps
            && s.OutHeight > 0 && s.OutWidth > 0 && Rows(s) * Pitch(s) <= MostSums;

    public static void Run(Workers workers, in ConvolutionShape shape, float* dy, float* w, float beta, float* dx)
    {
        int patch = shape.PatchLength, inner = shape.OutChannels;
        float* packed = Scratch.Get<float>(ScratchSlot.PackedB, TileCpu<TLanes, TDoubles>.PackedLength(patch, inner));
        for (int j = 0; j < patch; j += Group)
        {
            PackedColumns<TLanes, TDoubles>.Panel(w + j, patch, inner, Math.Min(Group, patch - j), packed + ((nint)j * inner));
        }
        var job = new Job { Shape = shape, Dy = dy, Packed = packed, Beta = beta, Dx = dx };
        workers.Run(shape.Batch, ref job, shape.OutputLength * patch);
    }

    /// <summary>Lines of the image and its border that some window touches.</summary>
    private static long Rows(in ConvolutionShape s) => ((s.OutHeight - 1L) * s.StrideY) + ((s.KernelHeight - 1L) * s.DilationY) + 1;

    /// <summary>Elements of such a line.</summary>
    private static long Pitch(in ConvolutionShape s)
        => (((s.OutWidth - 1L) * s.StrideX) + ((s.KernelWidth - 1L) * s.DilationX) + 1) * s.InChannels;

    private struct Job : IJob
    {
        public ConvolutionShape Shape;
        public float* Dy;
        public float* Packed;
        public float Beta;
        public float* Dx;

        public readonly void Execute(int image)
        {
            long rows = Rows(Shape), pitch = Pitch(Shape);
            float* sums = Scratch.Get<float>(ScratchSlot.PaddedImage, rows * pitch);
            int ld = (Shape.PatchLength + 15) & ~15, width = Shape.OutWidth;
            float* product = Scratch.Get<float>(ScratchSlot.PartialSums, (long)width * ld);
            NativeMemory.Clear(sums, (nuint)(rows * pitch * sizeof(float)));
            for (int oy = 0; oy < Shape.OutHeight; oy++)
            {
                Multiply(Dy + ((((nint)image * Shape.OutHeight) + oy) * width * Shape.OutChannels), product, ld);
                Scatter(product, ld, sums + (oy * Shape.StrideY * pitch), (nint)pitch);
            }
            Store(sums, rows, pitch, Dx + ((nint)image * Shape.Height * Shape.Width * Shape.InChannels));
        }

        /// <summary>One line of dy by all weights: [positions × patch].</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Multiply(float* dy, float* product, int ld)
        {
            int inner = Shape.OutChannels, patch = Shape.PatchLength;
            var segment = new Segment { Length = inner };
            var tile = new RowTile { RowStride = (nint)inner * sizeof(float), Step = sizeof(float), Segments = &segment, SegmentCount = 1 };
            OutputTile to = default;
            to.Ld = ld;
            to.Limit = OutputTile.NoLimit;
            to.First = true;
            for (int x = 0; x < Shape.OutWidth; x += to.Rows)
            {
                to.Rows = TileCpu<TLanes, TDoubles>.NextRows(Shape.OutWidth - x, patch);
                tile.Start = dy + ((nint)x * inner);
                for (int j = 0; j < patch; j += Group)
                {
                    to.Columns = TileCpu<TLanes, TDoubles>.Width(patch - j);
                    to.C = product + ((nint)x * ld) + j;
                    var panel = new Panel { Start = Packed + ((nint)j * inner), Step = TileCpu<TLanes, TDoubles>.SubPanel(to.Columns), ColumnStride = inner };
                    TileCpu<TLanes, TDoubles>.Emit(tile, panel, new Output(1f, 0f, patch, default), to);
                }
            }
        }

        /// <summary>
        /// Windows of neighbouring positions overlap, and a sum just stored is slow to load at another offset: so every n-th position is taken,
        /// n apart enough to touch, then the next ones.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Scatter(float* product, int ld, float* sums, nint pitch)
        {
            bool merged = Shape.DilationX == 1;
            int runs = merged ? 1 : Shape.KernelWidth, length = Shape.InChannels * (merged ? Shape.KernelWidth : 1);
            int apart = merged ? (Shape.KernelWidth + Shape.StrideX - 1) / Shape.StrideX : 1;
            nint step = (nint)Shape.StrideX * Shape.InChannels;
            for (int ky = 0; ky < Shape.KernelHeight; ky++)
            {
                for (int run = 0; run < runs; run++)
                {
                    float* from = product + (((ky * runs) + run) * length), to = sums + (ky * Shape.DilationY * pitch) + ((nint)run * Shape.DilationX * Shape.InChannels);
                    for (int x = 0; x < Math.Min(apart, Shape.OutWidth); x++)
                    {
                        Add(from + ((nint)x * ld), (nint)apart * ld, to + (x * step), apart * step, (Shape.OutWidth - x + apart - 1) / apart, length);
                    }
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Add(float* from, nint fromStep, float* to, nint toStep, int count, int length)
        {
            // No partial stores: a processor takes them for whole registers and makes the next position wait.
            int whole = length & ~15;
            for (int i = 0; i < count; i++, from += fromStep, to += toStep)
            {
                for (int j = 0; j < whole; j += 16) TLanes.Store(to + j, TLanes.Load(to + j) + TLanes.Load(from + j));
                for (int j = whole; j < length; j++) to[j] += from[j];
            }
        }

        /// <summary>The image without its border; what no window touches is zero.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Store(float* sums, long rows, long pitch, float* dx)
        {
            int line = Shape.Width * Shape.InChannels, left = Shape.PadLeft * Shape.InChannels;
            int covered = (int)Math.Clamp(pitch - left, 0, line);
            for (int y = 0; y < Shape.Height; y++, dx += line)
            {
                long row = (long)y + Shape.PadTop;
                int length = row < rows ? covered : 0;
                StoreLine(sums + (row * pitch) + left, length, dx, Beta);
                StoreLine(null, line - length, dx + length, Beta);
            }
        }

        /// <param name="sums">Null stands for zeros.</param>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void StoreLine(float* sums, int length, float* dx, float beta)
        {
            TLanes factor = TLanes.Broadcast(beta);
            for (int j = 0; j < length; j += 16)
            {
                int count = Math.Min(16, length - j);
                TLanes v = sums == null ? TLanes.Zero : TLanes.LoadPartial(sums + j, count);
                if (beta != 0f) v = TLanes.MultiplyAdd(factor, TLanes.LoadPartial(dx + j, count), v);
                TLanes.StorePartial(dx + j, count, v);
            }
        }
    }
}
