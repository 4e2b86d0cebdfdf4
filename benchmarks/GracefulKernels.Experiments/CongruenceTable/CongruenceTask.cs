using GracefulKernels.Experiments.Data;

namespace GracefulKernels.Experiments.CongruenceTable;

/// <summary>
/// An old model and what its successors are trained and judged on. Old and new are trained independently: from pre-trained weights, each with a random head and an order of the samples of its own.
/// </summary>
/// <param name="oldStart">Pre-trained; the old model is trained from it.</param>
/// <param name="newStart">Pre-trained; the new models are trained from it.</param>
/// <param name="oldCount">The old model's samples: the first of <paramref name="train"/>, which is all that the new models have.</param>
/// <param name="train">Of the new models.</param>
/// <param name="validation">Settings are chosen on it.</param>
/// <param name="test">Nothing is chosen on it.</param>
/// <param name="epochs">Of the new models; the old one has twice as many over its samples.</param>
internal sealed class CongruenceTask(
    Network oldStart, Network newStart, int oldCount, LabelledImages train, LabelledImages validation, LabelledImages test, int epochs)
{
    /// <summary>
    /// Half a cosine from here, batches of 32, momentum 0.9, weight decay 5e-4. Where an objective is too heavy for it and training diverges, or ends in a network that says the same of nearly all
    /// images, the rate is halved until it does not.
    /// </summary>
    private const double Rate = 0.006;

    private const int Halvings = 3;

    /// <summary>The part of the validation data that a network of dead units gives one class.</summary>
    private const double Collapsed = 0.9;

    /// <summary>Of head and order: the old model's and that of every new one, but for the further members of an ensemble.</summary>
    private const int OldSeed = 1, NewSeed = 2;

    private readonly Dictionary<int, Network> _untreated = [];
    private Network? _old;
    private Network? _fromOld;
    private float[]? _oldLogits;
    private float[]? _oldOnValidation;
    private float[]? _oldOnTest;

    public LabelledImages Train { get; } = train;

    public LabelledImages Validation { get; } = validation;

    public LabelledImages Test { get; } = test;

    /// <summary>Fine-tuned on its part of the samples.</summary>
    public Network Old => _old ??= Run(
        Start(oldStart, OldSeed), Train.First(oldCount).Images, TrainingObjective.CrossEntropy(Train.First(oldCount).Labels), OldSeed, 2 * epochs).Network;

    /// <summary>Of the old model on the new models' training samples.</summary>
    public float[] OldLogits => _oldLogits ??= Old.Predict(Train.Images, Train.Count);

    /// <summary>Of the old model on the validation samples.</summary>
    public float[] OldOnValidation => _oldOnValidation ??= Old.Predict(Validation.Images, Validation.Count);

    private float[] OldOnTest => _oldOnTest ??= Old.Predict(Test.Images, Test.Count);

    /// <summary>Trained by cross-entropy alone; member 0 has the head and order of every treated model.</summary>
    public Network Untreated(int member = 0)
    {
        if (!_untreated.TryGetValue(member, out Network? network))
        {
            int seed = NewSeed + member;
            _untreated.Add(member, network = Run(Start(newStart, seed), Train.Images, TrainingObjective.CrossEntropy(Train.Labels), seed, epochs).Network);
        }
        return network;
    }

    /// <summary>A new model trained by the positive-congruent objective, from the start of the untreated one.</summary>
    /// <returns>The model, and the rate that it was trained at.</returns>
    public (Network Network, double Rate) Treated(CongruenceOptions options)
        => Run(Start(newStart, NewSeed), Train.Images, TrainingObjective.PositiveCongruent(Train.Labels, OldLogits, options), NewSeed, epochs);

    /// <summary>The old model trained on, by cross-entropy on all samples.</summary>
    public Network FromOld() => _fromOld ??= Run(Old, Train.Images, TrainingObjective.CrossEntropy(Train.Labels), NewSeed, epochs).Network;

    /// <summary>Error and flips against the old model.</summary>
    public (FlipCounts Validation, FlipCounts Test) Judge(Predictor predict) => (
        FlipCounts.FromLogits(OldOnValidation, predict(Validation), Validation.Labels, LabelledImages.Classes),
        FlipCounts.FromLogits(OldOnTest, predict(Test), Test.Labels, LabelledImages.Classes));

    private static Network Start(Network pretrained, int seed) => pretrained.WithRandomHead(LabelledImages.Classes, seed);

    private (Network Network, double Rate) Run(Network start, float[] images, TrainingObjective objective, int seed, int epochs)
    {
        for (int halved = 0; ; halved++)
        {
            double rate = Rate / (1 << halved);
            try
            {
                var options = new SgdOptions { LearningRate = LearningRate.Cosine(rate), BatchSize = 32, Epochs = epochs, WeightDecay = 5e-4, Seed = seed };
                Network network = SgdTrainer.Train(start, images, objective, options);
                if (halved == Halvings || !HasCollapsed(network)) return (network, rate);
            }
            catch (DivergenceException) when (halved < Halvings)
            {
                // The rate was too large for this objective.
            }
        }
    }

    private bool HasCollapsed(Network network)
    {
        float[] logits = network.Predict(Validation.Images, Validation.Count);
        int[] counts = new int[LabelledImages.Classes];
        for (int i = 0; i < Validation.Count; i++) counts[Predicted.Of<float>(logits.AsSpan(i * LabelledImages.Classes, LabelledImages.Classes))]++;
        return counts.Max() > Collapsed * Validation.Count;
    }
}

/// <summary>The logits of a model on images, [n × C].</summary>
internal delegate float[] Predictor(LabelledImages images);
