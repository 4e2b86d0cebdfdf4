using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>A vector of a run that its checkpoint holds.</summary>
/// <param name="Name">In the file.</param>
/// <param name="Values">In device memory and device order.</param>
internal readonly record struct CheckpointVector(string Name, Block<float> Values);

/// <summary>Writes and reads the state of one run.</summary>
/// <param name="options">Where and when.</param>
/// <param name="kind">Which solver: another one's file is refused.</param>
/// <param name="fingerprint">Of the run; a file of another is refused.</param>
/// <param name="kernels">Whose memory the vectors lie in.</param>
/// <param name="vectors">All state in vectors.</param>
/// <param name="scalars">The number of scalars that go with them.</param>
internal sealed class Checkpoint(
    CheckpointOptions options, string kind, RunFingerprint fingerprint, IKernels kernels, IReadOnlyList<CheckpointVector> vectors, int scalars)
{
    private const string Format = "graceful-checkpoint/1";
    private const string Scalars = "run.scalars";
    private const string History = "run.history";
    private const string Ticks = "run.elapsed";

    /// <summary>Loss, relative gradient, leave-one-out error.</summary>
    private const int Columns = 3;

    private readonly float[][] _host = [.. vectors.Select(v => new float[v.Values.Length])];
    private int _written = -1;

    /// <summary>Puts a state back where there is a file of this run and it is asked for.</summary>
    /// <param name="history">Of the run until then.</param>
    /// <returns>The scalars; null to begin anew.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, no checkpoint, or one of another run.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public double[]? Read(out List<SolverProgress> history)
    {
        history = [];
        if (!options.Resume || !File.Exists(options.Path)) return null;
        using SafetensorsReader reader = SafetensorsReader.Open(options.Path);
        string format = reader.Metadata.GetValueOrDefault("format", "none"), by = reader.Metadata.GetValueOrDefault("run", "none");
        if (format != Format) throw new InvalidDataException($"{options.Path}: format is '{format}'; expected '{Format}'.");
        if (by != kind) throw new InvalidDataException($"{options.Path} is a checkpoint of {by}; expected one of {kind}.");
        if (fingerprint.Difference(reader.Metadata) is { } difference)
        {
            throw new InvalidDataException(
                $"{options.Path} is a checkpoint of another run, which differs in: {difference}. Delete it, use another path, or set Resume to false to begin anew.");
        }
        double[] saved = Sized(reader.Read<double>(Scalars), scalars, Scalars);
        long[] ticks = reader.Read<long>(Ticks);
        double[] rows = Sized(reader.Read<double>(History), ticks.Length * Columns, History);
        if (ticks.Length == 0) throw new InvalidDataException($"{options.Path}: the history is empty.");
        for (int i = 0; i < vectors.Count; i++) _ = Sized(reader.Read<float>(vectors[i].Name), vectors[i].Values.Length, vectors[i].Name);
        for (int i = 0; i < vectors.Count; i++)
        {
            reader.Read<float>(vectors[i].Name, _host[i]);
            kernels.Upload<float>(_host[i], vectors[i].Values);
        }
        for (int i = 0; i < ticks.Length; i++)
        {
            history.Add(new SolverProgress(i, rows[i * Columns], rows[(i * Columns) + 1], new TimeSpan(ticks[i])) { LeaveOneOut = rows[(i * Columns) + 2] });
        }
        _written = ticks.Length - 1;
        return saved;
    }

    /// <summary>Writes the state of an iteration if it is one of those that are written, or if <paramref name="last"/> is.</summary>
    /// <returns>Why it could not be written; null where it was, or was not due.</returns>
    /// <exception cref="IOException">The first file of a run cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The first file of a run cannot be written.</exception>
    public string? Write(int iteration, double[] state, IReadOnlyList<SolverProgress> history, bool last = false)
    {
        if (iteration == _written || (!last && iteration % options.Every != 0)) return null;
        bool first = _written < 0;
        try
        {
            Save(state, history);
            _written = iteration;
            return null;
        }
        catch (Exception e) when (!first && e is IOException or UnauthorizedAccessException)
        {
            return $"The checkpoint of iteration {iteration} could not be written, that of iteration {_written} stays: {e.Message}";
        }
    }

    private void Save(double[] state, IReadOnlyList<SolverProgress> history)
    {
        var writer = new SafetensorsWriter();
        writer.AddMetadata("format", Format);
        writer.AddMetadata("run", kind);
        foreach ((string name, string value) in fingerprint.Parts) writer.AddMetadata(name, value);
        for (int i = 0; i < vectors.Count; i++)
        {
            kernels.Download(vectors[i].Values, _host[i].AsSpan());
            writer.Add(vectors[i].Name, _host[i], _host[i].Length);
        }
        double[] rows = [.. history.SelectMany(h => new[] { h.Loss, h.RelativeGradient, h.LeaveOneOut })];
        writer.Add(Scalars, state, state.Length);
        writer.Add(History, rows, history.Count, Columns);
        writer.Add(Ticks, history.Select(h => h.Elapsed.Ticks).ToArray(), history.Count);
        writer.Save(options.Path);
    }

    private T[] Sized<T>(T[] values, long length, string name) => values.Length == length
        ? values
        : throw new InvalidDataException($"{options.Path}: tensor '{name}' has {values.Length} elements; expected {length}.");
}
