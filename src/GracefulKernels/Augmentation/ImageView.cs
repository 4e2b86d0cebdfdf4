namespace GracefulKernels;

/// <summary>One way to look at an image: mirrored first, then moved.</summary>
/// <param name="Mirrored">Left and right exchanged.</param>
/// <param name="Down">Pixels that it is moved down; up where negative.</param>
/// <param name="Right">Pixels that it is moved to the right; to the left where negative.</param>
public readonly record struct ImageView(bool Mirrored, int Down, int Right)
{
    /// <summary>Whether the view is the image itself.</summary>
    public bool IsIdentity => this == default;
}
