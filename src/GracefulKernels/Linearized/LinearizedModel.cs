using System.Globalization;

namespace GracefulKernels;

/// <summary>
/// A fine-tuned model <c>f_lin(x) = f0(x) + J(x)·d</c>: the frozen network and one update vector. Any number of models may share one network.
/// </summary>
public sealed class LinearizedModel
{
    private const string Format = "graceful-linearized/1";

    /// <summary>The model of an update d.</summary>
    /// <param name="network">Frozen at w0.</param>
    /// <param name="d">Laid out for <paramref name="network"/>; not copied.</param>
    /// <param name="lambda">The ridge weight λ it was solved with, for the record.</param>
    /// <param name="alpha">The scale α of its one-hot targets, for the record.</param>
    /// <exception cref="ArgumentException"><paramref name="d"/> is laid out for another network.</exception>
    public LinearizedModel(Network network, ParameterVector d, double lambda = double.NaN, double alpha = double.NaN)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(d);
        d.Expect(network.Parameters, network.Device, nameof(d));
        Network = network;
        Update = d;
        Lambda = lambda;
        Alpha = alpha;
    }

    /// <summary>The network at w0.</summary>
    public Network Network { get; }

    /// <summary>d.</summary>
    public ParameterVector Update { get; }

    /// <summary>λ it was solved with; NaN where unknown.</summary>
    public double Lambda { get; }

    /// <summary>α of its targets; NaN where unknown.</summary>
    public double Alpha { get; }

    /// <summary><c>f0 + J·d</c>, [samples × C]: primal and JVP batch by batch in one sweep.</summary>
    /// <inheritdoc cref="Network.Predict"/>
    public float[] Predict(
        ReadOnlySpan<float> images, int samples, ImageLayout layout = ImageLayout.Nhwc, int batchSize = 128, CancellationToken cancellation = default)
    {
        Network.CheckImages(images, samples, layout);
        Check.Positive(batchSize);
        float[] outputs = new float[(long)samples * Network.Outputs];
        if (samples == 0) return outputs;
        batchSize = Math.Min(batchSize, samples);
        Kernels.IKernels kernels = Network.Device.Kernels;
        using var sweep = new Sweep(Network.Plan, kernels, Network.DeviceWeights, batchSize, records: true);
        using var state = new PrimalState(Network.Plan.State, kernels, batchSize);
        var staging = new ImageStaging(Network.InputShape, layout, batchSize);
        int size = Network.InputShape.Elements;
        for (int first = 0; first < samples; first += batchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            int n = Math.Min(batchSize, samples - first);
            kernels.Upload(staging.ChannelsLast(images.Slice(first * size, n * size), n), sweep.BeginPrimal(n, state));
            sweep.RunPrimal();
            sweep.RunTangent(n, state, Update.Block);
            kernels.Add(sweep.Output, sweep.OutputTangent, sweep.OutputTangent);
            kernels.Download(sweep.OutputTangent, outputs.AsSpan(first * Network.Outputs, n * Network.Outputs));
        }
        GC.KeepAlive(this);
        return outputs;
    }

    /// <summary>The non-linear network at <c>w0 + d</c>: another function than this model.</summary>
    public Network ToNonlinear() => Network.WithUpdate(Update);

    /// <summary>Writes d as safetensors: one F32 tensor a parameter, named and laid out as the weights, with format, λ and α as metadata.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var writer = new SafetensorsWriter();
        writer.AddMetadata("format", Format);
        writer.AddMetadata("lambda", Lambda.ToString("R", CultureInfo.InvariantCulture));
        writer.AddMetadata("alpha", Alpha.ToString("R", CultureInfo.InvariantCulture));
        foreach (ParameterInfo p in Network.Parameters.Parameters) writer.Add(p.Name, Update.ToArray(p.Name), TensorFile.Shape(p.Shape));
        writer.Save(path);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="network">The network that the update belongs to.</param>
    /// <exception cref="InvalidDataException">Another format, or a tensor that is missing, unknown, of another shape or not finite.</exception>
    public static LinearizedModel Load(string path, Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        string format = reader.Metadata.GetValueOrDefault("format", "none");
        if (format != Format) throw new InvalidDataException($"{path}: format is '{format}'; expected '{Format}'.");
        Dictionary<string, float[]> tensors = TensorFile.ReadStrict(reader, [.. network.Parameters.Parameters.Select(p => (p.Name, p.Shape))]);
        float[] flat = [.. network.Parameters.Parameters.SelectMany(p => tensors[p.Name])];
        return new LinearizedModel(
            network, ParameterVector.FromArray(network.Parameters, network.Device, flat), Number(reader, "lambda"), Number(reader, "alpha"));
    }

    private static double Number(SafetensorsReader reader, string key)
    {
        string text = reader.Metadata.GetValueOrDefault(key, "NaN");
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? value
            : throw new InvalidDataException($"{reader.FilePath}: metadata '{key}' is '{text}'; expected a number.");
    }
}
