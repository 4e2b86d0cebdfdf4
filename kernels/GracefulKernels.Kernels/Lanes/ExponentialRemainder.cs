using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GracefulKernels.Kernels;

/// <summary><c>(eˣ − 1 − x) / x²</c> with its coefficients in registers, as <see cref="Exponential{TLanes,TDoubles}"/> has them.</summary>
internal readonly unsafe struct ExponentialRemainder<TLanes, TDoubles>
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private readonly TLanes _c8, _c7, _c6, _c5, _c4, _c3, _c2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ExponentialRemainder(float* c)
    {
        _c8 = TLanes.Broadcast(c[0]);
        _c7 = TLanes.Broadcast(c[1]);
        _c6 = TLanes.Broadcast(c[2]);
        _c5 = TLanes.Broadcast(c[3]);
        _c4 = TLanes.Broadcast(c[4]);
        _c3 = TLanes.Broadcast(c[5]);
        _c2 = TLanes.Broadcast(c[6]);
        One = TLanes.Broadcast(c[7]);
    }

    /// <summary>Up to here, in magnitude, <see cref="Of"/> is good.</summary>
    public TLanes One { get; }

    /// <summary>Call it before anything else is in a vector register: a call saves none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExponentialRemainder<TLanes, TDoubles> Load() => new(ExponentialRemainderTable.Pointer());

    /// <summary>For |x| ≤ 1, relative error at most 2⁻²³.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Of(TLanes x)
    {
        TLanes q = TLanes.MultiplyAdd(x, _c8, _c7);
        q = TLanes.MultiplyAdd(q, x, _c6);
        q = TLanes.MultiplyAdd(q, x, _c5);
        q = TLanes.MultiplyAdd(q, x, _c4);
        q = TLanes.MultiplyAdd(q, x, _c3);
        return TLanes.MultiplyAdd(q, x, _c2);
    }
}

internal static unsafe class ExponentialRemainderTable
{
    // Minimax (Remez), rounded to fp32; behind them the 1 up to which they hold.
    private static ReadOnlySpan<float> Values =>
    [
        2.496083107e-5f, 2.032547927e-4f, 1.389133511e-3f, 8.330930956e-3f, 4.166651517e-2f, 1.666669548e-1f, 0.5f, 1f,
    ];

    /// <summary>Through a call, as in <see cref="ExponentialTable"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float* Pointer() => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Values));
}
