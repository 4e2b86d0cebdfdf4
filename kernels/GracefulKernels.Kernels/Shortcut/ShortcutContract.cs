namespace GracefulKernels.Kernels;

/// <summary>
/// The parameter-free ("option A") shortcut: every stride-th pixel of [batch, height, width, channels], with zero channels before and
/// behind: [batch, ceil(height / stride), ceil(width / stride), before + channels + after].
/// </summary>
internal readonly record struct ShortcutShape(int Batch, int Height, int Width, int Channels, int Stride, int Before, int After)
{
    public int OutHeight => (Height + Stride - 1) / Stride;

    public int OutWidth => (Width + Stride - 1) / Stride;

    public int OutChannels => Before + Channels + After;
}

internal partial interface IKernels
{
    /// <summary>The shortcut: linear, so also its own JVP.</summary>
    void Shortcut(in ShortcutShape shape, Block<float> x, Block<float> y);

    /// <summary>The adjoint of <see cref="Shortcut"/>, plus beta·dx. With beta = 0, dx is never read.</summary>
    void ShortcutAdjoint(in ShortcutShape shape, Block<float> dy, float beta, Block<float> dx);
}
