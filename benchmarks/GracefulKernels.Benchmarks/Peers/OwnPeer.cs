using System.Runtime.InteropServices;
using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>
/// Our own other way to the same result: SYRK against GEMM, the covariance of patches against SYRK over patches that were gathered before
/// (untimed), the JVP of a convolution against its forward pass (which does half as much: a ratio of 0.49 is 2.05 times the time), linear + cross-entropy
/// against products and row loss with all logits in memory.
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
        (_, LinearLossShape shape) => Unfused(shape, ours),
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

    private PeerCall Unfused(LinearLossShape s, Operands ours)
    {
        (Block<float> e, Block<float> w, Block<float> bias) = (ours.Inputs[0], ours.Inputs[1], ours.Inputs[2]);
        Operands own = new(ours.Kernels);
        Block<int> labels = own.Labels(s.Rows, s.Classes);
        Block<float> z = own.Allocate<float>((long)s.Rows * s.Classes), db = own.Output(s.Classes);
        Block<float> de = own.Output((long)s.Rows * s.Features), dw = own.Output((long)s.Classes * s.Features);
        RowLossOptions options = new() { GradientScale = 1f / s.Rows };
        RowLossOperands losses = new() { Rows = s.Rows, Classes = s.Classes, New = z, LdNew = s.Classes, Labels = labels, Gradient = z };
        return new PeerCall
        {
            Run = () =>
            {
                kernels.Gemm(new GemmShape(s.Rows, s.Classes, s.Features, transposeB: true), 1, e, w, 0, z, new Epilogue { Bias = bias });
                kernels.RowLoss(options, losses);
                kernels.Gemm(new GemmShape(s.Rows, s.Features, s.Classes), 1, z, w, 0, de, default);
                kernels.Gemm(new GemmShape(s.Classes, s.Features, s.Rows, transposeA: true), 1, z, e, 0, dw, default);
                kernels.ColumnSum(s.Rows, s.Classes, z, 0, db);
            },
            Difference = () => Math.Max(Difference.Of(ours.Outputs[0], de), Math.Max(Difference.Of(ours.Outputs[1], dw), Difference.Of(ours.Outputs[2], db))),
        }.Owns(own);
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
