using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>Adds the slices in order and turns [patch × out] into [out × patch].</summary>
internal unsafe struct WeightGradientMerge<TLanes, TDoubles> : IJob
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private const int MergeRows = 32;

    public float* Partial;
    public int Slices, Patch, Outputs;
    public nint Ld;
    public float Beta;
    public float* Dw;

    public readonly int Chunks => (Patch + MergeRows - 1) / MergeRows;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Execute(int chunk)
    {
        int row = chunk * MergeRows, rows = Math.Min(MergeRows, Patch - row);
        float* sums = stackalloc float[MergeRows * 16];
        float* turned = stackalloc float[MergeRows * 16];
        for (int o = 0; o < Outputs; o += 16)
        {
            int count = Math.Min(16, Outputs - o);
            for (int r = 0; r < rows; r++)
            {
                TLanes sum = TLanes.Zero;
                for (int s = 0; s < Slices; s++) sum += TLanes.Load(Partial + ((((nint)s * Patch) + row + r) * Ld) + o);
                TLanes.Store(sums + (r * 16), sum);
            }
            Transposition.Copy(sums, 16, rows, count, turned, MergeRows);
            for (int i = 0; i < count; i++) Store(turned + (i * MergeRows), Dw + ((nint)(o + i) * Patch) + row, rows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Store(float* sums, float* to, int count)
    {
        for (int j = 0; j < count; j += 16)
        {
            int n = Math.Min(16, count - j);
            TLanes v = TLanes.Load(sums + j);
            if (Beta != 0f) v = TLanes.MultiplyAdd(TLanes.Broadcast(Beta), TLanes.LoadPartial(to + j, n), v);
            TLanes.StorePartial(to + j, n, v);
        }
    }
}
