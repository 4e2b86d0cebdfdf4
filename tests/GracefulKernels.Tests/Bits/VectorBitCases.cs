using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>Vectors and memory: lengths below a lane, inside a chunk and over several.</summary>
internal static class VectorBitCases
{
    private static readonly int[] Lengths = [1, 15, 70, 1000, Chunks.Elements + 5, (3 * Chunks.Elements) - 5];

    public static IEnumerable<BitCase> All => Lengths.SelectMany(Of);

    public static IEnumerable<BitCase> Of(int n)
    {
        string shape = $"{n}";
        yield return new(nameof(IKernels.Axpby), shape, (k, o) => k.Axpby(0.7f, o.Input(1, n), -1.3f, o.Updated(2, n)));
        yield return new(nameof(IKernels.Add), shape, (k, o) => k.Add(o.Input(1, n), o.Input(2, n), o.Output(n)));
        yield return new(nameof(IKernels.Multiply), shape, (k, o) => k.Multiply(o.Input(1, n), o.Input(2, n), o.Output(n)));
        yield return new(nameof(IKernels.Dot), shape, (k, o) => o.Returns(k.Dot(o.Input(1, n), o.Input(2, n))));
        yield return new(nameof(IKernels.Narrow), shape, (k, o) => k.Narrow(0.37, o.Input(CholeskyBitCases.Uniform(1, n)), o.Output(n)));
        yield return new(nameof(IKernels.Widen), shape, (k, o) => k.Widen(o.Input(1, n), o.Output(new double[n])));
        yield return new(nameof(IKernels.Copy), shape, (k, o) => k.Copy(o.Input(1, n), o.Output(n)));
        yield return new(nameof(IKernels.Zero), shape, (k, o) => k.Zero(o.Output(n)));
        yield return new(nameof(IKernels.Upload), shape, (k, o) => k.Upload<float>(RandomFloats.Uniform(1, n), o.Output(n)));
        yield return new(nameof(IKernels.Download), shape, (k, o) =>
        {
            float[] host = new float[n];
            k.Download(o.Input(1, n), host);
            o.Output(host);
        });
        yield return new(nameof(IKernels.Allocate), shape, (k, o) =>
        {
            using DeviceMemory memory = k.Allocate(n * sizeof(float));
            k.Copy(o.Input(1, n), memory.AsBlock<float>());
            k.Copy(memory.AsBlock<float>(), o.Output(n));
            o.Returns(memory.ByteLength);
        });
    }
}
