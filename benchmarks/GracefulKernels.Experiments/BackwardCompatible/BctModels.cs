using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Methods;

namespace GracefulKernels.Experiments.BackwardCompatible;

/// <summary>The old model, and ways to a new one.</summary>
/// <param name="Pretrained">Trained on CIFAR-10: where the old model and the new ones begin.</param>
/// <param name="Old">Trained on the old data.</param>
/// <param name="Data">The old data.</param>
/// <param name="Train">The new data, labels are the new classes.</param>
/// <param name="Epochs">Sweeps of each training.</param>
internal sealed record BctModels(Network Pretrained, Network Old, OldData Data, LabelledImages Train, int Epochs)
{
    /// <summary>Slope of the activations: LQF wants to see units that are off.</summary>
    private const float Slope = 0.1f;

    private const double Rate = 0.01;

    /// <summary>Images of the least-squares problem, of them those by which λ is chosen, iterations of PCG, and blocks from the output that are linearised.</summary>
    private const int LqfSamples = 3000, LqfChoice = 60, LqfIterations = 25, LqfBlocks = 4;

    /// <summary>λ that are tried, in units of tr(JJᵀ)/(nC²).</summary>
    private static readonly double[] LqfLambdas = [1e-3, 1e-2, 1e-1];

    /// <summary>Trains the old model.</summary>
    public static BctModels Create(Network pretrained, OldData data, LabelledImages train, int epochs)
    {
        Network start = pretrained.WithLeakyRelu(Slope).WithRandomHead(data.Map.OldClasses, seed: 1);
        Network old = SgdTrainer.Train(start, data.Train.Images, data.Train.Labels, Options(epochs, seed: 1));
        return new BctModels(pretrained, old, data, train, epochs);
    }

    /// <summary>A new model from the pre-trained network, on all data, by cross-entropy alone.</summary>
    public Network Unconstrained(Network? from = null) => SgdTrainer.Train(Start(from), Train.Images, Train.Labels, Options(Epochs, seed: 2));

    /// <summary>The head that the old model was trained with.</summary>
    public FrozenClassifier OldHead => new(Data.Map, Old.GetTensor("linear.weight"), Old.GetTensor("linear.bias"));

    /// <summary>
    /// A head on the old embedding for all classes, the new ones too: trained by cross-entropy on the new data with the old network frozen before it. The old gallery stays as it is.
    /// What Shen et al. (2020, §3.3) call synthesised classifier weights.
    /// </summary>
    public FrozenClassifier HeadForAllClasses()
    {
        NetworkSplit split = Old.WithRandomHead(LabelledImages.Classes, seed: 3).Split(LinearizationScope.Head);
        Network head = SgdTrainer.Train(split.Tail, split.TailInputs(Train.Images, Train.Count), Train.Labels, Options(epochs: 10, seed: 3));
        return new FrozenClassifier(ClassMap.Grown(LabelledImages.Classes, LabelledImages.Classes), head.GetTensor("linear.weight"), head.GetTensor("linear.bias"));
    }

    /// <summary>The same with the influence loss through a frozen head of the old embedding.</summary>
    public Network Compatible(FrozenClassifier head, double lambda, Network? from = null) => SgdTrainer.Train(
        head.Beside(Start(from)), Train.Images, TrainingObjective.Influence(Train.Labels, head.Map, lambda), Options(Epochs, seed: 2)).WithoutFrozenHead();

    /// <summary>
    /// The old model's last blocks linearised, with a ridge head for the new classes beside its old head, and one convex solve: by the rows of the new head alone (λ_bct = 0), or with
    /// those of the old one.
    /// </summary>
    public LinearizedModel Linear(FrozenClassifier head, double lambdaBct)
    {
        LabelledImages part = Train.First(Math.Min(LqfSamples, Train.Count));
        RidgeHead ridge = Old.WithRidgeHead(part.Images, part.Labels, LabelledImages.Classes, new RidgeHeadOptions { Alpha = Recipe.Alpha });
        NetworkSplit split = head.Beside(ridge.Network).Split(LinearizationScope.LastBlocks(LqfBlocks));
        float[] inputs = split.TailInputs(part.Images, part.Count), oldLogits = head.Instead(Old).Predict(part.Images, part.Count);
        double lambda = Choose(split.Tail, inputs, part.Labels, head.Map, oldLogits, lambdaBct) * LqfChoice / part.Count;
        using var linearized = new LinearizedNetwork(split.Tail, inputs, part.Count);
        KroneckerFactors factors = KroneckerFactors.Compute(linearized, LinearQuadratic.Factors(seed: 1));
        using var preconditioner = new KroneckerPreconditioner(factors, lambda, split.Tail.Parameters, split.Tail.Device);
        using var problem = new LinearQuadraticProblem(linearized, TargetsOf(part.Labels, head.Map, oldLogits, lambdaBct), lambda);
        return new LinearizedModel(split, Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-3, MaxIterations = LqfIterations }, preconditioner).Update);
    }

    /// <summary>λ of the least exact leave-one-out error on a few images; nλ is that of all.</summary>
    private static double Choose(Network tail, float[] inputs, int[] labels, ClassMap map, float[] oldLogits, double lambdaBct)
    {
        int few = Math.Min(LqfChoice, labels.Length);
        using var linearized = new LinearizedNetwork(tail, inputs.AsSpan(0, few * tail.InputShape.Elements), few);
        double unit = LeaveOneOutChoice.Unit(linearized);
        DualSystem system = DualSystem.Compute(linearized, TargetsOf(labels[..few], map, oldLogits[..(few * map.OldClasses)], lambdaBct));
        return unit * LqfLambdas.MinBy(relative => system.Solve(relative * unit).LeaveOneOut().Loss);
    }

    private static Targets TargetsOf(int[] labels, ClassMap map, float[] oldLogits, double lambdaBct) => Targets.BackwardCompatible(
        labels, oldLogits, map, new BackwardCompatibleOptions { LambdaBct = lambdaBct, Alpha = Recipe.Alpha, AllowEmptyClasses = true });

    private Network Start(Network? from) => (from ?? Pretrained).WithLeakyRelu(Slope).WithRandomHead(LabelledImages.Classes, seed: 2);

    private static SgdOptions Options(int epochs, int seed) => new()
    {
        LearningRate = LearningRate.Cosine(Rate),
        BatchSize = 32,
        Epochs = epochs,
        WeightDecay = 1e-4,
        Seed = seed,
    };
}

/// <summary>A head of the old embedding that is not trained.</summary>
/// <param name="Map">Its classes and the new ones.</param>
/// <param name="Weight">[old classes × width of the embedding].</param>
/// <param name="Bias">[old classes].</param>
internal sealed record FrozenClassifier(ClassMap Map, float[] Weight, float[] Bias)
{
    public Network Beside(Network network) => network.WithFrozenHead(Map.OldClasses, Weight, Bias);

    public Network Instead(Network network) => network.WithHead(Map.OldClasses, Weight, Bias);
}
