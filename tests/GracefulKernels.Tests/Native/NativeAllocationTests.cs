using GracefulKernels.Kernels;
using GracefulKernels.Native;
using GracefulKernels.Tests.Interop;
using Exports = GracefulKernels.Native;

namespace GracefulKernels.Tests;

/// <summary>
/// The exports of the C library, called through pointers as C calls them, in a process that counts what they allocate (the library compiled ahead of time does not say). After its first call an operation takes
/// no byte from the managed heap, on any thread, and none of native memory.
/// </summary>
[Collection(CountingCollection.Name)]
public sealed unsafe class NativeAllocationTests : IDisposable
{
    private const int Rows = 300, Classes = 33, Width = 40, K = 5;

    private readonly GuardedBuffer<float> _a = new(Rows * Width), _b = new(Classes * Width), _z = new(Rows * Classes), _old = new(Rows * Classes), _gradient = new(Rows * Classes), _scores = new(Rows * K);
    private readonly GuardedBuffer<int> _labels = new(Rows), _predictions = new(2 * Rows), _indices = new(Rows * K);
    private readonly GuardedBuffer<byte> _result = new(1024);
    private readonly nint _device;

    public NativeAllocationTests()
    {
        RandomFloats.Uniform(1, Rows * Width).CopyTo(_a.Span);
        RandomFloats.Uniform(2, Classes * Width).CopyTo(_b.Span);
        RandomFloats.Uniform(3, Rows * Classes).CopyTo(_z.Span);
        RandomFloats.Uniform(4, Rows * Classes).CopyTo(_old.Span);
        for (int i = 0; i < Rows; i++) _labels.Span[i] = _predictions.Span[i] = i * 7 % Classes;
        nint device;
        delegate* unmanaged<int, byte*, int, nint*, int> open = &Devices.Open;
        Assert.Equal(0, open(1, null, 3, &device));
        _device = device;
    }

    [Fact]
    public void Products()
    {
        delegate* unmanaged<nint, int, int, long, long, long, float, float*, long, float*, long, float, float*, long, int> gemm = &Exports.Dense.Gemm;
        Counted(() => gemm(_device, 0, 1, Rows, Classes, Width, 1, _a.Pointer, Width, _b.Pointer, Width, 0, _gradient.Pointer, Classes));
    }

    [Fact]
    public void Losses()
    {
        delegate* unmanaged<nint, RowLossFields*, long, long, float*, long, float*, long, float*, long, int*, float*, float*, int*, int*, RowLossSummary*, int> loss = &RowLosses.RowLoss;
        RowLossFields options = RowLossFields.Default with { Temperature = 2 };
        RowLossFields* given = &options;
        Counted(() => loss(
            _device, given, Rows, Classes, _z.Pointer, Classes, _old.Pointer, Classes, null, 0, _labels.Pointer, _gradient.Pointer, null, _predictions.Pointer, null, (RowLossSummary*)_result.Pointer));
    }

    [Fact]
    public void LinearAndCrossEntropy()
    {
        delegate* unmanaged<nint, LinearLossFields*, long, long, long, float*, long, float*, long, float*, int*, float*, float*, float*, float*, LinearLossSummary*, int> loss = &LinearLosses.LinearCrossEntropy;
        Counted(() => loss(_device, null, Rows, Width, Classes, _a.Pointer, Width, _b.Pointer, Width, null, _labels.Pointer, null, _gradient.Pointer, null, null, (LinearLossSummary*)_result.Pointer));
    }

    [Fact]
    public void FlipsAndSearch()
    {
        delegate* unmanaged<nint, long, long, float*, long, float*, long, int*, int, FlipSummary*, FlipSummary*, int> flips = &Exports.Flips.FromLogits;
        Counted(() => flips(_device, Rows, Classes, _old.Pointer, Classes, _z.Pointer, Classes, _labels.Pointer, -100, (FlipSummary*)_result.Pointer, null));
        delegate* unmanaged<nint, long, long, int*, int*, int*, int, FlipSummary*, FlipSummary*, int> predictions = &Exports.Flips.FromPredictions;
        Counted(() => predictions(_device, Rows, Classes, _predictions.Pointer, _predictions.Pointer + Rows, _labels.Pointer, -100, (FlipSummary*)_result.Pointer, null));
        delegate* unmanaged<nint, long, long, long, long, float*, float*, float*, int*, int*, float*, int> search = &Exports.Search.TopK;
        Counted(() => search(_device, Rows, Classes, Width, K, _a.Pointer, _b.Pointer, null, null, _indices.Pointer, _scores.Pointer));
    }

    public void Dispose()
    {
        delegate* unmanaged<nint, int> close = &Devices.Close;
        _ = close(_device);
        _a.Dispose();
        _b.Dispose();
        _z.Dispose();
        _old.Dispose();
        _gradient.Dispose();
        _scores.Dispose();
        _labels.Dispose();
        _predictions.Dispose();
        _indices.Dispose();
        _result.Dispose();
    }

    private static void Counted(Func<int> call)
    {
        for (int i = 0; i < 3; i++) Assert.Equal(0, call());
        (long Managed, long Native) least = (long.MaxValue, long.MaxValue);
        // The test runner's own threads allocate now and then: an operation that allocates does so every time.
        for (int i = 0; i < 5; i++)
        {
            long managed = GC.GetTotalAllocatedBytes(precise: true), native = HostMemory.AllocatedBytes;
            int status = call();
            least = (Math.Min(least.Managed, GC.GetTotalAllocatedBytes(precise: true) - managed), Math.Min(least.Native, HostMemory.AllocatedBytes - native));
            Assert.Equal(0, status);
        }
        Assert.Equal((0, 0), least);
    }
}
