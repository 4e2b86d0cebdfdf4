namespace GracefulKernels;

/// <summary>Linear quadratic fine-tuning from a network and labelled images to a solved model: what <see cref="FineTuner"/> does, and how.</summary>
public sealed record FineTuneOptions
{
    /// <summary>C; <see langword="null"/> for the largest label plus one, or with <see cref="HeadStart.Keep"/> the network's.</summary>
    public int? Classes { get; init; }

    /// <summary>The head to begin with. Default <see cref="HeadStart.Ridge"/>: a zero head would keep the layers before it from learning.</summary>
    public HeadStart Head { get; init; } = HeadStart.Ridge;

    /// <summary>
    /// Whether the head begins at zero although the layers before it are linearised through the fitted one (<see cref="Targets.OnTopOf"/>, targets <c>α(e_y − 1/C)</c>): the fitted head
    /// has seen the samples, and is then neither part of the answer nor what the ridge pulls towards. Default: with <see cref="HeadStart.Ridge"/> and one linear problem; with more, the
    /// answer would be the difference of two networks.
    /// </summary>
    public bool? HeadFromZero { get; init; }

    /// <summary>What is linearised. Default all.</summary>
    public LinearizationScope Scope { get; init; } = LinearizationScope.All;

    /// <summary>Whether batch normalisation is kept (default), with γ and β as parameters, or folded. Folded, far transfers lose two or three points of accuracy.</summary>
    public BatchNormMode BatchNorm { get; init; } = BatchNormMode.Keep;

    /// <summary>α of the targets αe_y (LQF §3). Default 15.</summary>
    public double Alpha { get; init; } = 15;

    /// <summary>
    /// λ; <see langword="null"/> chooses it by exact leave-one-out error over <see cref="LambdaGrid"/>. Where n·C is more than <see cref="DualRows"/>, that is done on a random
    /// part of the samples that has no more, and λ is multiplied by the part's share of n: the prior (nλ) stays the same.
    /// </summary>
    public double? Lambda { get; init; }

    /// <summary>Candidates for λ as multiples of the mean over samples of ‖J_i‖² (tr(K)/n), from the largest down.</summary>
    public IReadOnlyList<double> LambdaGrid { get; init; } = RegularizationPath.Lambdas(1, 1e-8, 25);

    /// <summary>Rows n·C up to which the dual serves. Default 3,000: 72 MB, and seconds for its eigendecomposition.</summary>
    public int DualRows { get; init; } = 3000;

    /// <summary>
    /// Linear problems that are solved one after the other, each about the network that the one before it moved to (<see cref="Relinearization"/>): 1 is LQF. λ is chosen
    /// once, on the first; more than one are solved by PCG.
    /// </summary>
    public int Relinearize { get; init; } = 1;

    /// <summary>Default: the dual for small n·C, else PCG.</summary>
    public FineTuneSolver Solver { get; init; } = FineTuneSolver.Automatic;

    /// <summary>Tolerance, budget, checkpoints of PCG; a checkpoint is not for the dual, nor for more than one linearisation.</summary>
    public PcgOptions Pcg { get; init; } = new() { Tolerance = 1e-3 };

    /// <summary>Learning rate, epochs, checkpoints of P-SGD.</summary>
    public PsgdOptions Psgd { get; init; } = new();

    /// <summary>Of the preconditioner of PCG and P-SGD.</summary>
    public FactorOptions Factors { get; init; } = new() { Seeds = FactorSeeds.Rademacher };

    /// <summary>
    /// Views of each sample, itself counted (<see cref="AugmentedViews"/>): a finite set, so that the problem stays one of least squares over n·v rows. Leave-one-out leaves all views
    /// of a sample out together. Default 1.
    /// </summary>
    public int Views { get; init; } = 1;

    /// <summary>What views there are to draw from.</summary>
    public AugmentedViewsOptions ViewOptions { get; init; } = new();

    /// <summary>Batches and memory of the linearised network.</summary>
    public LinearizedOptions Linearized { get; init; } = new();

    /// <summary>Whether a class may have no sample. Default: an error that names it.</summary>
    public bool AllowEmptyClasses { get; init; }

    /// <summary>Of a random head and of the part of the samples that λ is chosen on.</summary>
    public int Seed { get; init; }

    internal bool BeginsAtZero => HeadFromZero ?? (Head == HeadStart.Ridge && Relinearize == 1);

    internal void Validate(string name)
    {
        if (!Enum.IsDefined(Head)) throw new ArgumentOutOfRangeException(name, Head, "Not a start of the head.");
        if (!Enum.IsDefined(Solver)) throw new ArgumentOutOfRangeException(name, Solver, "Not a solver.");
        if (Classes < 1) throw new ArgumentOutOfRangeException(name, Classes, $"Classes is {Classes}; expected at least 1.");
        _ = Check.Positive(Alpha, name, nameof(Alpha));
        if (Lambda is { } lambda) _ = Check.NonNegative(lambda, name, nameof(Lambda));
        if (Relinearize < 1) throw new ArgumentOutOfRangeException(name, Relinearize, $"Relinearize is {Relinearize}; expected at least 1.");
        if (Relinearize > 1 && Solver is FineTuneSolver.Dual or FineTuneSolver.Psgd)
        {
            throw new ArgumentException($"Solver is {Solver}; linearising {Relinearize} times is done by PCG.", name);
        }
        if (Relinearize > 1 && Pcg.Checkpoint is not null) throw new ArgumentException("Pcg.Checkpoint is set; a checkpoint belongs to one problem, and every linearisation is another.", name);
        if (Relinearize > 1 && BeginsAtZero) throw new ArgumentException("HeadFromZero is set; a model that is linearised several times begins where its head was fitted.", name);
        if (Views < 1) throw new ArgumentOutOfRangeException(name, Views, $"Views is {Views}; expected at least 1.");
        ArgumentNullException.ThrowIfNull(ViewOptions, name);
        if (DualRows < 1) throw new ArgumentOutOfRangeException(name, DualRows, $"DualRows is {DualRows}; expected at least 1.");
        if (Solver == FineTuneSolver.Dual && Pcg.Checkpoint is not null) throw new ArgumentException("Pcg.Checkpoint is set; the dual is solved directly and has none.", name);
        RegularizationPath.CheckLambdas([.. LambdaGrid], name);
    }
}
