using System.Globalization;

namespace GracefulKernels;

/// <summary>
/// A fine-tuned model <c>f_lin(x) = f0(x) + J(x)·d</c>: the frozen network and one update vector. Any number of models may share one network. Where only a part of a
/// network was linearised (<see cref="LinearizationScope"/>), x is what its frozen trunk makes of the images.
/// </summary>
public sealed partial class LinearizedModel
{
    private const string Format = "graceful-linearized/1";


    /// <summary>The model of an update d.</summary>
    /// <param name="network">Frozen at w0.</param>
    /// <param name="d">Laid out for <paramref name="network"/>; not copied.</param>
    /// <param name="lambda">The ridge weight λ it was solved with, for the record.</param>
    /// <param name="alpha">The scale α of its one-hot targets, for the record.</param>
    /// <exception cref="ArgumentException"><paramref name="d"/> is laid out for another network.</exception>
    public LinearizedModel(Network network, ParameterVector d, double lambda = double.NaN, double alpha = double.NaN)
        : this(Whole(network), d, lambda, alpha) { }

    /// <summary>The model of an update d of the tail of a network; its trunk stays as it is.</summary>
    /// <param name="split">Frozen at w0.</param>
    /// <param name="d">Laid out for <see cref="NetworkSplit.Tail"/>; not copied.</param>
    /// <param name="lambda">The ridge weight λ it was solved with, for the record.</param>
    /// <param name="alpha">The scale α of its one-hot targets, for the record.</param>
    /// <param name="headFromZero">Whether its head began at zero (<see cref="FineTuneOptions.HeadFromZero"/>), for the record.</param>
    /// <exception cref="ArgumentException"><paramref name="d"/> is laid out for another network.</exception>
    public LinearizedModel(NetworkSplit split, ParameterVector d, double lambda = double.NaN, double alpha = double.NaN, bool headFromZero = false)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(d);
        d.Expect(split.Tail.Parameters, split.Tail.Device, nameof(d));
        Split = split;
        Update = d;
        Lambda = lambda;
        Alpha = alpha;
        HeadFromZero = headFromZero;
    }

    /// <summary>The frozen part and the linearised part.</summary>
    public NetworkSplit Split { get; }

    /// <summary>The linearised network at w0: the tail where there is a trunk.</summary>
    public Network Network => Split.Tail;

    /// <summary>What runs before it, frozen; null where all of the network is linearised.</summary>
    public Network? Trunk => Split.Trunk;

    /// <summary>d.</summary>
    public ParameterVector Update { get; }

    /// <summary>λ it was solved with; NaN where unknown.</summary>
    public double Lambda { get; }

    /// <summary>α of its targets; NaN where unknown.</summary>
    public double Alpha { get; }

    /// <summary>Whether the problem was stated without the head that the network was linearised through: its targets are <c>f0 + α(e_y − 1/C)</c>, and d is the optimum less that head.</summary>
    public bool HeadFromZero { get; }

    /// <summary><c>f0 + J·d</c>, [samples × C]: primal and JVP batch by batch in one sweep, behind the trunk where there is one.</summary>
    /// <inheritdoc cref="Network.Predict"/>
    public float[] Predict(
        ReadOnlySpan<float> images, int samples, ImageLayout layout = ImageLayout.Nhwc, int batchSize = 128, CancellationToken cancellation = default)
    {
        Network first = Trunk ?? Network;
        first.CheckImages(images, samples, layout);
        Check.Positive(batchSize);
        float[] outputs = new float[(long)samples * Network.Outputs];
        if (samples == 0) return outputs;
        batchSize = Math.Min(batchSize, samples);
        Kernels.IKernels kernels = Network.Device.Kernels;
        using var sweep = new Sweep(Network.Plan, kernels, Network.DeviceWeights, batchSize, records: true);
        using var state = new PrimalState(Network.Plan.State, kernels, batchSize);
        var staging = new ImageStaging(Network.InputShape, layout, batchSize);
        int size = first.InputShape.Elements;
        for (int done = 0; done < samples; done += batchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            int n = Math.Min(batchSize, samples - done);
            ReadOnlySpan<float> x = images.Slice(done * size, n * size);
            x = Trunk is null ? staging.ChannelsLast(x, n) : Trunk.Predict(x, n, layout, batchSize, cancellation);
            kernels.Upload(x, sweep.BeginPrimal(n, state));
            sweep.RunPrimal();
            sweep.RunTangent(n, state, Update.Block);
            kernels.Add(sweep.Output, sweep.OutputTangent, sweep.OutputTangent);
            kernels.Download(sweep.OutputTangent, outputs.AsSpan(done * Network.Outputs, n * Network.Outputs));
        }
        GC.KeepAlive(this);
        return outputs;
    }

    /// <summary>The non-linear network at <c>w0 + d</c>, trunk and tail joined again: another function than this model.</summary>
    public Network ToNonlinear() => Split.Join(Network.WithUpdate(Update));

    /// <summary>Writes d as safetensors: one F32 tensor a parameter, named and laid out as the weights, with format, λ and α as metadata.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => Write(path, []);

    private void Write(string path, ReadOnlySpan<(string Key, string Value)> metadata)
    {
        ArgumentNullException.ThrowIfNull(path);
        var writer = new SafetensorsWriter();
        foreach ((string key, string value) in metadata) writer.AddMetadata(key, value);
        writer.AddMetadata("format", Format);
        writer.AddMetadata("lambda", Lambda.ToString("R", CultureInfo.InvariantCulture));
        writer.AddMetadata("alpha", Alpha.ToString("R", CultureInfo.InvariantCulture));
        if (HeadFromZero) writer.AddMetadata("head_from_zero", "true");
        foreach (ParameterInfo p in Network.Parameters.Parameters) writer.Add(p.Name, Update.ToArray(p.Name), TensorFile.Shape(p.Shape));
        writer.Save(path);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="network">The network that the update belongs to.</param>
    /// <exception cref="InvalidDataException">Another format, or a tensor that is missing, unknown, of another shape or not finite.</exception>
    public static LinearizedModel Load(string path, Network network) => Load(path, Whole(network));

    /// <summary>Reads what <see cref="Save"/> wrote of a model with a trunk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="split">Its tail is the network that the update belongs to.</param>
    /// <exception cref="InvalidDataException">Another format, or a tensor that is missing, unknown, of another shape or not finite.</exception>
    public static LinearizedModel Load(string path, NetworkSplit split)
    {
        ArgumentNullException.ThrowIfNull(split);
        Network network = split.Tail;
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        string format = reader.Metadata.GetValueOrDefault("format", "none");
        if (format != Format) throw new InvalidDataException($"{path}: format is '{format}'; expected '{Format}'.");
        Dictionary<string, float[]> tensors = TensorFile.ReadStrict(reader, [.. network.Parameters.Parameters.Select(p => (p.Name, p.Shape))]);
        float[] flat = [.. network.Parameters.Parameters.SelectMany(p => tensors[p.Name])];
        return new LinearizedModel(
            split,
            ParameterVector.FromArray(network.Parameters, network.Device, flat),
            Number(reader, "lambda"),
            Number(reader, "alpha"),
            reader.Metadata.GetValueOrDefault("head_from_zero") == "true");
    }

    private static NetworkSplit Whole(Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return network.Split(LinearizationScope.All);
    }

    private static double Number(SafetensorsReader reader, string key)
    {
        string text = reader.Metadata.GetValueOrDefault(key, "NaN");
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? value
            : throw new InvalidDataException($"{reader.FilePath}: metadata '{key}' is '{text}'; expected a number.");
    }
}
