namespace GracefulKernels;

/// <summary>The output of one layer while a network is built: what the next layers take as their input.</summary>
public readonly record struct LayerOutput
{
    internal LayerOutput(NetworkBuilder builder, int index, LayerShape shape)
    {
        Builder = builder;
        Index = index;
        Shape = shape;
    }

    internal NetworkBuilder? Builder { get; }

    internal int Index { get; }

    /// <summary>What one sample is here.</summary>
    public LayerShape Shape { get; }
}
