using System.Reflection;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>
/// Every operation of the contract gives the same bytes on every instruction set that this processor has and with 1, 2, 3 and 5 threads. The operations are read
/// from <see cref="IKernels"/> itself: a new one without a case fails here.
/// </summary>
public class EveryKernelTests
{
    public static TheoryData<string> Methods => [.. Contract];

    private static IEnumerable<string> Contract
        => typeof(IKernels).GetMethods(BindingFlags.Public | BindingFlags.Instance).Where(m => !m.IsSpecialName).Select(m => m.Name).Distinct();

    [Theory]
    [MemberData(nameof(Methods))]
    public void SameBytesOnEverySetAndNumberOfThreads(string method)
    {
        Assert.True(BitCase.ByMethod.Contains(method), $"IKernels.{method} has no case in tests/GracefulKernels.Tests/Bits: add one for its room.");
        foreach (BitCase c in BitCase.ByMethod[method]) c.CheckEverywhere();
    }

    [Fact]
    public void EveryCaseIsOfAMethod() => Assert.Empty(BitCase.All.Select(c => c.Method).Except(Contract));

    [Fact]
    public void EveryOperationHasSeveralShapes()
        => Assert.Empty(BitCase.ByMethod.Where(g => g.Select(c => c.Shape).Distinct().Count() < 3).Select(g => g.Key));

    [Fact]
    public void AllSetsAndNumbersOfThreadsAreMeant()
    {
        IEnumerable<(string, int)> expected =
            from target in Enum.GetValues<CpuTarget>() where KernelSets.IsSupported(target)
            from threads in new[] { 1, 2, 3, 5 }
            select (target.ToString().ToLowerInvariant(), threads);
        Assert.Equal(expected, KernelSetCases.All().Select(k => (k.Name, k.Threads)));
    }

    /// <summary>The comparison sees one bit of one set, and one of one number of threads.</summary>
    [Fact]
    public void ADifferenceIsSeen()
    {
        Assert.ThrowsAny<Exception>(new BitCase("set", "", (k, o) => o.Returns(k.Name == "scalar" ? 0f : -0f)).CheckEverywhere);
        Assert.ThrowsAny<Exception>(new BitCase("threads", "", (k, o) => o.Returns(k.Threads == 5 ? 1L : 0L)).CheckEverywhere);
        Assert.ThrowsAny<Exception>(new BitCase("nothing", "", (k, o) => { }).CheckEverywhere);
    }
}
