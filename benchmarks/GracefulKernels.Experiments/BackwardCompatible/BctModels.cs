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

    /// <summary>The same with the influence loss through the old model's frozen head.</summary>
    public Network Compatible(double lambda, Network? from = null) => SgdTrainer.Train(
        WithOldHead(Start(from)), Train.Images, TrainingObjective.Influence(Train.Labels, Data.Map, lambda), Options(Epochs, seed: 2)).WithoutFrozenHead();

    /// <summary>
    /// The old model's last blocks linearised, with a ridge head for the new classes beside its old head, and one convex solve: by the rows of the new head alone (λ_bct = 0), or with
    /// those of the old one.
    /// </summary>
    public LinearizedModel Linear(double lambdaBct)
    {
        LabelledImages part = Train.First(Math.Min(LqfSamples, Train.Count));
        RidgeHead ridge = Old.WithRidgeHead(part.Images, part.Labels, LabelledImages.Classes, new RidgeHeadOptions { Alpha = Recipe.Alpha });
        NetworkSplit split = WithOldHead(ridge.Network).Split(LinearizationScope.LastBlocks(LqfBlocks));
        float[] inputs = split.TailInputs(part.Images, part.Count), oldLogits = Old.Predict(part.Images, part.Count);
        double lambda = Choose(split.Tail, inputs, part.Labels, oldLogits, lambdaBct) * LqfChoice / part.Count;
        using var linearized = new LinearizedNetwork(split.Tail, inputs, part.Count);
        KroneckerFactors factors = KroneckerFactors.Compute(linearized, LinearQuadratic.Factors(seed: 1));
        using var preconditioner = new KroneckerPreconditioner(factors, lambda, split.Tail.Parameters, split.Tail.Device);
        using var problem = new LinearQuadraticProblem(linearized, TargetsOf(part.Labels, oldLogits, lambdaBct), lambda);
        return new LinearizedModel(split, Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-3, MaxIterations = LqfIterations }, preconditioner).Update);
    }

    /// <summary>λ of the least exact leave-one-out error on a few images; nλ is that of all.</summary>
    private double Choose(Network tail, float[] inputs, int[] labels, float[] oldLogits, double lambdaBct)
    {
        int few = Math.Min(LqfChoice, labels.Length);
        using var linearized = new LinearizedNetwork(tail, inputs.AsSpan(0, few * tail.InputShape.Elements), few);
        double unit = LeaveOneOutChoice.Unit(linearized);
        DualSystem system = DualSystem.Compute(linearized, TargetsOf(labels[..few], oldLogits[..(few * Data.Map.OldClasses)], lambdaBct));
        return unit * LqfLambdas.MinBy(relative => system.Solve(relative * unit).LeaveOneOut().Loss);
    }

    private Targets TargetsOf(int[] labels, float[] oldLogits, double lambdaBct) => Targets.BackwardCompatible(
        labels, oldLogits, Data.Map, new BackwardCompatibleOptions { LambdaBct = lambdaBct, Alpha = Recipe.Alpha, AllowEmptyClasses = true });

    private Network Start(Network? from) => (from ?? Pretrained).WithLeakyRelu(Slope).WithRandomHead(LabelledImages.Classes, seed: 2);

    private Network WithOldHead(Network network)
        => network.WithFrozenHead(Data.Map.OldClasses, Old.GetTensor("linear.weight"), Old.GetTensor("linear.bias"));

    private static SgdOptions Options(int epochs, int seed) => new()
    {
        LearningRate = LearningRate.Cosine(Rate),
        BatchSize = 32,
        Epochs = epochs,
        WeightDecay = 1e-4,
        Seed = seed,
    };
}
