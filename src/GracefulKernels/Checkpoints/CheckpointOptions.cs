namespace GracefulKernels;

/// <summary>
/// A file from which a killed run goes on to the same bits as one that was not interrupted: all vectors and scalars of the run, its history, and a fingerprint of the
/// problem. Safetensors, written aside and renamed, so that there is always a whole one.
/// </summary>
/// <remarks>
/// Written once before the first iteration, every <see cref="Every"/> after it, and at the end. If the first cannot be written, the run throws:
/// the path is wrong or the disk full from the start. If a later one cannot be, the run goes on, the file before it stays, the next is tried in its turn, and
/// <see cref="SolverProgress.CheckpointFailure"/> says why. The solver never deletes the file: called again after its end it reads its result from there, or goes on where the
/// budget is larger or the tolerance smaller.
/// </remarks>
public sealed record CheckpointOptions
{
    /// <summary>The file; its folder must exist.</summary>
    public required string Path { get; init; }

    /// <summary>Iterations of PCG, or epochs, from one to the next.</summary>
    public int Every { get; init; } = 10;

    /// <summary>
    /// Go on from the file where there is one; a file of another problem is refused, saying in what it differs. <see langword="false"/>: begin anew and replace it.
    /// </summary>
    public bool Resume { get; init; } = true;

    internal void Validate(string name)
    {
        if (string.IsNullOrEmpty(Path)) throw new ArgumentException("The path of the checkpoint is empty.", name);
        if (Every < 1) throw new ArgumentOutOfRangeException(name, Every, $"Every is {Every}; expected at least 1.");
    }
}
