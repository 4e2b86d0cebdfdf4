namespace GracefulKernels;

/// <summary>How <see cref="PositiveCongruentPath"/> states and solves its problems.</summary>
public sealed record PositiveCongruentPathOptions
{
    /// <summary>Focal weights, α, and whether old logits are rescaled; its λ_pc is not looked at.</summary>
    public PositiveCongruentOptions Congruence { get; init; } = new();

    /// <summary>
    /// Whether the models begin at zero although the network has outputs f0 (<see cref="Targets.OnTopOf"/>), as with a head that was fitted to the samples; the fitted head is taken off the models.
    /// </summary>
    public bool HeadFromZero { get; init; }

    /// <summary>
    /// Whether targets are without their mean over classes, <c>t_i − mean_c t_ic</c>: no argmax changes, and a model whose logits have none of it (one that begins at zero, or was trained by cross-entropy)
    /// need not learn it. <see langword="null"/> (default): as <see cref="HeadFromZero"/>.
    /// </summary>
    public bool? Centered { get; init; }

    /// <summary>What is linearised and what is frozen before it; null for the whole network.</summary>
    public NetworkSplit? Split { get; init; }

    /// <summary>Rows n·C up to which each problem is solved in the dual, from one kernel matrix. Default 3,000.</summary>
    public int DualRows { get; init; } = 3000;

    /// <summary>Of PCG where there are more; without start, leave-one-out and checkpoint: each solve starts from the last.</summary>
    public PcgOptions Pcg { get; init; } = new() { Tolerance = 1e-3 };

    /// <summary>Makes a preconditioner for each problem, disposed of when it is solved; none is the identity.</summary>
    public Func<LinearQuadraticProblem, Preconditioner>? Preconditioner { get; init; }

    internal void Validate(string name)
    {
        ArgumentNullException.ThrowIfNull(Congruence, name);
        ArgumentNullException.ThrowIfNull(Pcg, name);
        Congruence.Validate(name);
        Pcg.Validate(name);
        if (DualRows < 0) throw new ArgumentOutOfRangeException(name, DualRows, $"DualRows is {DualRows}; expected at least 0.");
        if (Pcg.Start is not null || Pcg.LeaveOneOut is not null || Pcg.Checkpoint is not null)
        {
            throw new ArgumentException("Pcg has a start, a leave-one-out stop or a checkpoint; on a path each solve starts from the last.", name);
        }
    }
}
