using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>
/// Every operation of the contract on operands in device memory, between margins that must stay as they are: a device has no pages that stop a kernel which writes
/// too far. And the same bytes when it runs again, wherever its operands lie.
/// </summary>
public class DeviceMarginTests
{
    public static TheoryData<string> Methods => EveryKernelTests.Methods;

    [Theory]
    [MemberData(nameof(Methods))]
    public void NothingOutsideIsWrittenAndBitsAreTheSameAgain(string method)
    {
        IKernels device = KernelFamily.Gpu.Best;
        foreach (BitCase c in BitCase.ByMethod[method])
        {
            byte[] first = Run(c, Placement.Aligned);
            Assert.True(first.AsSpan().SequenceEqual(Run(c, Placement.Aligned)), $"{c.Method} {c.Shape}: other bytes when run again");
            // Unaligned operands take other kernels, which may add in another order; margins are what counts.
            Run(c, Placement.Misaligned);
        }

        byte[] Run(BitCase c, Placement placement)
        {
            try
            {
                return c.RunOnDevice(device, placement);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{c.Method} {c.Shape}, {placement}: {e.Message}", e);
            }
        }
    }
}
