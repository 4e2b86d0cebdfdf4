using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.Heterogeneous;

/// <summary>A large gallery network and the data that query networks are trained, searched and judged on.</summary>
/// <param name="Gallery">Fine-tuned; its head is the frozen classifier.</param>
/// <param name="Family">What is searched.</param>
/// <param name="Train">Query networks are trained on these.</param>
/// <param name="Search">Other training images: by these the search chooses.</param>
/// <param name="Test">Never chosen by.</param>
/// <param name="Epochs">Sweeps of a query network's training.</param>
internal sealed record HvsSetting(Network Gallery, ResidualFamily Family, LabelledImages Train, RetrievalTask Search, RetrievalTask Test, int Epochs)
{
    /// <summary>The most multiplications with an addition of a query network: some 47 times fewer than ResNet-56's.</summary>
    public const long Budget = 2_700_000;

    /// <summary>Elements of an embedding: as many as ten classes can tell apart.</summary>
    private const int Width = LabelledImages.Classes - 1;

    /// <summary>Of all trainings: the logits have a finite aim, the same for the gallery's embeddings and those of queries (Müller et al. 2019).</summary>
    private const double Smoothing = 0.1;

    /// <summary>No normalisation and a classifier of large weights: without a limit the first steps throw some networks off for good.</summary>
    private const double QueryRate = 0.05, LongestGradient = 1;

    /// <summary>Designed as residual networks are: the same blocks in every stage, channels that double. All within the budget.</summary>
    public static readonly ResidualCandidate[] ByHand =
    [
        new([3, 3, 3], [4, 8, 16]), new([2, 2, 2], [4, 8, 16]), new([1, 1, 1], [4, 8, 16]), new([1, 1, 1], [6, 12, 24]), new([1, 2, 1], [6, 12, 24]),
    ];

    /// <summary>ResNet-56 fine-tuned from CIFAR-10, and the family of its query networks.</summary>
    public static HvsSetting Create(ExperimentSettings settings)
    {
        const int Trained = 10_000, GalleryImages = 6_000, Queries = 1_000, Items = 4_000, SearchQueries = 700, SearchItems = 1_800;
        LabelledImages train = DataSets.Fashion(train: true, settings.Quick ? 400 : Trained + SearchQueries + SearchItems);
        LabelledImages fit = train.First(settings.Quick ? 250 : Trained), held = train.Take([.. Enumerable.Range(fit.Count, train.Count - fit.Count)]);
        LabelledImages forGallery = fit.First(Math.Min(GalleryImages, fit.Count));
        Network start = BaseNetworks.WithEmbedding(BaseNetworks.Load(settings.Quick ? 20 : 56, settings.Device), Width, LabelledImages.Classes, seed: 1);
        Network gallery = SgdTrainer.Train(start, forGallery.Images, TrainingObjective.CrossEntropy(forGallery.Labels, Smoothing), new SgdOptions
        {
            LearningRate = LearningRate.Cosine(0.01), BatchSize = 32, Epochs = settings.Quick ? 1 : 2, WeightDecay = 1e-4, Seed = 1, MaxGradientNorm = 2,
        });
        var family = new ResidualFamily(LabelledImages.Input, Width, [[1, 2, 3], [1, 2, 3], [1, 2, 3]], [[4, 6, 8], [8, 12, 16], [16, 24, 32, 48]]);
        return new HvsSetting(
            gallery, family, fit, RetrievalTask.Cut(held, settings.Quick ? 50 : SearchQueries),
            RetrievalTask.Cut(DataSets.Fashion(train: false, settings.Quick ? 200 : Queries + Items), settings.Quick ? 50 : Queries), settings.Quick ? 1 : 6);
    }

    /// <summary>A query network trained from scratch through the gallery's frozen classifier; image → embedding.</summary>
    public Network TrainThroughGallery(ResidualCandidate candidate)
        => Fit(Family.Build(candidate, seed: 3, Gallery.Device).ThroughFrozenHead(LabelledImages.Classes, Weight)).WithoutFrozenHead();

    /// <summary>Shared weights trained through the frozen classifier.</summary>
    public Supernet TrainSupernet(ExperimentSettings settings)
    {
        var supernet = new Supernet(Family, seed: 3, Gallery.Device);
        supernet.Train(
            Train.Images, Train.Labels, LabelledImages.Classes, Weight, default,
            new SupernetOptions
            {
                LearningRate = LearningRate.Cosine(QueryRate), BatchSize = 64, Epochs = 2 * Epochs, MaxMultiplyAccumulates = Budget, MaxGradientNorm = LongestGradient, LabelSmoothing = Smoothing, Seed = 5,
            },
            new Reporter(p => settings.Say($"supernet, epoch {p.Epoch}: loss {p.Loss:F3}")),
            settings.Cancellation);
        return supernet;
    }

    private float[] Weight => Gallery.GetTensor("linear.weight");

    private Network Fit(Network network) => SgdTrainer.Train(network, Train.Images, TrainingObjective.CrossEntropy(Train.Labels, Smoothing), new SgdOptions
    {
        LearningRate = LearningRate.Cosine(QueryRate), BatchSize = 32, Epochs = Epochs, WeightDecay = 1e-4, MaxGradientNorm = LongestGradient, Seed = 6,
    });

    private sealed class Reporter(Action<TrainingProgress> say) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => say(value);
    }
}
