using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>Device code that makes a factor of its raw sum, and its trace. Damping is bound by bytes: each element is read once and written once.</summary>
internal static class DampTraceGpuKernels
{
    public static readonly GpuKernel<DampArguments> Damp = new(DampRows);
    public static readonly GpuKernel<TraceArguments> Trace = new(SumOfDiagonal);

    internal struct DampArguments
    {
        public ArrayView<double> Sum, Damped;
        public int N;
        public double Scale, Shift;
    }

    internal struct TraceArguments
    {
        public ArrayView<double> Matrix, Result;
        public int N;
    }

    /// <summary>A row a group at a time: where the diagonal is needs no division. Four loads are on their way before the first store.</summary>
    private static void DampRows(DampArguments g)
    {
        const int Stride = GpuKernels.GroupSize;
        for (int row = Grid.IdxX; row < g.N; row += Grid.DimX)
        {
            long first = (long)row * g.N;
            int column = Group.IdxX;
            for (; column + (3 * Stride) < g.N; column += 4 * Stride)
            {
                long at = first + column;
                double a = g.Sum[at], b = g.Sum[at + Stride], c = g.Sum[at + (2 * Stride)], d = g.Sum[at + (3 * Stride)];
                g.Damped[at] = Value(g, a, column == row);
                g.Damped[at + Stride] = Value(g, b, column + Stride == row);
                g.Damped[at + (2 * Stride)] = Value(g, c, column + (2 * Stride) == row);
                g.Damped[at + (3 * Stride)] = Value(g, d, column + (3 * Stride) == row);
            }
            for (; column < g.N; column += Stride) g.Damped[first + column] = Value(g, g.Sum[first + column], column == row);
        }
    }

    /// <summary>One group.</summary>
    private static void SumOfDiagonal(TraceArguments g)
    {
        double sum = 0;
        for (long i = Group.IdxX; i < g.N; i += GpuKernels.GroupSize) sum += g.Matrix[i * (g.N + 1L)];
        sum = GroupSum.Of(sum);
        if (Group.IdxX == 0) g.Result[0] = sum;
    }

    private static double Value(in DampArguments g, double x, bool diagonal) => diagonal ? (g.Scale * x) + g.Shift : g.Scale * x;
}
