using System.Runtime.InteropServices;
using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>
/// Our own other way to the same result: SYRK against GEMM, the covariance of patches against SYRK over patches that were gathered before
/// (untimed), the JVP of a convolution against its forward pass (which does half as much: a ratio of 0.49 is 2.05 times the time).
/// </summary>
internal sealed unsafe class OwnPeer(IKernels kernels) : IPeer
{
    public string Name => "own";

    public string? Absence => null;

    public PeerCall? Prepare(BenchCase bench, Operands ours, int threads) => (bench.Kernel, bench.Parameters) switch
    {
        ("syrk", SyrkShape shape) => Gemm(shape, ours),
        ("covariance", ConvolutionShape shape) => Patches(shape, ours),
        ("conv-jvp", ConvolutionShape shape) => Forward(shape, ours),
        _ => null,
    };

    private PeerCall Gemm(SyrkShape s, Operands ours)
    {
        Block<float> x = ours.Inputs[0];
        Operands own = new(ours.Kernels);
        Block<float> c = own.Output((long)s.Columns * s.Columns);
        GemmShape shape = new(s.Columns, s.Columns, s.Rows, transposeA: true);
        return new PeerCall { Run = () => kernels.Gemm(shape, 1, x, x, 0, c, default) }.Owns(own);
    }

    private PeerCall Patches(ConvolutionShape s, Operands ours)
    {
        int rows = s.Batch * s.Positions, d = s.PatchLength;
        Operands own = new(ours.Kernels);
        Block<float> patches = own.Allocate<float>((long)rows * d);
        Gather(s, ours.Inputs[0].Pointer, patches.Pointer);
        Block<double> sum = own.Sum((long)d * d);
        return new PeerCall { Run = () => kernels.Covariance(rows, d, patches, false, sum) }.Owns(own);
    }

    private PeerCall Forward(ConvolutionShape s, Operands ours)
    {
        Operands own = new(ours.Kernels);
        Block<float> y = own.Output(s.OutputLength);
        return new PeerCall { Run = () => kernels.ConvolutionForward(s, ours.Inputs[0], ours.Inputs[1], y, default) }.Owns(own);
    }

    private static void Gather(ConvolutionShape s, float* x, float* patches)
    {
        nuint run = (nuint)s.InChannels * sizeof(float);
        float* to = patches;
        for (int b = 0; b < s.Batch; b++)
        {
            for (int p = 0; p < s.Positions; p++)
            {
                for (int t = 0; t < s.KernelHeight * s.KernelWidth; t++, to += s.InChannels)
                {
                    int iy = (p / s.OutWidth * s.StrideY) - s.PadTop + (t / s.KernelWidth * s.DilationY);
                    int ix = (p % s.OutWidth * s.StrideX) - s.PadLeft + (t % s.KernelWidth * s.DilationX);
                    if ((uint)iy < (uint)s.Height && (uint)ix < (uint)s.Width)
                    {
                        NativeMemory.Copy(x + (((((long)b * s.Height) + iy) * s.Width + ix) * s.InChannels), to, run);
                    }
                    else NativeMemory.Clear(to, run);
                }
            }
        }
    }
}
