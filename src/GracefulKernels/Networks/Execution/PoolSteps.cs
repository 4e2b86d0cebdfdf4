using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>Max pooling; JVP gathers and VJP scatters at the places of the primal's maxima.</summary>
internal sealed class MaxPoolStep(int[] inputs, int output, PoolShape shape) : LayerStep(inputs, output)
{
    public override int ArgmaxLength => (int)shape.OutputLength;

    public override void Forward(Sweep s) => s.Kernels.MaxPool(shape with { Batch = s.Batch }, s.Value(Inputs[0]), s.Value(Output), s.Argmax(this));

    public override void Tangent(Sweep s)
        => s.Kernels.MaxPoolGather(shape with { Batch = s.Batch }, s.Tangent(Inputs[0]), s.Argmax(this), s.Tangent(Output));

    public override void Cotangent(Sweep s, ICotangentSink sink)
        => s.Kernels.MaxPoolScatter(shape with { Batch = s.Batch }, s.Cotangent(Output), s.Argmax(this), s.Beta(this, 0), s.Cotangent(Inputs[0]));
}

/// <summary>Mean pooling: linear, so its own JVP.</summary>
internal sealed class MeanPoolStep(int[] inputs, int output, PoolShape shape) : LayerStep(inputs, output)
{
    public override void Forward(Sweep s) => s.Kernels.MeanPool(shape with { Batch = s.Batch }, s.Value(Inputs[0]), s.Value(Output));

    public override void Tangent(Sweep s) => s.Kernels.MeanPool(shape with { Batch = s.Batch }, s.Tangent(Inputs[0]), s.Tangent(Output));

    public override void Cotangent(Sweep s, ICotangentSink sink)
        => s.Kernels.MeanPoolAdjoint(shape with { Batch = s.Batch }, s.Cotangent(Output), s.Beta(this, 0), s.Cotangent(Inputs[0]));
}

/// <summary>The mean over all pixels: linear, so its own JVP.</summary>
internal sealed class GlobalMeanStep(int[] inputs, int output, int pixels, int channels) : LayerStep(inputs, output)
{
    public override void Forward(Sweep s) => s.Kernels.GlobalMean(s.Batch, pixels, channels, s.Value(Inputs[0]), s.Value(Output));

    public override void Tangent(Sweep s) => s.Kernels.GlobalMean(s.Batch, pixels, channels, s.Tangent(Inputs[0]), s.Tangent(Output));

    public override void Cotangent(Sweep s, ICotangentSink sink)
        => s.Kernels.GlobalMeanAdjoint(s.Batch, pixels, channels, s.Cotangent(Output), s.Beta(this, 0), s.Cotangent(Inputs[0]));
}
