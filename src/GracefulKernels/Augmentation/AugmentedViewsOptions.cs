namespace GracefulKernels;

/// <summary>Which views of an image there are to draw from.</summary>
public sealed record AugmentedViewsOptions
{
    /// <summary>Whether an image may be mirrored, left and right exchanged. Default true; not for digits and letters.</summary>
    public bool Mirror { get; init; } = true;

    /// <summary>Largest number of pixels that an image is moved by in each direction; what comes in from outside is 0. Default 4, as for CIFAR (He et al. 2016, §4.2).</summary>
    public int Shift { get; init; } = 4;

    /// <summary>Of the choice.</summary>
    public int Seed { get; init; }

    internal void Validate(LayerShape shape, string name)
    {
        int most = Math.Min(shape.Height, shape.Width) - 1;
        if (Shift < 0 || Shift > most) throw new ArgumentOutOfRangeException(name, Shift, $"Shift is {Shift}; expected 0 to {most} for images {shape}.");
    }
}
