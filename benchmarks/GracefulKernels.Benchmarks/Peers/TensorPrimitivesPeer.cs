using System.Numerics.Tensors;
using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;

namespace GracefulKernels.Benchmarks.Peers;

/// <summary>What a C# program composes from <see cref="TensorPrimitives"/>: row after row, on one thread.</summary>
internal sealed unsafe class TensorPrimitivesPeer : IPeer
{
    public string Name => "tensorprimitives";

    public string? Absence => null;

    public PeerCall? Prepare(BenchCase bench, Operands ours, int threads) => threads > 1 ? null : (bench.Kernel, bench.Parameters) switch
    {
        ("vector-axpy", int n) => Axpy(n, ours),
        ("vector-dot", int) => Scalar(ours, () => TensorPrimitives.Dot<float>(ours.Inputs[0].Span, ours.Inputs[1].Span)),
        ("vector-norm", int) => Scalar(ours, () => TensorPrimitives.Norm<float>(ours.Inputs[0].Span)),
        ("flips-logits", FlipShape shape) => Flips(shape, ours),
        (_, RowLossShape { Options.Base: BaseLoss.CrossEntropy } shape) => RowLoss(shape, ours),
        _ => null,
    };

    private static PeerCall Axpy(int n, Operands ours)
    {
        Operands own = new(ours.Kernels);
        Block<float> y = own.Input(n);
        return new PeerCall { Run = () => TensorPrimitives.MultiplyAdd<float>(ours.Inputs[0].Span, 1e-3f, y.Span, y.Span) }.Owns(own);
    }

    // The sums are fp32: over eleven million numbers they drift, so only the run is of use.
    private static PeerCall Scalar(Operands ours, Func<float> call) => new() { Run = () => ours.Returned += 0 * call() };

    private static PeerCall Flips(FlipShape s, Operands ours)
    {
        Operands own = new(ours.Kernels);
        Block<int> labels = own.Labels(s.Rows, s.Classes);
        long[] counts = new long[4];
        return new PeerCall
        {
            Run = () =>
            {
                for (int r = 0; r < s.Rows; r++)
                {
                    bool old = TensorPrimitives.IndexOfMax(Row(ours.Inputs[0], r, s.Classes)) == labels.Pointer[r];
                    bool now = TensorPrimitives.IndexOfMax(Row(ours.Inputs[1], r, s.Classes)) == labels.Pointer[r];
                    counts[(old ? 2 : 0) + (now ? 1 : 0)]++;
                }
            },
        }.Owns(own);
    }

    private static PeerCall RowLoss(RowLossShape s, Operands ours)
    {
        Operands own = new(ours.Kernels);
        Block<int> labels = own.Labels(s.Rows, s.Classes);
        Block<float> gradient = own.Output((long)s.Rows * s.Classes);
        ComposedLoss loss = new(s.Options, s.Classes);
        double sum = 0;
        return new PeerCall
        {
            Run = () =>
            {
                sum = 0;
                for (int r = 0; r < s.Rows; r++)
                {
                    Span<float> old = s.Options.Distance == OldDistance.None ? default : Row(ours.Inputs[1], r, s.Classes);
                    sum += loss.Row(Row(ours.Inputs[0], r, s.Classes), old, labels.Pointer[r], Row(gradient, r, s.Classes));
                }
            },
            Difference = () => Math.Max(Difference.Of(ours.Outputs[0], gradient), Math.Abs(sum - ours.Returned) / Math.Abs(ours.Returned)),
        }.Owns(own);
    }

    private static Span<float> Row(Block<float> matrix, int row, int columns) => new(matrix.Pointer + ((long)row * columns), columns);
}
