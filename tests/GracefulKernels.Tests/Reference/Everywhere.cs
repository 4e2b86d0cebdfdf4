using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Runs an operation on every kernel set and with every number of threads, on guarded copies of its operands.</summary>
internal static class Everywhere
{
    /// <summary>One call of an operation that writes <paramref name="output"/> (and reads it, where its contract says so).</summary>
    public delegate void Operation<T>(IKernels kernels, Block<T> output) where T : unmanaged;

    /// <summary>
    /// The output, after checking that each set and number of threads gives the same bits. <paramref name="initial"/> is what the output holds
    /// before each call. Without <paramref name="everyCount"/> each set runs with two threads only: enough where all work is one chunk.
    /// </summary>
    public static T[] Run<T>(T[] initial, Operation<T> operation, string what = "", bool everyCount = true) where T : unmanaged
        => KernelFamily.Cpu.Run(initial, operation, what, everyCount);

    /// <summary>As above, on these sets.</summary>
    public static T[] Run<T>(IEnumerable<IKernels> sets, T[] initial, Operation<T> operation, string what) where T : unmanaged
    {
        T[]? first = null;
        string firstName = "";
        foreach (IKernels kernels in sets)
        {
            using var output = new GuardedBuffer<T>(initial);
            operation(kernels, output.Block);
            output.AssertUntouchedOutside();
            string name = $"{what} {kernels.Name}, {kernels.Threads} threads";
            if (first is null)
            {
                first = output.Span.ToArray();
                firstName = name;
            }
            else
            {
                AssertSame<T>(first, output.Span, $"{name} against {firstName}");
            }
        }
        return first!;
    }

    /// <summary>The same bits; a NaN equals any NaN.</summary>
    public static void AssertSame<T>(ReadOnlySpan<T> expected, ReadOnlySpan<T> actual, string what) where T : unmanaged
    {
        if (MemoryMarshal.AsBytes(expected).SequenceEqual(MemoryMarshal.AsBytes(actual))) return;
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = expected[i].Equals(actual[i]) && (!IsZero(expected[i]) || Bits(expected[i]).SequenceEqual(Bits(actual[i])));
            if (!same) Assert.Fail($"{what}: [{i}] is {actual[i]:R}, not {expected[i]:R}");
        }
    }

    private static bool IsZero<T>(T value) where T : unmanaged => value switch
    {
        float f => f == 0,
        double d => d == 0,
        _ => false,
    };

    private static byte[] Bits<T>(T value) where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
}
