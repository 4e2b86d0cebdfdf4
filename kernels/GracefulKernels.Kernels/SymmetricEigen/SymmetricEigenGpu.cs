using System.Diagnostics;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <remarks>
/// Cyclic Jacobi: n/2 rotations at a time that do not touch each other, in the order of a tournament, so that a sweep of n − 1 rounds meets every pair once. A sweep
/// without a rotation ends it; the number of rotations is all that the host asks for, once a sweep. Each round reads and writes the triangle and the vectors.
/// </remarks>
internal sealed partial class GpuKernels
{
    /// <summary>Convergence is quadratic: six to ten sweeps are usual.</summary>
    private const int MostEigenSweeps = 40;

    public void SymmetricEigen(int n, Block<double> a, Block<double> values) => SymmetricEigenBatch(1, n, a, (long)n * n, values);

    public void SymmetricEigenBatch(int count, int n, Block<double> a, long stride, Block<double> values)
    {
        Debug.Assert(count >= 0 && n >= 0 && (count <= 1 || stride >= (long)n * n) && values.Length >= (long)count * n);
        if (count == 0 || n == 0) return;
        using GpuCall call = Begin();
        int players = n + (n & 1), pairs = players / 2;
        long square = (long)count * n * n, turns = (long)count * pairs;
        ArrayView<double> scratch = call.Scratch<double>(GpuScratch.Eigen, (2 * square) + (3 * turns) + (2L * count) + 1);
        SymmetricEigenGpuKernels.EigenArguments g = new()
        {
            A = call.Update(a), Stride = stride, Values = call.Update(values), N = n, Pairs = pairs,
            Work = scratch.SubView(0, square), Vectors = scratch.SubView(square, square), Rotations = scratch.SubView(2 * square, 2 * turns),
            Turned = scratch.SubView((2 * square) + (2 * turns), turns), Scales = scratch.SubView((2 * square) + (3 * turns), 2L * count),
            Result = scratch.SubView((2 * square) + (3 * turns) + (2L * count), 1),
        };
        call.Launch(SymmetricEigenGpuKernels.Scale, count, g);
        g.Groups = GroupsFor((long)n * n);
        call.Launch(SymmetricEigenGpuKernels.Copy, checked(count * g.Groups), g);
        int turnGroups = GroupsFor(turns), applyGroups = GroupsFor((long)pairs * (pairs + n));
        Span<double> turned = stackalloc double[1];
        for (int sweep = 0; sweep < MostEigenSweeps && n > 1; sweep++)
        {
            g.Groups = applyGroups;
            for (g.Round = 0; g.Round < players - 1; g.Round++)
            {
                call.Launch(SymmetricEigenGpuKernels.Turn, turnGroups, g);
                call.Launch(SymmetricEigenGpuKernels.Apply, checked(count * applyGroups), g);
            }
            call.Launch(SymmetricEigenGpuKernels.Count, 1, g);
            call.Fetch(g.Result, turned);
            if (turned[0] == 0) break;
        }
        call.Launch(SymmetricEigenGpuKernels.Finish, checked(count * n), g);
    }

    private static int GroupsFor(long threads) => checked((int)((threads + GroupSize - 1) / GroupSize));
}
