using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>The constants of a plan's frozen layers on a device.</summary>
internal sealed class FrozenWeights : IDisposable
{
    private readonly DeviceMemory? _memory;
    private readonly (Block<float> Weight, Block<float> Bias)[] _blocks;

    public FrozenWeights(ExecutionPlan plan, IKernels kernels)
    {
        FrozenLinearStep[] steps = [.. plan.Steps.OfType<FrozenLinearStep>()];
        _blocks = new (Block<float>, Block<float>)[steps.Length];
        if (steps.Length == 0) return;
        _memory = kernels.Allocate(steps.Sum(s => (long)BufferPlan.RoundUp(s.Weight.Length) + BufferPlan.RoundUp(s.Bias.Length)) * sizeof(float));
        Block<float> rest = _memory.AsBlock<float>();
        foreach (FrozenLinearStep step in steps) _blocks[step.Number] = (Take(kernels, step.Weight, ref rest), Take(kernels, step.Bias, ref rest));
    }

    public (Block<float> Weight, Block<float> Bias) Of(FrozenLinearStep step) => _blocks[step.Number];

    public void Dispose() => _memory?.Dispose();

    private static Block<float> Take(IKernels kernels, float[] values, ref Block<float> rest)
    {
        Block<float> block = rest.Slice(0, values.Length);
        rest = rest.Slice(BufferPlan.RoundUp(values.Length));
        kernels.Upload<float>(values, block);
        return block;
    }
}
