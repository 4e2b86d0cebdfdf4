using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>One lane-by-lane function of one operand.</summary>
internal interface IUnaryOperation<TLanes>
{
    TLanes Apply(TLanes x);
}

/// <summary>One lane-by-lane function of two operands.</summary>
internal interface IBinaryOperation<TLanes>
{
    TLanes Apply(TLanes a, TLanes b);
}

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    private const int Lane = ILanes<TLanes, TDoubles>.Count;

    /// <summary><c>y = operation(x)</c>; y may be x.</summary>
    private void Map<TOperation>(TOperation operation, float* x, float* y, long length)
        where TOperation : struct, IUnaryOperation<TLanes>
    {
        var job = new UnaryJob<TOperation> { Operation = operation, X = x, Y = y, Length = length };
        _workers.Run(Chunks.Count(length), ref job);
    }

    /// <summary><c>y = operation(a, b)</c>; y may be a or b.</summary>
    private void Map<TOperation>(TOperation operation, float* a, float* b, float* y, long length)
        where TOperation : struct, IBinaryOperation<TLanes>
    {
        var job = new BinaryJob<TOperation> { Operation = operation, A = a, B = b, Y = y, Length = length };
        _workers.Run(Chunks.Count(length), ref job);
    }

    private struct UnaryJob<TOperation> : IJob where TOperation : struct, IUnaryOperation<TLanes>
    {
        public TOperation Operation;
        public float* X;
        public float* Y;
        public long Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            TOperation operation = Operation;
            long start = (long)chunk * Chunks.Elements;
            int count = (int)Math.Min(Chunks.Elements, Length - start);
            float* x = X + start, y = Y + start;
            int i = 0;
            for (; i <= count - (4 * Lane); i += 4 * Lane)
            {
                TLanes v0 = operation.Apply(TLanes.Load(x + i));
                TLanes v1 = operation.Apply(TLanes.Load(x + i + Lane));
                TLanes v2 = operation.Apply(TLanes.Load(x + i + (2 * Lane)));
                TLanes v3 = operation.Apply(TLanes.Load(x + i + (3 * Lane)));
                TLanes.Store(y + i, v0);
                TLanes.Store(y + i + Lane, v1);
                TLanes.Store(y + i + (2 * Lane), v2);
                TLanes.Store(y + i + (3 * Lane), v3);
            }
            for (; i <= count - Lane; i += Lane) TLanes.Store(y + i, operation.Apply(TLanes.Load(x + i)));
            if (i < count) TLanes.StorePartial(y + i, count - i, operation.Apply(TLanes.LoadPartial(x + i, count - i)));
        }
    }

    private struct BinaryJob<TOperation> : IJob where TOperation : struct, IBinaryOperation<TLanes>
    {
        public TOperation Operation;
        public float* A;
        public float* B;
        public float* Y;
        public long Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int chunk)
        {
            TOperation operation = Operation;
            long start = (long)chunk * Chunks.Elements;
            int count = (int)Math.Min(Chunks.Elements, Length - start);
            float* a = A + start, b = B + start, y = Y + start;
            int i = 0;
            for (; i <= count - (4 * Lane); i += 4 * Lane)
            {
                TLanes v0 = operation.Apply(TLanes.Load(a + i), TLanes.Load(b + i));
                TLanes v1 = operation.Apply(TLanes.Load(a + i + Lane), TLanes.Load(b + i + Lane));
                TLanes v2 = operation.Apply(TLanes.Load(a + i + (2 * Lane)), TLanes.Load(b + i + (2 * Lane)));
                TLanes v3 = operation.Apply(TLanes.Load(a + i + (3 * Lane)), TLanes.Load(b + i + (3 * Lane)));
                TLanes.Store(y + i, v0);
                TLanes.Store(y + i + Lane, v1);
                TLanes.Store(y + i + (2 * Lane), v2);
                TLanes.Store(y + i + (3 * Lane), v3);
            }
            for (; i <= count - Lane; i += Lane) TLanes.Store(y + i, operation.Apply(TLanes.Load(a + i), TLanes.Load(b + i)));
            if (i < count)
            {
                TLanes.StorePartial(y + i, count - i, operation.Apply(TLanes.LoadPartial(a + i, count - i), TLanes.LoadPartial(b + i, count - i)));
            }
        }
    }
}
