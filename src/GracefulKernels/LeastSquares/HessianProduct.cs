using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary><c>H·v = (1/n) Jᵀ diag(s) J v + λv</c>: one JVP and one VJP over all samples. Targets do not matter.</summary>
internal sealed class HessianProduct : IDisposable
{
    private readonly LinearQuadraticProblem _problem;
    private readonly DeviceFloats _image;
    private readonly DeviceFloats _seeds;
    private readonly DeviceFloats _zeros;

    public HessianProduct(LinearQuadraticProblem problem)
    {
        _problem = problem;
        _image = new DeviceFloats(problem.Kernels, problem.TargetBlock.Length);
        _seeds = new DeviceFloats(problem.Kernels, problem.TargetBlock.Length);
        _zeros = new DeviceFloats(problem.Kernels, problem.TargetBlock.Length);
    }

    /// <summary><c>y = H·v</c>.</summary>
    public void Apply(Block<float> v, Block<float> y, CancellationToken cancellation)
    {
        LinearizedNetwork network = _problem.Network;
        network.Jvp(v, _image.Block, cancellation);
        // The gradient of ½‖Jv‖² in the problem's own weights and mean: s∘Jv/n.
        _ = _problem.Kernels.WeightedSquaredLoss(
            network.Samples, network.Outputs, _image.Block, _zeros.Block, _problem.WeightBlock, 1f / network.Samples, _seeds.Block);
        _problem.Gradient(_seeds.Block, v, y, cancellation);
    }

    public void Dispose()
    {
        _image.Dispose();
        _seeds.Dispose();
        _zeros.Dispose();
    }
}
