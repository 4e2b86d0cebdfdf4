namespace GracefulKernels;

/// <summary>What one sample is at some point of a network: an image [height × width × channels] or, where flat, a vector of all its elements.</summary>
/// <param name="Height">Pixel rows; 1 for a vector of features.</param>
/// <param name="Width">Pixel columns; 1 for a vector of features.</param>
/// <param name="Channels">Channels, or features.</param>
/// <param name="IsFlat">
/// Whether the elements count as one vector. Memory stays channels-last; a linear layer behind a flattened image keeps PyTorch's
/// column order (channel, row, column) in files and reorders its columns once.
/// </param>
public readonly record struct LayerShape(int Height, int Width, int Channels, bool IsFlat)
{
    /// <summary>Elements of one sample.</summary>
    public int Elements => checked(Height * Width * Channels);

    internal int Pixels => Height * Width;

    internal bool IsImage => !IsFlat;

    /// <summary><c>[height × width × channels]</c> or <c>[features]</c>.</summary>
    public override string ToString() => IsFlat ? $"[{Elements}]" : $"[{Height} × {Width} × {Channels}]";
}
