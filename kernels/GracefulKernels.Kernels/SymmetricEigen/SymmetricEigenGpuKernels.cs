using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Device code of Jacobi's method. Of the matrix only the lower triangle is kept; the four elements where two pairs meet belong to one thread, which turns them from
/// both sides, so a round changes the matrix in its place. Rows of the vectors are turned in the same launch.
/// </summary>
internal static class SymmetricEigenGpuKernels
{
    public static readonly GpuKernel<EigenArguments> Scale = new(FindScale);
    public static readonly GpuKernel<EigenArguments> Copy = new(CopyScaled);
    public static readonly GpuKernel<EigenArguments> Turn = new(FindRotations);
    public static readonly GpuKernel<EigenArguments> Apply = new(ApplyRotations);
    public static readonly GpuKernel<EigenArguments> Count = new(CountRotations);
    public static readonly GpuKernel<EigenArguments> Finish = new(StoreVectors);

    /// <summary>Powers of two that keep sums of what is larger than 2⁴⁰⁰ finite, and what is smaller than 2⁻⁴⁰⁰ normal.</summary>
    private const double Large = 2.5822498780869086e120, Small = 3.8725919148493183e-121;
    private const double Down = 2.409919865102884e-181, Up = 4.149515568880993e180;

    /// <summary>2⁻⁵⁵: an element at most that, beside the largest, counts as zero. All of them together then err by less than n·u of the norm.</summary>
    private const double Negligible = 2.7755575615628914e-17;

    internal struct EigenArguments
    {
        /// <summary>The matrices, <see cref="Stride"/> apart, and what takes their places.</summary>
        public ArrayView<double> A, Values;
        public long Stride;

        /// <summary>Matrices and vectors in the making, [n × n] each; of each pair cosine and sine; of each pair whether it has turned in this sweep.</summary>
        public ArrayView<double> Work, Vectors, Rotations, Turned;

        /// <summary>Of each matrix the scale, and what counts as zero.</summary>
        public ArrayView<double> Scales;

        /// <summary>How many pairs have turned.</summary>
        public ArrayView<double> Result;
        public int N, Pairs, Round;

        /// <summary>Groups of a matrix.</summary>
        public int Groups;
    }

    /// <summary>Rows of a pair, the smaller one first. Of an odd order one pair in each round has no second row: it is n.</summary>
    private struct Pair
    {
        public int P, Q;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Pair(int index, int round, int pairs)
        {
            int around = (2 * pairs) - 1;
            int a = index == 0 ? around : (round + index) % around, b = index == 0 ? round : (round - index + around) % around;
            P = Math.Min(a, b);
            Q = Math.Max(a, b);
        }
    }

    /// <summary>A group a matrix.</summary>
    private static void FindScale(EigenArguments g)
    {
        long first = Grid.IdxX * g.Stride;
        double largest = 0.0;
        for (int row = 0; row < g.N; row++)
        {
            for (int column = Group.IdxX; column <= row; column += GpuKernels.GroupSize)
            {
                double value = Math.Abs(g.A[first + ((long)row * g.N) + column]);
                // Also for a NaN, which is below nothing.
                value = value <= double.MaxValue ? value : double.PositiveInfinity;
                largest = value > largest ? value : largest;
            }
        }
        largest = GroupLargest(largest);
        double scale = largest > Large ? Down : largest < Small ? Up : 1.0;
        if (Group.IdxX == 0)
        {
            g.Scales[2 * Grid.IdxX] = scale;
            g.Scales[(2 * Grid.IdxX) + 1] = largest * scale * Negligible;
        }
    }

    private static void CopyScaled(EigenArguments g)
    {
        int matrix = Grid.IdxX / g.Groups;
        long element = ((long)(Grid.IdxX % g.Groups) * GpuKernels.GroupSize) + Group.IdxX, length = (long)g.N * g.N;
        if (element >= length) return;
        int row = (int)(element / g.N), column = (int)(element % g.N);
        long to = (matrix * length) + element;
        if (column <= row) g.Work[to] = g.A[(matrix * g.Stride) + element] * g.Scales[2 * matrix];
        g.Vectors[to] = column == row ? 1.0 : 0.0;
    }

    /// <summary>A thread a pair. The smaller of the two angles that make its element zero.</summary>
    private static void FindRotations(EigenArguments g)
    {
        long index = ((long)Grid.IdxX * GpuKernels.GroupSize) + Group.IdxX;
        if (index >= g.Turned.Length) return;
        int matrix = (int)(index / g.Pairs);
        Pair pair = new((int)(index % g.Pairs), g.Round, g.Pairs);
        int q = Math.Min(pair.Q, g.N - 1);
        double off = At(g, matrix, q, pair.P), limit = g.Scales[(2 * matrix) + 1];
        double cosine = 1.0, sine = 0.0;
        // Not where the limit is infinite or NaN.
        bool turns = (pair.Q < g.N) & (Math.Abs(off) > limit);
        if (turns)
        {
            double theta = (At(g, matrix, q, q) - At(g, matrix, pair.P, pair.P)) / (2.0 * off);
            double size = Math.Abs(theta);
            double tangent = 1.0 / (size + Math.Sqrt((size * size) + 1.0));
            tangent = theta < 0.0 ? -tangent : tangent;
            cosine = 1.0 / Math.Sqrt((tangent * tangent) + 1.0);
            sine = tangent * cosine;
        }
        g.Rotations[2 * index] = cosine;
        g.Rotations[(2 * index) + 1] = sine;
        double before = g.Round == 0 ? 0.0 : g.Turned[index];
        g.Turned[index] = turns ? 1.0 : before;
    }

    /// <summary>A thread where two pairs meet, then one where a pair and a column of the vectors meet.</summary>
    private static void ApplyRotations(EigenArguments g)
    {
        int matrix = Grid.IdxX / g.Groups;
        long index = ((long)(Grid.IdxX % g.Groups) * GpuKernels.GroupSize) + Group.IdxX, meetings = (long)g.Pairs * g.Pairs;
        if (index < meetings) TurnMatrix(g, matrix, (int)(index / g.Pairs), (int)(index % g.Pairs));
        else TurnVectors(g, matrix, index - meetings);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnMatrix(in EigenArguments g, int matrix, int left, int right)
    {
        if (left < right) return;
        long rotations = 2L * matrix * g.Pairs;
        double c = g.Rotations[rotations + (2 * left)], s = g.Rotations[rotations + (2 * left) + 1];
        double d = g.Rotations[rotations + (2 * right)], t = g.Rotations[rotations + (2 * right) + 1];
        Pair x = new(left, g.Round, g.Pairs), y = new(right, g.Round, g.Pairs);
        bool hasX = x.Q < g.N, hasY = y.Q < g.N;
        int xq = Math.Min(x.Q, g.N - 1), yq = Math.Min(y.Q, g.N - 1);
        if (left == right)
        {
            if (hasX & (s != 0.0))
            {
                double off = At(g, matrix, x.P, xq), change = s / c * off;
                g.Work[Place(g, matrix, x.P, x.P)] -= change;
                g.Work[Place(g, matrix, xq, xq)] += change;
                g.Work[Place(g, matrix, x.P, xq)] = 0.0;
            }
            return;
        }
        double pp = At(g, matrix, x.P, y.P), pq = hasY ? At(g, matrix, x.P, yq) : 0.0;
        double qp = hasX ? At(g, matrix, xq, y.P) : 0.0, qq = hasX & hasY ? At(g, matrix, xq, yq) : 0.0;
        double a = (c * pp) - (s * qp), b = (c * pq) - (s * qq), e = (s * pp) + (c * qp), f = (s * pq) + (c * qq);
        g.Work[Place(g, matrix, x.P, y.P)] = (d * a) - (t * b);
        if (hasY) g.Work[Place(g, matrix, x.P, yq)] = (t * a) + (d * b);
        if (hasX) g.Work[Place(g, matrix, xq, y.P)] = (d * e) - (t * f);
        if (hasX & hasY) g.Work[Place(g, matrix, xq, yq)] = (t * e) + (d * f);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnVectors(in EigenArguments g, int matrix, long index)
    {
        int pair = (int)(index / g.N), column = (int)(index % g.N);
        if (pair >= g.Pairs) return;
        Pair x = new(pair, g.Round, g.Pairs);
        if (x.Q >= g.N) return;
        long rotation = 2L * (((long)matrix * g.Pairs) + pair), first = ((long)matrix * g.N * g.N) + column;
        double c = g.Rotations[rotation], s = g.Rotations[rotation + 1];
        long atP = first + ((long)x.P * g.N), atQ = first + ((long)x.Q * g.N);
        double p = g.Vectors[atP], q = g.Vectors[atQ];
        g.Vectors[atP] = (c * p) - (s * q);
        g.Vectors[atQ] = (s * p) + (c * q);
    }

    /// <summary>One group.</summary>
    private static void CountRotations(EigenArguments g)
    {
        double sum = 0.0;
        for (long i = Group.IdxX; i < g.Turned.Length; i += GpuKernels.GroupSize) sum += g.Turned[i];
        sum = GroupSum.Of(sum);
        if (Group.IdxX == 0) g.Result[0] = sum;
    }

    /// <summary>A group a vector: its place among the values (equal ones as they stand), and the sign that makes its largest element positive.</summary>
    private static void StoreVectors(EigenArguments g)
    {
        ArrayView<double> place = SharedMemory.Allocate<double>(1);
        int matrix = Grid.IdxX / g.N, row = Grid.IdxX % g.N;
        long from = ((long)matrix * g.N * g.N) + ((long)row * g.N);
        double value = At(g, matrix, row, row), before = 0.0, largest = 0.0;
        for (int i = Group.IdxX; i < g.N; i += GpuKernels.GroupSize)
        {
            double other = At(g, matrix, i, i), size = Math.Abs(g.Vectors[from + i]);
            bool earlier = (other < value) | ((other == value) & (i < row));
            before += earlier ? 1.0 : 0.0;
            largest = size > largest ? size : largest;
        }
        before = GroupSum.Of(before);
        if (Group.IdxX == 0) place[0] = before;
        largest = GroupLargest(largest);
        // The first of the largest has the largest distance from the end.
        double last = 0.0;
        for (int i = Group.IdxX; i < g.N; i += GpuKernels.GroupSize)
        {
            double distance = Math.Abs(g.Vectors[from + i]) == largest ? (double)(g.N - i) : 0.0;
            last = distance > last ? distance : last;
        }
        last = GroupLargest(last);
        double scale = g.Scales[2 * matrix], limit = g.Scales[(2 * matrix) + 1];
        // A matrix that is not finite: all of it becomes NaN, in rows as they stand.
        bool finite = limit <= double.MaxValue;
        double spoilt = finite ? 0.0 : limit - limit;
        int at = finite ? (int)place[0] : row;
        long to = (matrix * g.Stride) + ((long)at * g.N);
        double sign = g.Vectors[from + g.N - (int)last] < 0.0 ? -1.0 : 1.0;
        for (int i = Group.IdxX; i < g.N; i += GpuKernels.GroupSize) g.A[to + i] = (sign * g.Vectors[from + i]) + spoilt;
        double back = scale == 1.0 ? 1.0 : scale < 1.0 ? Up : Down;
        if (Group.IdxX == 0) g.Values[((long)matrix * g.N) + at] = finite ? value * back : spoilt;
    }

    /// <summary>The largest of the group's numbers, none of them negative: every thread gets it. Every thread of the group must arrive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double GroupLargest(double value)
    {
        ArrayView<double> shared = SharedMemory.Allocate<double>(GpuKernels.GroupSize);
        int thread = Group.IdxX;
        shared[thread] = value;
        Group.Barrier();
        for (int half = GpuKernels.GroupSize / 2; half > 0; half >>= 1)
        {
            if (thread < half)
            {
                double mine = shared[thread], other = shared[thread + half];
                shared[thread] = other > mine ? other : mine;
            }
            Group.Barrier();
        }
        double largest = shared[0];
        // Before the memory is used again.
        Group.Barrier();
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Place(in EigenArguments g, int matrix, int i, int j)
        => ((long)matrix * g.N * g.N) + ((long)Math.Max(i, j) * g.N) + Math.Min(i, j);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double At(in EigenArguments g, int matrix, int i, int j) => g.Work[Place(g, matrix, i, j)];
}
