using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public unsafe class HostMemoryTests
{
    [Fact]
    public void MoreThanThereIsSaysHowMuchWasAskedFor()
    {
        OutOfMemoryException e = Assert.Throws<OutOfMemoryException>(() => new HostMemory(1L << 60).Dispose());
        Assert.Equal("The host has no 1,152,921,504,606,846,976 bytes left.", e.Message);
    }

    [Fact]
    public void AScratchSlotThatCouldNotGrowStillServesWhatItDidBefore()
    {
        // A thread of its own, for scratch memory belongs to a thread.
        var thread = new Thread(() =>
        {
            Scratch.Get<float>(ScratchSlot.Covariance, 1000)[999] = 1;
            Assert.Throws<OutOfMemoryException>(() => { _ = Scratch.Get<float>(ScratchSlot.Covariance, 1L << 58); });
            float* again = Scratch.Get<float>(ScratchSlot.Covariance, 1000);
            Assert.True(again != null);
            again[999] = 2;
        });
        thread.Start();
        thread.Join();
    }
}
