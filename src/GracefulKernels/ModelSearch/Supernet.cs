namespace GracefulKernels;

/// <summary>
/// All networks of a <see cref="ResidualFamily"/> in one set of weights: a candidate is the first blocks and the leading channels of the largest (single path, one-shot: Guo et al. 2020).
/// Trained through the gallery's frozen classifier, a candidate's inherited weights tell how good it can become without training it.
/// </summary>
public sealed class Supernet
{
    private readonly Dictionary<string, SharedTensor> _shared = [];

    /// <summary>Weights drawn as <see cref="ResidualFamily.Build"/> does for the largest candidate.</summary>
    /// <param name="family">Its networks.</param>
    /// <param name="seed">Of the weights.</param>
    /// <param name="device">Where networks run; <see cref="ComputeDevice.Default"/> where none is given.</param>
    public Supernet(ResidualFamily family, int seed, ComputeDevice? device = null)
    {
        ArgumentNullException.ThrowIfNull(family);
        (Family, Device) = (family, device ?? ComputeDevice.Default);
        Network largest = family.Build(family.Largest, seed, Device);
        foreach (ParameterInfo p in largest.Parameters.Parameters) _shared.Add(p.Name, new SharedTensor(p.Shape, largest.GetTensor(p.Name)));
    }

    /// <summary>Its networks.</summary>
    public ResidualFamily Family { get; }

    /// <summary>Where networks run.</summary>
    public ComputeDevice Device { get; }

    /// <summary>The network of a candidate, image → embedding, with the shared weights as they are now.</summary>
    /// <exception cref="ArgumentException">The candidate is not of the family.</exception>
    public Network Inherit(ResidualCandidate candidate)
    {
        Network network = Family.Graph(candidate, Device);
        using ParameterVector weights = ParameterVector.FromArray(network.Parameters, Device, Gather(network.Parameters));
        return network.WithWeights(weights);
    }

    /// <summary>
    /// Trains the shared weights through the gallery's frozen classifier: each step draws a candidate, takes its slice, and puts one step of gradient descent with momentum back into it. What the
    /// slice has no part in stays, its momentum too. Choices of each stage are drawn alike, candidates above the budget left out.
    /// </summary>
    /// <param name="images">[n × height × width × channels], channels last.</param>
    /// <param name="labels">[n], each in [0, <paramref name="classes"/>): classes of the gallery's classifier.</param>
    /// <param name="classes">C.</param>
    /// <param name="weight">κ_g [C × k].</param>
    /// <param name="bias">b_g [C]; empty for zeros.</param>
    /// <param name="options">Learning rate, batches and budget.</param>
    /// <param name="progress">After each epoch.</param>
    /// <param name="cancellation">Looked at between steps; the weights are then those of the last one.</param>
    /// <exception cref="ArgumentException">A shape does not fit, a label is out of range, a number is not finite, there is no sample, or no candidate is within the budget.</exception>
    /// <exception cref="DivergenceException">The loss is not finite or runs away; the message names the learning rate.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Train(
        ReadOnlySpan<float> images,
        ReadOnlySpan<int> labels,
        int classes,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias = default,
        SupernetOptions? options = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        options ??= new SupernetOptions();
        options.Validate(nameof(options));
        if (labels.IsEmpty) throw new ArgumentException("labels is empty; training needs at least one sample.", nameof(labels));
        Check.Classes(classes);
        Check.Matrix(images.Length, labels.Length, Family.Input.Elements, nameof(images), "samples × elements of an image");
        Check.Finite(images, nameof(images));
        Check.Labels(labels, classes, nameof(labels));
        using var run = new SupernetRun(this, images.ToArray(), labels.ToArray(), classes, weight.ToArray(), bias.ToArray(), options);
        var log = new SolverLog(tolerance: double.NaN, options.Epochs, timeLimit: null, progress: null);
        log.Add(0, double.NaN, double.NaN);
        double first = double.NaN;
        for (int epoch = 1; epoch <= options.Epochs; epoch++)
        {
            double eta = options.LearningRate.At((epoch - 1.0) / options.Epochs), loss = run.Epoch(epoch, eta, cancellation);
            if (double.IsNaN(first)) first = loss;
            if (!(loss < 1000 * Math.Max(first, Math.Log(classes + 1)))) throw new DivergenceException("Training of the supernet", epoch, loss, first, eta, options.LearningRate.Initial);
            log.Add(epoch, loss, double.NaN);
            progress?.Report(new TrainingProgress(epoch, loss, log.Last.Elapsed) { TimeLeft = log.Last.ToBudget });
        }
    }

    /// <summary>The slice of a candidate's parameters, tensor after tensor in PyTorch's layouts.</summary>
    internal float[] Gather(ParameterLayout layout)
    {
        float[] flat = new float[layout.Count];
        int at = 0;
        foreach (ParameterInfo p in layout.Parameters)
        {
            _shared[p.Name].Gather(p.Shape, flat.AsSpan(at, p.Length));
            at += p.Length;
        }
        return flat;
    }

    /// <summary><c>v ← μv + g + decay·w</c>, <c>w ← w − ηv</c> in the slice that a candidate's parameters are.</summary>
    internal void Step(ParameterLayout layout, ReadOnlySpan<float> gradient, float scale, float eta, float momentum, float decay)
    {
        int at = 0;
        foreach (ParameterInfo p in layout.Parameters)
        {
            _shared[p.Name].Step(p.Shape, gradient.Slice(at, p.Length), scale, eta, momentum, decay);
            at += p.Length;
        }
    }
}
