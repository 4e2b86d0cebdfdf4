using ILGPU;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    public void Axpby(float alpha, Block<float> x, float beta, Block<float> y)
    {
        using GpuCall call = Begin();
        ArrayView<float> target = beta == 0 ? call.Write(y) : call.Update(y), source = call.Read(x);
        // y may be x: on the host they are then one memory, of which the staged source is a copy.
        Elementwise(
            call,
            beta == 0 ? VectorGpuKernels.Scale : VectorGpuKernels.Combine,
            beta == 0 ? VectorGpuKernels.ScaleAny : VectorGpuKernels.CombineAny,
            new() { A = source, B = target, Y = target, Alpha = alpha, Beta = beta });
    }

    public void Add(Block<float> a, Block<float> b, Block<float> y)
    {
        using GpuCall call = Begin();
        Elementwise(
            call,
            VectorGpuKernels.Combine,
            VectorGpuKernels.CombineAny,
            new() { A = call.Read(a), B = call.Read(b), Y = call.Write(y), Alpha = 1, Beta = 1 });
    }

    public void Multiply(Block<float> a, Block<float> b, Block<float> y)
    {
        using GpuCall call = Begin();
        Elementwise(call, VectorGpuKernels.Multiply, VectorGpuKernels.MultiplyAny, new() { A = call.Read(a), B = call.Read(b), Y = call.Write(y) });
    }

    public double Dot(Block<float> x, Block<float> y)
    {
        using GpuCall call = Begin();
        ArrayView<float> first = call.Read(x), second = call.Read(y);
        bool quads = Float4.Fits(first) && Float4.Fits(second);
        int groups = Groups(x.Length, quads ? 16 : 4);
        ArrayView<double> partials = call.Scratch<double>(GpuScratch.Partials, groups);
        call.Launch(quads ? VectorGpuKernels.Dot : VectorGpuKernels.DotAny, groups, new() { X = first, Y = second, Partials = partials });
        return SumOf(call, partials);
    }

    public void Narrow(double scale, Block<double> x, Block<float> y)
    {
        using GpuCall call = Begin();
        call.Launch(VectorGpuKernels.Narrow, Groups(y.Length, 4), new() { Doubles = call.Read(x), Floats = call.Write(y), Scale = scale });
    }

    public void Widen(Block<float> x, Block<double> y)
    {
        using GpuCall call = Begin();
        call.Launch(VectorGpuKernels.Widen, Groups(x.Length, 4), new() { Floats = call.Read(x), Doubles = call.Write(y) });
    }

    /// <summary>The sum of partial sums, in a fixed order, on the host.</summary>
    private static double SumOf(in GpuCall call, ArrayView<double> partials)
    {
        ArrayView<double> result = call.Scratch<double>(GpuScratch.Result, 1);
        call.Launch(VectorGpuKernels.Sum, 1, new() { Partials = partials, Result = result });
        Span<double> sum = stackalloc double[1];
        call.Fetch(result, sum);
        return sum[0];
    }

    private void Elementwise(
        in GpuCall call,
        GpuKernel<VectorGpuKernels.ElementwiseArguments> quads,
        GpuKernel<VectorGpuKernels.ElementwiseArguments> any,
        in VectorGpuKernels.ElementwiseArguments arguments)
    {
        bool aligned = Float4.Fits(arguments.A) && Float4.Fits(arguments.B) && Float4.Fits(arguments.Y);
        call.Launch(aligned ? quads : any, Groups(arguments.Y.Length, aligned ? 16 : 4), arguments);
    }

    /// <summary>Groups for <paramref name="length"/> elements of which a thread takes several: at least one, at most what fills the device.</summary>
    private int Groups(long length, int elementsPerThread = 1)
        => (int)Math.Clamp((length + ((long)elementsPerThread * GroupSize) - 1) / ((long)elementsPerThread * GroupSize), 1, Wave);
}
