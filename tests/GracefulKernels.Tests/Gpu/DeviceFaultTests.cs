using ILGPU;
using ILGPU.Runtime;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>What goes wrong on a device is said clearly, and ends neither the process nor other devices.</summary>
public class DeviceFaultTests
{
    [Fact]
    public void MissingDevicesAreNamedWithWhatIsHere()
    {
        foreach (string name in (string[])["cuda:97", "opencl:97", "tpu", "", "cpu:0"])
        {
            var e = Assert.Throws<PlatformNotSupportedException>(() => ComputeDevice.Open(name));
            Assert.StartsWith($"There is no device '{name}'. Devices here: ", e.Message);
            foreach (DeviceInfo here in ComputeDevice.Available) Assert.Contains(here.Name, e.Message);
        }
    }

    [Fact]
    public void TheProcessorIsHereOnceAndAutoTakesTheFirstThatCounts()
    {
        DeviceInfo cpu = Assert.Single(ComputeDevice.Available, d => d.Kind == DeviceKind.Cpu);
        Assert.Equal(Environment.ProcessorCount, cpu.ComputeUnits);
        Assert.NotEmpty(cpu.Model);
        Assert.True(cpu.MemoryBytes > 0);
        using ComputeDevice chosen = ComputeDevice.Open("auto");
        Assert.Equal(ComputeDevice.Available.First(d => d.IsGpu || d.Kind == DeviceKind.Cpu), chosen.Info);
        // To name what only the processor has is to ask for it.
        using ComputeDevice processor = ComputeDevice.Open("auto", SimdLevel.Scalar, 1);
        Assert.Equal(("cpu", SimdLevel.Scalar, 1), (processor.Name, processor.Simd!.Value, processor.Threads));
    }

    [Fact]
    public void ADeviceOpensByNameAndHasNoInstructionSet()
    {
        string name = NewSet().Name;
        using ComputeDevice device = ComputeDevice.Open(name.ToUpperInvariant());
        Assert.Equal(name, device.Name);
        Assert.Null(device.Simd);
        Assert.NotEqual(DeviceKind.Cpu, device.Info.Kind);
        Assert.Equal($"{name} ({device.Info.Model})", device.ToString());
        Assert.Equal("simd", Assert.Throws<ArgumentException>(() => ComputeDevice.Open(name, SimdLevel.Scalar)).ParamName);
        Assert.Equal("threads", Assert.Throws<ArgumentException>(() => ComputeDevice.Open(name, threads: 2)).ParamName);
        Assert.True(device.MeasureCopyBandwidth(TestContext.Current.CancellationToken) > 1e6);
    }

    [Fact]
    public void WhatOnlyNvidiaDevicesHaveIsRefusedElsewhere()
    {
        string name = KernelFamily.Gpu.Device.Name;
        Assert.SkipWhen(KernelFamily.Gpu.Device.Info.Kind == DeviceKind.Cuda, "The device is NVIDIA's.");
        foreach (string device in (string[])[name, "cpu"])
        {
            foreach (Precision precision in (Precision[])[Precision.Float32Tensor, Precision.TensorFloat32])
            {
                var e = Assert.Throws<PlatformNotSupportedException>(() => ComputeDevice.Open(device, gpu: new GpuOptions { Precision = precision }));
                Assert.Contains("tensor cores", e.Message);
                Assert.Contains(device, e.Message);
            }
            Assert.Contains("cuBLAS", Assert.Throws<PlatformNotSupportedException>(() => ComputeDevice.Open(device, gpu: new GpuOptions { UseCuBlas = true })).Message);
        }
    }

    [Fact]
    public void OutOfMemorySaysHowMuchAndTheDeviceGoesOnWorking()
    {
        using GpuKernels set = NewSet();
        // More than there is, and more than can be addressed.
        foreach (long bytes in (long[])[set.Accelerator.MemorySize + 1, long.MaxValue / 2])
        {
            var e = Assert.Throws<OutOfMemoryException>(() => set.Allocate(bytes));
            Assert.Contains($"{bytes:N0} bytes", e.Message);
            Assert.Contains(set.Title, e.Message);
            Assert.Contains("Lower the batch size", e.Message);
        }
        Assert.Equal(14, Sum(set, [2, 3, 9]));
    }

    [Fact]
    public void BuffersOfAnotherDeviceAreRefusedByName()
    {
        using GpuKernels first = NewSet(), second = NewSet();
        using DeviceMemory mine = first.Allocate(64), other = second.Allocate(64);
        var e = Assert.Throws<ArgumentException>(() => first.Add(mine.AsBlock<float>(), other.AsBlock<float>(), mine.AsBlock<float>()));
        Assert.Contains($"A buffer of {second.Name} was given to {first.Name}", e.Message);
        Assert.Equal(6, Sum(first, [1, 2, 3]));
        Assert.Equal(6, Sum(second, [1, 2, 3]));
    }

    [Fact]
    public void AKernelThatTheDriverRefusesNamesItselfAndTheDevice()
    {
        using GpuKernels set = NewSet();
        GpuKernel<Data> refused = new(Unlinkable);
        var e = Assert.Throws<PlatformNotSupportedException>(() =>
        {
            using GpuCall call = set.Begin();
            call.Launch(refused, 1, default);
        });
        Assert.Contains($"{nameof(DeviceFaultTests)}.{nameof(Unlinkable)}", e.Message);
        Assert.Contains(set.Title, e.Message);
        Assert.Equal(6, Sum(set, [1, 2, 3]));
    }

    [Fact]
    public void AGroupThatIsTooLargeIsRefusedByName()
    {
        using GpuKernels set = NewSet();
        GpuKernel<Nothing> large = new(Empty, groupSize: set.Accelerator.MaxNumThreadsPerGroup + 1);
        var e = Assert.Throws<PlatformNotSupportedException>(() =>
        {
            using GpuCall call = set.Begin();
            call.Launch(large, 1, default);
        });
        Assert.Contains($"{set.Accelerator.MaxNumThreadsPerGroup}", e.Message);
        Assert.Contains(nameof(Empty), e.Message);
    }

    [Fact]
    public void SharedMemoryOverTheLimitIsRefusedByName()
    {
        using GpuKernels set = NewSet();
        Assert.SkipWhen(set.Accelerator.MaxSharedMemoryPerGroup >= Large * sizeof(float), "The device allows more than any other.");
        GpuKernel<Data> large = new(LargeShared);
        var e = Assert.Throws<PlatformNotSupportedException>(() =>
        {
            using GpuCall call = set.Begin();
            call.Launch(large, 1, default);
        });
        Assert.Contains($"{Large * sizeof(float):N0} bytes of shared memory", e.Message);
        Assert.Contains(nameof(LargeShared), e.Message);
    }

    [Fact]
    public void ADeviceThatIsLostRefusesWorkAndOthersGoOn()
    {
        using GpuKernels lost = NewSet(), other = NewSet();
        lost.Lose(new InvalidOperationException("The device was unplugged."));
        var e = Assert.Throws<InvalidOperationException>(() => Sum(lost, [1, 2, 3]));
        Assert.Contains(lost.Title, e.Message);
        Assert.Contains("The device was unplugged.", e.Message);
        Assert.Contains("open the device again", e.Message);
        Assert.Equal(6, Sum(other, [1, 2, 3]));
    }

    [Fact]
    public void ADisposedDeviceSaysSo()
    {
        GpuKernels set = NewSet();
        DeviceMemory memory = set.Allocate(64);
        set.Dispose();
        set.Dispose();
        Assert.Throws<ObjectDisposedException>(() => set.Zero(memory.AsBlock<float>()));
        // Its owner may come later.
        memory.Dispose();
    }

    [Fact]
    public void ExternalMemoryIsUsedInPlaceAndNotFreed()
    {
        using GpuKernels set = NewSet();
        using MemoryBuffer1D<float, Stride1D.Dense> owned = set.Accelerator.Allocate1D<float>([1f, 2f, 3f, 4f, 5f]);
        nint pointer = owned.NativePtr;
        using (DeviceMemory wrapped = set.Wrap(pointer, 5 * sizeof(float)))
        {
            Block<float> block = wrapped.AsBlock<float>();
            set.Axpby(2f, block, 0f, block);
            set.Zero(block.Slice(4));
            using DeviceMemory copy = set.Allocate(5 * sizeof(float));
            set.Copy(block, copy.AsBlock<float>());
            float[] back = new float[5];
            set.Download(copy.AsBlock<float>(), back.AsSpan());
            Assert.Equal([2, 4, 6, 8, 0], back);
        }
        Assert.Equal([2, 4, 6, 8, 0], owned.GetAsArray1D());
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Wrap(0, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Wrap(pointer, 0));
    }

    [Fact]
    public void AMisalignedAddressIsNamed()
    {
        GpuKernels.CheckAddress(0x7f00_0010);
        var e = Assert.Throws<ArgumentException>(() => GpuKernels.CheckAddress(0x7f00_0014));
        Assert.Equal("pointer", e.ParamName);
        Assert.Contains("0x7f000014", e.Message);
        Assert.Contains("16 bytes", e.Message);
    }

    /// <summary>A new set on the device of the tests, or a skipped test.</summary>
    private static GpuKernels NewSet()
    {
        string name = KernelFamily.Gpu.Device.Name;
        return GpuDevices.Open(GpuDevices.All.First(d => d.Name == name));
    }

    private static double Sum(GpuKernels set, float[] values)
    {
        using DeviceMemory x = set.Allocate(values.Length * sizeof(float)), ones = set.Allocate(values.Length * sizeof(float));
        set.Upload<float>(values, x.AsBlock<float>());
        set.Upload<float>([.. values.Select(_ => 1f)], ones.AsBlock<float>());
        return set.Dot(x.AsBlock<float>(), ones.AsBlock<float>());
    }

    /// <summary>4 MB of floats.</summary>
    private const int Large = 1 << 20;

    internal struct Nothing
    {
        public int Value { get; init; }
    }

    internal struct Data
    {
        public ArrayView<float> Values { get; init; }
    }

    private static void LargeShared(Data data)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(Large);
        shared[Group.IdxX] = data.Values[0];
        Group.Barrier();
        data.Values[0] = shared[0];
    }

    private static void Empty(Nothing nothing)
    {
    }

    /// <summary>ILGPU calls a function that no driver has.</summary>
    private static void Unlinkable(Data data) => data.Values[0] = MathF.FusedMultiplyAdd(data.Values[0], data.Values[1], data.Values[2]);
}
