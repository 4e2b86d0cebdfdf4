using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// Which four classes of a row a thread takes at once: <c>First</c>, and <c>Step</c> further each. Missing ones (behind the last class) read as −∞.
/// </summary>
internal interface IRowAccess
{
    /// <summary>Where the four of thread <paramref name="t"/> of <paramref name="threads"/> begin, of block <paramref name="block"/> of the row.</summary>
    int First(int block, int t, int threads);

    int Step(int threads);

    Float4 Load(ArrayView<float> view, long row, int first, int step, int classes);

    void Store(ArrayView<float> view, long row, int first, int step, int classes, Float4 value);
}

/// <summary>Four classes that lie together, 16 bytes at a time: rows begin at multiples of 16 bytes and have a multiple of four classes.</summary>
internal struct QuadAccess : IRowAccess
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int First(int block, int t, int threads) => ((block * threads) + t) * 4;

    public readonly int Step(int threads) => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Load(ArrayView<float> view, long row, int first, int step, int classes)
    {
        Float4 value = new(float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity);
        if (first < classes) value = view.Cast<Float4>()[(row + first) >> 2];
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> view, long row, int first, int step, int classes, Float4 value)
    {
        if (first < classes) view.Cast<Float4>()[(row + first) >> 2] = value;
    }
}

/// <summary>Neighbouring threads take neighbouring classes, 4 bytes at a time: any alignment, any number of classes.</summary>
internal struct SingleAccess : IRowAccess
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int First(int block, int t, int threads) => (block * threads * 4) + t;

    public readonly int Step(int threads) => threads;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Load(ArrayView<float> view, long row, int first, int step, int classes)
    {
        Float4 value = new(float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity);
        if (first < classes) value.X = view[row + first];
        if (first + step < classes) value.Y = view[row + first + step];
        if (first + (2 * step) < classes) value.Z = view[row + first + (2 * step)];
        if (first + (3 * step) < classes) value.W = view[row + first + (3 * step)];
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> view, long row, int first, int step, int classes, Float4 value)
    {
        if (first < classes) view[row + first] = value.X;
        if (first + step < classes) view[row + first + step] = value.Y;
        if (first + (2 * step) < classes) view[row + first + (2 * step)] = value.Z;
        if (first + (3 * step) < classes) view[row + first + (3 * step)] = value.W;
    }
}
