using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>A stretch of memory that is wanted soon, asked for piece by piece between two pieces of other work.</summary>
internal unsafe struct ReadAhead(float* start, nint count)
{
    private const int LineElements = 16;

    private float* _next = start;
    private readonly float* _end = start + count;

    /// <summary>Elements of a piece where <paramref name="pieces"/> cover all: whole cache lines.</summary>
    public readonly nint Share(int pieces) => ((nint)(_end - _next) / Math.Max(pieces, 1) + LineElements) & ~(LineElements - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch(nint count)
    {
        float* end = _next + count < _end ? _next + count : _end;
        for (; _next < end; _next += LineElements) Prefetch.IntoSecond(_next);
    }
}
