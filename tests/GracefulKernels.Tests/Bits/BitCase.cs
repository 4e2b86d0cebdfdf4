using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>One call of the method of <see cref="IKernels"/> called <paramref name="Method"/>.</summary>
internal sealed record BitCase(string Method, string Shape, Action<IKernels, BitOperands> Call)
{
    /// <summary>All cases. A method of the contract without one fails its test.</summary>
    public static IEnumerable<BitCase> All =>
    [
        .. ProductBitCases.All, .. CholeskyBitCases.All, .. SymmetricEigenBitCases.All, .. ImageBitCases.All, .. LayerBitCases.All, .. VectorBitCases.All, .. LossBitCases.All, .. LinearLossBitCases.All, .. FlipBitCases.All, .. TopKBitCases.All,
    ];

    public static ILookup<string, BitCase> ByMethod { get; } = All.ToLookup(c => c.Method);

    public byte[] Run(IKernels kernels, Placement placement = Placement.Mixed)
    {
        using var operands = new BitOperands(placement);
        Call(kernels, operands);
        return operands.Result();
    }

    /// <summary>Runs in the memory of a device.</summary>
    public byte[] RunOnDevice(IKernels kernels, Placement placement)
    {
        using var operands = new BitOperands(placement, kernels);
        Call(kernels, operands);
        return operands.Result();
    }

    /// <summary>Runs on every set with every number of threads, and compares bytes.</summary>
    public void CheckEverywhere()
    {
        byte[]? expected = null;
        string first = "";
        foreach (IKernels kernels in KernelSetCases.All())
        {
            string name = $"{kernels.Name} with {kernels.Threads} threads";
            byte[] actual = Run(kernels);
            Assert.True(actual.Length > 0, $"{Method} {Shape} has no result");
            if (expected is null) (expected, first) = (actual, name);
            int at = expected.AsSpan().CommonPrefixLength(actual);
            Assert.True(at == expected.Length && at == actual.Length, $"{Method} {Shape}: {name} differs from {first} at byte {at} of {expected.Length}");
        }
    }
}
