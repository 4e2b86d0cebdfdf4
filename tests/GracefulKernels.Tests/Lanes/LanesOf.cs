using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>A check written once for every width.</summary>
internal interface ILanesCheck
{
    void Run<TLanes, TDoubles>() where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>;
}

internal static unsafe class LanesOf
{
    public static TLanes Load<TLanes, TDoubles>(float[] values) where TLanes : struct, ILanes<TLanes, TDoubles> where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        fixed (float* p = values) return TLanes.Load(p);
    }

    /// <summary>Each lane has the bits of <paramref name="expected"/>; a NaN equals any NaN.</summary>
    public static void Expect<TLanes, TDoubles>(Func<int, float> expected, TLanes actual, string what)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        float* stored = stackalloc float[16];
        TLanes.Store(stored, actual);
        float[] wanted = new float[16];
        for (int i = 0; i < 16; i++) wanted[i] = expected(i);
        Everywhere.AssertSame<float>(wanted, new ReadOnlySpan<float>(stored, 16), what);
    }
}
