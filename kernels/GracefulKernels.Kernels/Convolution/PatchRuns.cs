namespace GracefulKernels.Kernels;

/// <summary>The elements of a patch as runs of neighbouring memory: the taps of a kernel row, or one tap where taps are spread.</summary>
internal readonly struct PatchRuns
{
    private readonly int _kernelWidth;
    private readonly int _channels;
    private readonly nint _stepY;
    private readonly nint _stepX;

    public PatchRuns(in TapAxis y, in TapAxis x, int channels, nint pitch)
    {
        bool merged = x.Step == 1;
        Length = merged ? x.Count * channels : channels;
        Count = merged ? y.Count : y.Count * x.Count;
        _kernelWidth = merged ? 1 : x.Count;
        _channels = channels;
        _stepY = y.Step * pitch;
        _stepX = x.Step;
    }

    public int Count { get; }

    /// <summary>Elements of a run.</summary>
    public int Length { get; }

    /// <summary>Where run <paramref name="run"/> begins, in elements from the patch's first.</summary>
    public nint Offset(int run) => (run / _kernelWidth * _stepY) + (run % _kernelWidth * _stepX * _channels);
}
