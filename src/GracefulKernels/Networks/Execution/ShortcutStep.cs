using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The option-A shortcut: linear, so its own JVP.</summary>
internal sealed class ShortcutStep(int[] inputs, int output, ShortcutShape shape) : LayerStep(inputs, output)
{
    public override void Forward(Sweep s) => s.Kernels.Shortcut(shape with { Batch = s.Batch }, s.Value(Inputs[0]), s.Value(Output));

    public override void Tangent(Sweep s) => s.Kernels.Shortcut(shape with { Batch = s.Batch }, s.Tangent(Inputs[0]), s.Tangent(Output));

    public override void Cotangent(Sweep s, ICotangentSink sink)
        => s.Kernels.ShortcutAdjoint(shape with { Batch = s.Batch }, s.Cotangent(Output), s.Beta(this, 0), s.Cotangent(Inputs[0]));
}
