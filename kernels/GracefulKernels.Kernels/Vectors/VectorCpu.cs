using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void Axpby(float alpha, Block<float> x, float beta, Block<float> y)
    {
        Debug.Assert(x.Length == y.Length);
        if (beta == 0) Map(new ScaleOperation(TLanes.Broadcast(alpha)), x.Pointer, y.Pointer, y.Length);
        else Map(new AxpbyOperation(TLanes.Broadcast(alpha), TLanes.Broadcast(beta)), x.Pointer, y.Pointer, y.Pointer, y.Length);
    }

    public void Add(Block<float> a, Block<float> b, Block<float> y)
    {
        Debug.Assert(a.Length == y.Length && b.Length == y.Length);
        Map(default(AddOperation), a.Pointer, b.Pointer, y.Pointer, y.Length);
    }

    public void Multiply(Block<float> a, Block<float> b, Block<float> y)
    {
        Debug.Assert(a.Length == y.Length && b.Length == y.Length);
        Map(default(MultiplyOperation), a.Pointer, b.Pointer, y.Pointer, y.Length);
    }

    public double Dot(Block<float> x, Block<float> y)
    {
        Debug.Assert(x.Length == y.Length);
        int chunks = Chunks.Count(x.Length);
        double* partials = Scratch.Get<double>(ScratchSlot.PartialSums, chunks);
        var job = new DotJob { X = x.Pointer, Y = y.Pointer, Length = x.Length, Partials = partials };
        _workers.Run(chunks, ref job);
        double sum = 0;
        for (int i = 0; i < chunks; i++) sum += partials[i];
        return sum;
    }

    public void Narrow(double scale, Block<double> x, Block<float> y)
    {
        Debug.Assert(x.Length == y.Length);
        var job = new NarrowJob { Scale = scale, X = x.Pointer, Y = y.Pointer, Length = x.Length };
        _workers.Run(Chunks.Count(x.Length), ref job);
    }

    public void Widen(Block<float> x, Block<double> y)
    {
        Debug.Assert(x.Length == y.Length);
        var job = new WidenJob { X = x.Pointer, Y = y.Pointer, Length = x.Length };
        _workers.Run(Chunks.Count(x.Length), ref job);
    }

    private readonly struct ScaleOperation(TLanes alpha) : IUnaryOperation<TLanes>
    {
        private readonly TLanes _alpha = alpha;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply(TLanes x) => _alpha * x;
    }

    private readonly struct AxpbyOperation(TLanes alpha, TLanes beta) : IBinaryOperation<TLanes>
    {
        private readonly TLanes _alpha = alpha;
        private readonly TLanes _beta = beta;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply(TLanes x, TLanes y) => TLanes.MultiplyAdd(_alpha, x, _beta * y);
    }

    private readonly struct AddOperation : IBinaryOperation<TLanes>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply(TLanes a, TLanes b) => a + b;
    }

    private readonly struct MultiplyOperation : IBinaryOperation<TLanes>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply(TLanes a, TLanes b) => a * b;
    }

    private struct DotJob : IJob
    {
        /// <summary>Elements: 4 KB, for the hardware's guesses end with a page.</summary>
        private const int ReadAhead = 1024;

        public float* X;
        public float* Y;
        public long Length;
        public double* Partials;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            long start = (long)chunk * Chunks.Elements;
            int count = (int)Math.Min(Chunks.Elements, Length - start);
            float* x = X + start, y = Y + start;
            TDoubles s0 = TDoubles.Zero, s1 = TDoubles.Zero, s2 = TDoubles.Zero, s3 = TDoubles.Zero;
            // One stream of reads does not keep memory busy without help (35 against 41 GB/s); two do, and help costs them.
            bool alone = x == y;
            int i = 0;
            for (; i <= count - (2 * Lane); i += 2 * Lane)
            {
                if (alone)
                {
                    Prefetch.Near(x + i + ReadAhead);
                    Prefetch.Near(x + i + ReadAhead + Lane);
                }
                Accumulate(TLanes.Load(x + i), TLanes.Load(y + i), ref s0, ref s1);
                Accumulate(TLanes.Load(x + i + Lane), TLanes.Load(y + i + Lane), ref s2, ref s3);
            }
            for (; i < count; i += Lane)
            {
                int left = Math.Min(Lane, count - i);
                Accumulate(TLanes.LoadPartial(x + i, left), TLanes.LoadPartial(y + i, left), ref s0, ref s1);
            }
            Partials[chunk] = TDoubles.Sum((s0 + s2) + (s1 + s3));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Accumulate(TLanes x, TLanes y, ref TDoubles low, ref TDoubles high)
        {
            TLanes.Widen(x, out TDoubles xLow, out TDoubles xHigh);
            TLanes.Widen(y, out TDoubles yLow, out TDoubles yHigh);
            low = TDoubles.MultiplyAdd(xLow, yLow, low);
            high = TDoubles.MultiplyAdd(xHigh, yHigh, high);
        }
    }

    private struct NarrowJob : IJob
    {
        public double Scale;
        public double* X;
        public float* Y;
        public long Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            long start = (long)chunk * Chunks.Elements;
            int count = (int)Math.Min(Chunks.Elements, Length - start);
            double* x = X + start;
            float* y = Y + start;
            TDoubles scale = TDoubles.Broadcast(Scale);
            int i = 0;
            for (; i <= count - Lane; i += Lane)
            {
                TLanes.Store(y + i, TLanes.Narrow(TDoubles.Load(x + i) * scale, TDoubles.Load(x + i + 8) * scale));
            }
            if (i == count) return;
            int low = Math.Min(8, count - i), high = count - i - low;
            TDoubles tail = high == 0 ? TDoubles.Zero : TDoubles.LoadPartial(x + i + 8, high);
            TLanes.StorePartial(y + i, count - i, TLanes.Narrow(TDoubles.LoadPartial(x + i, low) * scale, tail * scale));
        }
    }

    private struct WidenJob : IJob
    {
        public float* X;
        public double* Y;
        public long Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            long start = (long)chunk * Chunks.Elements;
            int count = (int)Math.Min(Chunks.Elements, Length - start);
            float* x = X + start;
            double* y = Y + start;
            int i = 0;
            for (; i <= count - Lane; i += Lane)
            {
                TLanes.Widen(TLanes.Load(x + i), out TDoubles low, out TDoubles high);
                TDoubles.Store(y + i, low);
                TDoubles.Store(y + i + 8, high);
            }
            if (i == count) return;
            TLanes.Widen(TLanes.LoadPartial(x + i, count - i), out TDoubles first, out TDoubles second);
            TDoubles.StorePartial(y + i, Math.Min(8, count - i), first);
            if (count - i > 8) TDoubles.StorePartial(y + i + 8, count - i - 8, second);
        }
    }
}
