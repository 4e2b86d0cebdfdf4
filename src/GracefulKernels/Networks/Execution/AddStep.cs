using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>A residual sum that no product could take into its epilogue.</summary>
internal sealed class AddStep(int[] inputs, int output) : LayerStep(inputs, output)
{
    public override bool WritesOver(int k) => true;

    public override bool PassesCotangent(int k) => Inputs[0] != Inputs[1];

    public override void Forward(Sweep s) => s.Kernels.Add(s.Value(Inputs[0]), s.Value(Inputs[1]), s.Value(Output));

    public override void Tangent(Sweep s)
    {
        Block<float> y = s.Tangent(Output);
        if (s.HasTangent(Inputs[0]) && s.HasTangent(Inputs[1]))
        {
            s.Kernels.Add(s.Tangent(Inputs[0]), s.Tangent(Inputs[1]), y);
            return;
        }
        Block<float> only = s.Tangent(s.HasTangent(Inputs[0]) ? Inputs[0] : Inputs[1]);
        if (!only.BeginsWith(y)) s.Kernels.Copy(only, y);
    }

    public override void Cotangent(Sweep s, ICotangentSink sink)
    {
        for (int k = 0; k < Inputs.Length; k++)
        {
            if (!s.HasTangent(Inputs[k]) || s.IsPassed(this, k)) continue;
            s.Kernels.Axpby(1f, s.Cotangent(Output), s.Beta(this, k), s.Cotangent(Inputs[k]));
        }
    }
}
