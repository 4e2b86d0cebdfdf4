using ILGPU;
using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// Sums over the threads of a group as a tree of fixed shape: the same bits on every run. Shuffles would be quicker where there are some, but a group
/// sums once for many elements. Every thread of the group must arrive.
/// </summary>
internal static class GroupSum
{
    /// <summary>Sum over <see cref="GpuKernels.GroupSize"/> threads; the first thread gets it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Of(double value)
    {
        ArrayView<double> shared = SharedMemory.Allocate<double>(GpuKernels.GroupSize);
        int thread = Group.IdxX;
        shared[thread] = value;
        Group.Barrier();
        for (int half = GpuKernels.GroupSize / 2; half > 0; half >>= 1)
        {
            if (thread < half) shared[thread] += shared[thread + half];
            Group.Barrier();
        }
        return shared[0];
    }
}
