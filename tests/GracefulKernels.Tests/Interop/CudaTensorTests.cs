using System.Runtime.CompilerServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests.Interop;

/// <summary>Memory of others on a device: what is refused where there is no CUDA, and the operations over device memory, which an OpenCL device has too.</summary>
public sealed unsafe class CudaTensorTests
{
    [Fact]
    public void DevicesWithoutCudaSaySo()
    {
        using ComputeDevice cpu = ComputeDevice.Cpu(threads: 1);
        Refused(cpu, "cpu");
    }

    [Fact]
    public void OpenClSaysSo() => Refused(KernelFamily.Gpu.Device, KernelFamily.Gpu.Device.Name);

    /// <summary>Logits, gradient and products that are on the device already: the bits of host memory, which is staged there, and no staging.</summary>
    [Fact]
    public void OperationsRunOnDeviceMemoryWhereItLies()
    {
        ComputeDevice device = KernelFamily.Gpu.Device;
        var set = (GpuKernels)device.Kernels;
        const int Rows = 40, Classes = 12;
        float[] z = RandomFloats.Uniform(1, Rows * Classes), old = RandomFloats.Uniform(2, Rows * Classes), expected = new float[Rows * Classes], found = new float[Rows * Classes];
        int[] labels = [.. Enumerable.Range(0, Rows).Select(i => i % Classes)];
        CongruenceResult result = CongruenceLoss.Evaluate(z, old, labels, Classes, gradient: expected, device: device);
        using DeviceMemory zMemory = Of(set, z), oldMemory = Of(set, old), gMemory = Of(set, expected);
        CudaTensor zHere = CudaTensor.Over(set, zMemory, Rows, Classes), oldHere = CudaTensor.Over(set, oldMemory, Rows, Classes, readOnly: true), g = CudaTensor.Over(set, gMemory, Rows, Classes);
        set.Zero(gMemory.AsBlock<float>());
        Assert.Equal(result, CongruenceLoss.Evaluate(device, zHere, oldHere, labels, gradient: g));
        set.Download(gMemory.AsBlock<float>().Slice(0, found.Length), found.AsSpan());
        Everywhere.AssertSame<float>(expected, found, "gradient");

        float[] product = new float[Classes * Classes], productHere = new float[Classes * Classes];
        DenseLinearAlgebra.Gemm(true, false, Classes, Classes, Rows, 1, z, Classes, old, Classes, 0, product, Classes, device);
        using DeviceMemory cMemory = Of(set, productHere);
        CudaTensor c = CudaTensor.Over(set, cMemory, Classes, Classes);
        DenseLinearAlgebra.Gemm(device, true, false, 1, zHere, oldHere, 0, c);
        set.Download(cMemory.AsBlock<float>().Slice(0, productHere.Length), productHere.AsSpan());
        Everywhere.AssertSame<float>(product, productHere, "product");
        device.Synchronize();

        Assert.Contains("gradient is read-only", Assert.Throws<ArgumentException>(() => CongruenceLoss.Evaluate(device, zHere, oldHere, labels, gradient: oldHere)).Message);
        Assert.Contains("expected [40 × 12]", Assert.Throws<ArgumentException>(() => CongruenceLoss.Evaluate(device, zHere, c, labels)).Message);
        Assert.Contains("c overlaps a", Assert.Throws<ArgumentException>(
            () => DenseLinearAlgebra.Gemm(device, false, false, 1, CudaTensor.Over(set, zMemory, Classes, Classes), c, 0, CudaTensor.Over(set, zMemory, Classes, Classes))).Message);
        Assert.Contains("the operation runs on cpu", Assert.Throws<ArgumentException>(() => CongruenceLoss.Evaluate(ComputeDevice.Default, zHere, null, labels)).Message);
        c.Dispose();
        Assert.Throws<ObjectDisposedException>(() => DenseLinearAlgebra.Gemm(device, true, false, 1, zHere, oldHere, 0, c));
    }

    private static DeviceMemory Of(GpuKernels set, float[] values)
    {
        DeviceMemory memory = set.Allocate(values.Length * sizeof(float));
        set.Upload<float>(values, memory.AsBlock<float>().Slice(0, values.Length));
        return memory;
    }

    private static void Refused(ComputeDevice device, string name)
    {
        long* shape = stackalloc long[] { 2, 3 };
        var managed = new DLManagedTensorVersioned
        {
            VersionMajor = 1,
            Tensor = new DLTensor { Data = (void*)0x1000, Device = new DLDevice { Type = 2 }, Dimensions = 2, Type = new DLDataType { Code = 2, Bits = 32, Lanes = 1 }, Shape = shape },
        };
        using DLPackTensor tensor = DLPackTensor.ImportVersioned((nint)Unsafe.AsPointer(ref managed));
        Assert.False(tensor.OnHost);
        Named(() => CudaTensor.Borrow(tensor, device));
        Named(() => CudaTensor.Borrow(0x1000, 2, 3, device));
        Named(() => device.WaitForStream(0));
        Named(() => _ = device.CudaContext);
        // Work on the processor is done already.
        device.Synchronize();

        void Named(Action act) => Assert.Contains(name, Assert.Throws<PlatformNotSupportedException>(act).Message);
    }
}
