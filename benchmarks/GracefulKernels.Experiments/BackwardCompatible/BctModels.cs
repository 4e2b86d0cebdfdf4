using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Methods;
using GracefulKernels.Experiments.Protocol;

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

    /// <summary>
    /// Elements of an embedding: as many as ten classes can tell apart. Label smoothing, in all trainings: it gives the logits a finite aim, the same for both models, and their classes
    /// tight places (Müller et al. 2019); plain cross-entropy pushes each model's embeddings outwards on a way of its own.
    /// </summary>
    private const int Width = LabelledImages.Classes - 1;

    private const double Smoothing = 0.1;

    /// <summary>The longest gradient: at first an old head of large weights reads an embedding that it does not know, and its loss is steep.</summary>
    private const double Rate = 0.01, LongestGradient = 2;

    /// <summary>Images of the least-squares problem, of them those by which λ is chosen, iterations of PCG, and blocks from the output that are linearised.</summary>
    private const int LqfSamples = 1500, LqfChoice = 60, LqfIterations = 20, LqfBlocks = 5;

    /// <summary>λ that are tried, in units of tr(JJᵀ)/(nC²).</summary>
    private static readonly double[] LqfLambdas = [1e-3, 1e-2, 1e-1];

    /// <summary>Trains the old model.</summary>
    public static BctModels Create(Network pretrained, OldData data, LabelledImages train, int epochs)
    {
        Network start = BaseNetworks.WithEmbedding(pretrained.WithLeakyRelu(Slope), Width, data.Map.OldClasses, seed: 1);
        Network old = SgdTrainer.Train(start, data.Train.Images, Smoothed(data.Train.Labels), Options(epochs, seed: 1));
        return new BctModels(pretrained, old, data, train, epochs);
    }

    /// <summary>A new model on all data, by cross-entropy alone.</summary>
    /// <param name="fromOld">Whether it begins as the old model, with a new classifier; else as the pre-trained network.</param>
    public Network Unconstrained(bool fromOld) => SgdTrainer.Train(Start(fromOld), Train.Images, Smoothed(Train.Labels), Options(Epochs, seed: 2));

    /// <summary>The head that the old model was trained with.</summary>
    public FrozenClassifier OldHead => new(Data.Map, Old.GetTensor("linear.weight"));

    /// <summary>
    /// A head on the old embedding for all classes, the new ones too: trained by cross-entropy on the new data with the old network frozen before it. The old gallery stays as it is.
    /// What Shen et al. (2020, §3.3) call synthesised classifier weights.
    /// </summary>
    public FrozenClassifier HeadForAllClasses()
    {
        NetworkSplit split = Old.Split(LinearizationScope.Head);
        var b = new NetworkBuilder(Width);
        Network start = b.Build(b.Linear("linear", b.Input, LabelledImages.Classes, bias: false), Old.Device).WithRandomWeights(3);
        Network head = SgdTrainer.Train(start, split.TailInputs(Train.Images, Train.Count), Smoothed(Train.Labels), Options(epochs: 10, seed: 3));
        return new FrozenClassifier(ClassMap.Grown(LabelledImages.Classes, LabelledImages.Classes), head.GetTensor("linear.weight"));
    }

    /// <summary>The same with the influence loss through a frozen head of the old embedding.</summary>
    public Network Compatible(FrozenClassifier head, double lambda, bool fromOld) => SgdTrainer.Train(
        head.Beside(Start(fromOld)), Train.Images, TrainingObjective.Influence(Train.Labels, head.Map, lambda, Smoothing), Options(Epochs, seed: 2)).WithoutFrozenHead();

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

    private Network Start(bool fromOld)
    {
        Network start = BaseNetworks.WithEmbedding(Pretrained.WithLeakyRelu(Slope), Width, LabelledImages.Classes, seed: 2);
        if (!fromOld) return start;
        NetworkSplit split = Old.Split(LinearizationScope.Head);
        return split.Join(start.Split(LinearizationScope.Head).Tail);
    }

    private static TrainingObjective Smoothed(int[] labels) => TrainingObjective.CrossEntropy(labels, Smoothing);

    private static SgdOptions Options(int epochs, int seed) => new()
    {
        LearningRate = LearningRate.Cosine(Rate),
        BatchSize = 32,
        Epochs = epochs,
        WeightDecay = 1e-4,
        MaxGradientNorm = LongestGradient,
        Seed = seed,
    };
}

/// <summary>A head of the old embedding that is not trained.</summary>
/// <param name="Map">Its classes and the new ones.</param>
/// <param name="Weight">[old classes × width of the embedding].</param>
internal sealed record FrozenClassifier(ClassMap Map, float[] Weight)
{
    public Network Beside(Network network) => network.WithFrozenHead(Map.OldClasses, Weight);

    public Network Instead(Network network) => network.WithHead(Map.OldClasses, Weight, new float[Map.OldClasses]);
}
