using Microsoft.Win32.SafeHandles;

namespace GracefulKernels.Tests;

/// <summary>Primal states in memory, in a file and computed again: the same bits, a plan that is right, and disks that are full.</summary>
public abstract class ActivationStoreTests(KernelFamily family)
{
    private const int Batch = 3;
    private const int Samples = LinearizedNetworkTests.Samples;

    public static TheoryData<string> Networks => RandomNetworks.Names;

    [Theory]
    [MemberData(nameof(Networks))]
    public void WhereStatesAreChangesNoBit(string name)
    {
        using var folder = new TemporaryFolder();
        float[][]? expected = null;
        // 11 samples are 3 whole batches and a smaller one.
        (int, int)[] some = [(4, 0), (0, 9), (1, 1)];
        foreach ((int memory, int room) in family.IsCpu ? [.. some, (0, 4), (0, 0), (2, 2), (1, 3), (0, 2)] : some)
        {
            using LinearizedNetwork linear = LinearizedNetworkTests.Linearized(name, 2, family.Device, Options(name, folder, memory, room));
            ActivationPlan plan = linear.Plan;
            int mapped = Math.Min(room, 4 - memory);
            Assert.Equal((memory, mapped, 4 - memory - mapped), (plan.BatchesInMemory, plan.BatchesMapped, plan.BatchesRecomputed));
            Assert.Equal(memory + mapped, linear.CachedBatches);
            Assert.Null(plan.SpillProblem);
            if (!OperatingSystem.IsWindows()) Assert.Empty(folder.Names());
            float[][] results = [linear.F0.ToArray(), .. Sweep(linear), .. Sweep(linear)];
            expected ??= results;
            for (int i = 0; i < results.Length; i++) Tolerance.AssertSameBits(expected[i], results[i], $"{name}, {memory} + {mapped}, result {i}");
        }
        Assert.Empty(folder.Names());
    }

    [Fact]
    public void FactorsAndSolutionsAreTheSameFromAFile()
    {
        using var folder = new TemporaryFolder();
        float[]? expected = null;
        foreach (int mapped in new[] { 0, 3 })
        {
            using LinearizedNetwork linear = LinearizedNetworkTests.Linearized("residual", 2, family.Device, Options("residual", folder, 0, mapped));
            using var problem = new LinearQuadraticProblem(linear, Targets.OneHot([.. Enumerable.Range(0, Samples).Select(i => i % 4)], 4), 0.1);
            using var preconditioner = new KroneckerPreconditioner(KroneckerFactors.Compute(linear), 0.1, linear.Network.Parameters, family.Device);
            SolverResult result = Pcg.Solve(problem, new PcgOptions { MaxIterations = 5 }, preconditioner);
            Tolerance.AssertSameBits(expected ??= result.Update.ToArray(), result.Update.ToArray(), "d");
        }
    }

    [Fact]
    public void ThePlanSaysWhatItCostsAndSaves()
    {
        using var folder = new TemporaryFolder();
        using LinearizedNetwork linear = LinearizedNetworkTests.Linearized("kept", 2, family.Device, Options("kept", folder, 1, 2));
        ActivationPlan plan = linear.Plan;
        long bytes = linear.Network.Plan.State.BytesPerSample;
        Assert.Equal((bytes, Batch, 3 * bytes, 2 * bytes), (plan.BytesPerSample, plan.BatchSize, plan.BytesInMemory, plan.BytesRecomputed));
        Assert.InRange(plan.BytesMapped, 6 * bytes, (6 * bytes) + (2 * 4096));
        Assert.True(plan.WorkspaceBytes > 3 * bytes && plan.SecondsSaved > 0);
        // 9 of 11 samples are kept.
        Assert.Equal(9.0 / 2, plan.SecondsSaved / plan.SecondsRecomputed, 1e-6);
        string[] lines = plan.ToString().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Contains("a sample, batches of 3: 1 in memory (", lines[0], StringComparison.Ordinal);
        Assert.Contains(", 2 in a file (", lines[0], StringComparison.Ordinal);
        Assert.Contains(", 1 computed again (", lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void ADiskThatIsFullBeforeTheWorkIsNoError()
    {
        using var folder = new TemporaryFolder();
        // A real refusal: no disk has 2^60 bytes.
        AssertGoesOn(Options("kept", folder, 1, 3) with { CreateSpill = (path, _) => SpillFile.Create(path, 1L << 60) }, 1, 0);
        Assert.Empty(folder.Names());
    }

    [Fact]
    public void ADiskThatFillsDuringTheWorkIsNoError()
    {
        using var folder = new TemporaryFolder();
        const string Full = "/dev/full";
        Assert.SkipUnless(File.Exists(Full), "There is no device that is always full here.");
        AssertGoesOn(Options("kept", folder, 1, 3) with { CreateSpill = (_, _) => new SpillFile(Open(Full)) }, 1, 0);

        static SafeFileHandle Open(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
    }

    [Fact]
    public void AFileThatCannotBeIsNamed()
    {
        using var folder = new TemporaryFolder();
        LinearizedOptions options = Options("kept", folder, 1, 3) with { SpillFolder = folder.File("absent") };
        IOException e = Assert.Throws<IOException>(() => LinearizedNetworkTests.Linearized("kept", 2, family.Device, options));
        Assert.Contains("absent' cannot hold a file", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => LinearizedNetworkTests.Linearized("kept", 2, family.Device, new LinearizedOptions { SpillBytes = -1 }));
    }

    private void AssertGoesOn(LinearizedOptions options, int memory, int mapped)
    {
        using LinearizedNetwork linear = LinearizedNetworkTests.Linearized("kept", 2, family.Device, options);
        using LinearizedNetwork other = LinearizedNetworkTests.Linearized("kept", 2, family.Device, options with { SpillBytes = 0 });
        Assert.Equal((memory, mapped), (linear.Plan.BatchesInMemory, linear.Plan.BatchesMapped));
        Assert.NotNull(linear.Plan.SpillProblem);
        Assert.Contains("file of states: ", linear.Plan.ToString(), StringComparison.Ordinal);
        foreach ((float[] a, float[] b) in Sweep(other).Zip(Sweep(linear))) Tolerance.AssertSameBits(a, b, "without the file");
    }

    private static float[][] Sweep(LinearizedNetwork linear)
    {
        using ParameterVector v = RandomNetworks.Direction(linear.Network, 12), g = linear.Vjp(RandomNetworks.Normal(Samples * linear.Outputs, 13));
        return [linear.Jvp(v), g.ToArray()];
    }

    private LinearizedOptions Options(string name, string folder, int memory, int mapped)
    {
        long bytes = RandomNetworks.Get(name, 2, family.Device).Plan.State.BytesPerSample * Batch, page = (bytes + 4095) / 4096 * 4096;
        return new LinearizedOptions { BatchSize = Batch, CacheBytes = memory * bytes, SpillBytes = mapped * page, SpillFolder = folder };
    }
}

public sealed class ActivationStoreTestsOnCpu() : ActivationStoreTests(KernelFamily.Cpu);

public sealed class ActivationStoreTestsOnGpu() : ActivationStoreTests(KernelFamily.Gpu);
