using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>What a training calls once a batch allocates nothing.</summary>
public sealed class BatchObjectiveTests
{
    private const int Samples = 40, Classes = 12, Batch = 16;

    /// <summary>With old classes in another order (columns are copied), in the same order (they are not), and the same classes.</summary>
    [Theory]
    [InlineData(CongruenceDistance.None, true)]
    [InlineData(CongruenceDistance.Naive, true)]
    [InlineData(CongruenceDistance.KlOldNew, true)]
    [InlineData(CongruenceDistance.LogitMatching, true)]
    [InlineData(CongruenceDistance.LogitDifference, true)]
    [InlineData(CongruenceDistance.KlOldNew, false)]
    public unsafe void ABatchAllocatesNothing(CongruenceDistance distance, bool mapped)
    {
        bool ranked = distance == CongruenceDistance.LogitDifference;
        var options = new CongruenceOptions { Distance = distance, RankBy = ranked ? RankBy.Reference : RankBy.Old, TopK = 3 };
        ClassMap?[] maps = mapped ? [new ClassMap([7, -1, 0, 11, 3], Classes), ClassMap.Grown(9, Classes)] : [null];
        int[] labels = [.. Enumerable.Range(0, Samples).Select(i => i % 7 == 0 ? -100 : i % Classes)];
        float[] reference = ranked ? RandomFloats.Uniform(1, Samples * Classes) : [], outputs = RandomFloats.Uniform(2, Batch * Classes), seeds = new float[outputs.Length];
        IKernels kernels = KernelSetCases.Get(KernelSets.Best, 1);
        // The last batch of a sweep is shorter.
        int[] samples = [.. Enumerable.Range(3, Batch)], last = [.. Enumerable.Range(30, 5)];
        foreach (ClassMap? map in maps)
        {
            float[] old = RandomFloats.Uniform(3, Samples * (map?.OldClasses ?? Classes));
            using BatchObjective objective = TrainingObjective.PositiveCongruent(labels, old, options, map, reference).On(kernels, Classes, Batch);
            fixed (float* z = outputs, g = seeds)
            {
                long before = 0;
                for (int round = 0; round < 4; round++)
                {
                    if (round == 1) before = GC.GetAllocatedBytesForCurrentThread();
                    objective.Evaluate(samples, new(z, outputs.Length), new(g, seeds.Length));
                    objective.Evaluate(last, new(z, last.Length * Classes), new(g, last.Length * Classes));
                }
                Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }
    }
}
