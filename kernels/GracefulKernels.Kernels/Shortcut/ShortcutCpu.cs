namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void Shortcut(in ShortcutShape shape, Block<float> x, Block<float> y) => throw new NotImplementedException();

    public void ShortcutAdjoint(in ShortcutShape shape, Block<float> dy, float beta, Block<float> dx) => throw new NotImplementedException();
}
