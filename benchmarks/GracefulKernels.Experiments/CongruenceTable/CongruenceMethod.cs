using System.Globalization;

namespace GracefulKernels.Experiments.CongruenceTable;

/// <summary>One way to an update, for some values of the number that it is turned by.</summary>
/// <param name="Name">In the CSV.</param>
/// <param name="Title">In pictures.</param>
/// <param name="Values">Of its number; 0 where it has none.</param>
/// <param name="Run">From a task and a value to a model, and what it chose on the way (without commas).</param>
internal sealed record CongruenceMethod(string Name, string Title, double[] Values, Func<CongruenceTask, double, (Predictor Model, string Detail)> Run)
{
    public const string OldModel = "old", None = "none";

    /// <summary>For a path, solved as a whole for all values: the model that is linearised.</summary>
    public Func<CongruenceTask, Network>? Linearized { get; private init; }

    public static readonly CongruenceMethod[] All =
    [
        new(OldModel, "the old model", [0], (task, _) => (Of(task.Old), "")),
        new(None, "no treatment", [0], (task, _) => (Of(task.Untreated()), "")),
        new("from-old", "the old model trained on", [0], (task, _) => (Of(task.FromOld()), "")),
        new("bcwi", "BCWI from there", [0.2, 0.35, 0.5, 0.65, 0.8], (task, t) => (Of(WeightInterpolation.Between(task.Old, task.FromOld(), t)), "")),
        Path("pc-lqf", "PC-LQF of the untreated one", task => task.Untreated()),
        Path("pc-lqf-old", "PC-LQF of the old one", task => task.Old),
        new("naive", "naive", [0.5, 1, 2], (task, weight) => Train(task, new() { Distance = CongruenceDistance.Naive, FocalBeta = (float)weight })),
        new("fd-kl", "FD-KL", [0.1, 0.3, 1], (task, weight) => Train(task, new()
        {
            Distance = CongruenceDistance.KlOldNew, DistanceWeight = (float)weight, Temperature = 2, TemperatureSquared = true,
        })),
        new("ldi", "LDI", [0.01, 0.03], (task, weight) => Train(task, new() { Distance = CongruenceDistance.LogitDifference, TopK = 3, DistanceWeight = (float)weight })),
        new("fd-lm", "FD-LM", [0.005, 0.02], (task, weight) => Train(task, new() { Distance = CongruenceDistance.LogitMatching, DistanceWeight = (float)weight })),
        new("ensemble", "ensemble of 3 new models", [3], (task, members) => (Mean([.. Enumerable.Range(0, (int)members).Select(task.Untreated)]), "")),
    ];

    /// <summary>A network as it is.</summary>
    public static Predictor Of(Network network) => images => network.Predict(images.Images, images.Count);

    private static CongruenceMethod Path(string name, string title, Func<CongruenceTask, Network> linearized)
        => new(name, title, [0, 0.3, 1, 3, 10], (_, _) => throw new InvalidOperationException("A path is solved as a whole.")) { Linearized = linearized };

    private static (Predictor Model, string Detail) Train(CongruenceTask task, CongruenceOptions options)
    {
        (Network network, double rate) = task.Treated(options);
        return (Of(network), string.Create(CultureInfo.InvariantCulture, $"rate {rate}"));
    }

    /// <summary>The mean of logits.</summary>
    private static Predictor Mean(Network[] networks) => images => OldEnsemble.MeanLogits([.. networks.Select(n => n.Predict(images.Images, images.Count))]);
}
