namespace GracefulKernels;

/// <summary>Leaky ReLU that no product could take into its epilogue.</summary>
internal sealed class LeakyReluStep(int[] inputs, int output, LayerShape shape, float slope) : LayerStep(inputs, output)
{
    public override int MaskWords => shape.Pixels * ((shape.Channels + 15) / 16);

    public override bool WritesOver(int k) => true;

    public override bool PassesCotangent(int k) => true;

    public override void Forward(Sweep s)
        => s.Kernels.LeakyRelu((long)s.Batch * shape.Pixels, shape.Channels, slope, s.Value(Inputs[0]), s.Value(Output), s.Mask(this));

    public override void Tangent(Sweep s) => s.Kernels.LeakyReluMasked(
        (long)s.Batch * shape.Pixels, shape.Channels, slope, s.Mask(this), s.Tangent(Inputs[0]), 0f, s.Tangent(Output));

    public override void Cotangent(Sweep s, ICotangentSink sink)
    {
        float keep = s.IsPassed(this, 0) ? 0f : s.Beta(this, 0);
        s.Kernels.LeakyReluMasked(
            (long)s.Batch * shape.Pixels, shape.Channels, slope, s.Mask(this), s.Cotangent(Output), keep, s.Cotangent(Inputs[0]));
    }
}
