namespace GracefulKernels.Cli.Demo;

/// <summary>Sizes and hyperparameters of the demo. What is chosen by data is chosen on held-back training data: the grids below.</summary>
internal sealed record DemoSettings
{
    /// <summary>Of the splits, the initial weights, and the order of samples.</summary>
    public int Seed { get; init; }

    /// <summary>Samples that every update is trained on.</summary>
    public int TrainingSamples { get; init; } = 500;

    /// <summary>Samples that flips are counted on.</summary>
    public int TestSamples { get; init; } = 1297;

    /// <summary>Training samples that v1 has seen; like the others about so many, as every digit has the same share.</summary>
    public int FirstSamples { get; init; } = 150;

    /// <summary>Old models v1, and as many folds of the training samples; at least three.</summary>
    public int Models { get; init; } = 5;

    /// <summary>Epochs of v1; its learning rate follows a cosine from <see cref="FirstRate"/>.</summary>
    public int FirstEpochs { get; init; } = 80;

    public double FirstRate { get; init; } = 0.02;

    /// <summary>Epochs of non-linear fine-tuning.</summary>
    public int NonlinearEpochs { get; init; } = 40;

    /// <summary>Learning rates that non-linear fine-tuning chooses from.</summary>
    public IReadOnlyList<double> NonlinearRates { get; init; } = [0.01, 0.02, 0.03];

    /// <summary>Epochs of LQF by P-SGD.</summary>
    public int PsgdEpochs { get; init; } = 40;

    /// <summary>λ of every linearised problem, and the damping of its preconditioner.</summary>
    public double Lambda { get; init; } = 0.003;

    /// <summary>
    /// ‖∇L(d)‖/‖∇L(0)‖ at which PCG stops. Test accuracy has settled within its noise by then. At far smaller ones the small eigenvalues, which λ and not the data
    /// fixes, decide with any preconditioner, and the advantage of K-FAC fades.
    /// </summary>
    public double Tolerance { get; init; } = 3e-3;

    /// <summary>Iterations after which PCG gives up.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>Weights λ_pc of staying near v1 that positive-congruent LQF chooses from, ascending; where v1 is right the pull weighs twice that, 1 is the labels'.</summary>
    public IReadOnlyList<double> CongruenceGrid { get; init; } = [0.25, 0.5, 0.75];

    /// <summary>Pull towards v1 on every sample, and what is added where v1 is right.</summary>
    public double FocalAlpha { get; init; } = 1;

    public double FocalBeta { get; init; } = 1;

    /// <summary>Accuracy that positive-congruent LQF may give away on held-back samples.</summary>
    public double AccuracyMargin { get; init; } = 0.005;
}
