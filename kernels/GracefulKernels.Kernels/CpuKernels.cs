using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// The CPU set over sixteen logical lanes. <typeparamref name="TLanes"/> says how the processor holds them; the bits of every result are
/// the same for each choice and for any number of threads.
/// </summary>
internal sealed unsafe partial class CpuKernels<TLanes, TDoubles> : IKernels
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private readonly Workers _workers;

    public CpuKernels(int threads) => _workers = new Workers(threads);

    public string Name => TLanes.Name;

    public int Threads => _workers.Count;

    public void Dispose() => _workers.Dispose();

    /// <summary>A whole register, or its first elements with zeros behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TLanes Load(float* source, int count) => count == Lane ? TLanes.Load(source) : TLanes.LoadPartial(source, count);

    /// <summary>A whole register, or its first elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(float* destination, int count, TLanes value)
    {
        if (count == Lane) TLanes.Store(destination, value);
        else TLanes.StorePartial(destination, count, value);
    }
}
