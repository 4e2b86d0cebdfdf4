using System.Runtime.CompilerServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>A device allocation stops the device: what runs many times makes none after its first run. Memory that is forgotten comes back.</summary>
public class DeviceAllocationTests
{
    /// <summary>Not the one that other classes use at the same time.</summary>
    private static readonly Lazy<ComputeDevice> Own = new(KernelFamily.Gpu.Open);

    private readonly ComputeDevice _device = Own.Value;

    private GpuKernels Set => (GpuKernels)_device.Kernels;

    private long Allocations => Set.Pool.Allocations;

    [Fact]
    public void JvpAndVjp()
    {
        Network network = RandomNetworks.Get("kept", 3, _device);
        // Nothing cached: each sweep computes its primals again, and the last batch is smaller.
        using var linear = new LinearizedNetwork(
            network, RandomNetworks.Images(network, 11, 3), 11, options: new LinearizedOptions { BatchSize = 4, CacheBytes = 0 });
        using ParameterVector v = RandomNetworks.Direction(network, 12);
        Sweep();
        long before = Allocations;
        for (int i = 0; i < 3; i++) Sweep();
        Assert.Equal(before, Allocations);

        void Sweep()
        {
            using ParameterVector gradient = linear.Vjp(linear.Jvp(v));
        }
    }

    [Fact]
    public void PcgIterations()
    {
        using SolverTests.Small s = new(_device);
        using var problem = new LinearQuadraticProblem(s.Linear, s.Targets(weighted: true), 0.1);
        using KroneckerPreconditioner p = s.Preconditioner(problem, 0.1);
        List<long> allocations = [];
        Pcg.Solve(problem, new PcgOptions { Tolerance = 0, MaxIterations = 5, RefreshInterval = 2 }, p, new Immediate<SolverProgress>(_ => allocations.Add(Allocations)));
        Assert.Equal(6, allocations.Count);
        // The start runs no preconditioner; the first refresh is in iteration 2.
        Assert.All(allocations.Skip(2), a => Assert.Equal(allocations[2], a));
        Assert.Equal(allocations[1], allocations[2]);
    }

    [Fact]
    public void TrainingSteps()
    {
        Network network = RandomNetworks.Get("residual", 1, _device);
        float[] images = RandomNetworks.Images(network, 20, 2);
        int[] labels = [.. Enumerable.Range(0, 20).Select(i => i % 4)];
        List<long> allocations = [];
        // Whole batches and a smaller last.
        var options = new SgdOptions { Epochs = 4, BatchSize = 8, LearningRate = LearningRate.Constant(0.001) };
        SgdTrainer.Train(network, images, labels, options, progress: new Immediate<TrainingProgress>(_ => allocations.Add(Allocations)));
        Assert.Equal(4, allocations.Count);
        Assert.All(allocations, a => Assert.Equal(allocations[0], a));
    }

    /// <summary>Operands in spans are staged in memory of the pool.</summary>
    [Fact]
    public void LossesOfSpans()
    {
        (float[] zNew, float[] zOld, int[] labels) = RowLossRun.Sample(40, 10, 2);
        float[] gradient = new float[zNew.Length];
        Evaluate();
        long before = Allocations;
        for (int i = 0; i < 3; i++) Evaluate();
        Assert.Equal(before, Allocations);

        void Evaluate()
        {
            CongruenceLoss.Evaluate(zNew, zOld, labels, 10, gradient: gradient, device: _device);
            FlipCounts.FromLogits(zOld, zNew, labels, 10, device: _device);
        }
    }

    /// <summary>The pool's buffers have finalizers too, which must not run before those of their owners: the pool would hand out freed memory.</summary>
    [Fact]
    public void ForgottenMemoryComesBackWhole()
    {
        const int Bytes = 1 << 16, Buffers = 20;
        Forget(Set, Buffers, Bytes);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Allocations;
        for (int i = 0; i < 2; i++)
        {
            List<DeviceMemory> again = [.. Enumerable.Range(0, Buffers).Select(_ => Set.Allocate(Bytes))];
            foreach (DeviceMemory memory in again)
            {
                Block<float> block = memory.AsBlock<float>();
                Set.Zero(block);
                Set.Add(block, block, block);
                Assert.Equal(0, Set.Dot(block, block));
            }
            foreach (DeviceMemory memory in again) memory.Dispose();
        }
        // The last may still have been held by a register; what sums need comes once.
        Assert.InRange(Allocations, before, before + 3);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(GpuKernels set, int buffers, int bytes)
    {
        for (int i = 0; i < buffers; i++) set.Zero(set.Allocate(bytes).AsBlock<float>());
    }

    private sealed class Immediate<T>(Action<T> then) : IProgress<T>
    {
        public void Report(T value) => then(value);
    }
}
