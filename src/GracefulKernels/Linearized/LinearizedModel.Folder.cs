using System.Globalization;

namespace GracefulKernels;

public sealed partial class LinearizedModel
{
    private const string NetworkFile = "network.onnx", UpdateFile = "update.safetensors", ScopeKey = "scope", HashKey = "network_sha256";

    /// <summary>
    /// Writes the model as a folder: <c>network.onnx</c>, the whole network at w0, and <c>update.safetensors</c>, d with λ, α and the scope. Merged into one set of
    /// weights it would be another function: <c>f0(x) + J(x)·d</c> needs the primal and the JVP at w0 (<see cref="ToNonlinear"/> is that other function, and exports by
    /// <see cref="Network.SaveOnnx"/>).
    /// </summary>
    /// <param name="folder">
    /// Made where it is not there. A model that is there stays as it is unless both files could be written; the update names its network by a hash, so that files of two models are
    /// never taken for one.
    /// </param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="NotSupportedException">The network has a frozen head: save <see cref="WithoutFrozenHead"/>.</exception>
    public void SaveFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        // Both aside first: a disk that is full at the second must not have cost the model that was there its network.
        string aside = Directory.CreateDirectory(Path.Combine(folder, $".graceful-{Guid.NewGuid():N}.tmp")).FullName;
        try
        {
            string network = Path.Combine(aside, NetworkFile), update = Path.Combine(aside, UpdateFile);
            Split.Join(Network).SaveOnnx(network);
            Write(update, [(ScopeKey, ScopeText(Split.Scope)), (HashKey, Hash(network))]);
            File.Move(network, Path.Combine(folder, NetworkFile), overwrite: true);
            File.Move(update, Path.Combine(folder, UpdateFile), overwrite: true);
        }
        finally
        {
            Directory.Delete(aside, recursive: true);
        }
    }

    /// <summary>Reads what <see cref="SaveFolder"/> wrote.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="device">Where the model runs; <see cref="ComputeDevice.Default"/> where none is given.</param>
    /// <exception cref="InvalidDataException">A file is missing, damaged, or the update belongs to another network.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static LinearizedModel LoadFolder(string folder, ComputeDevice? device = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string network = Path.Combine(folder, NetworkFile), update = Path.Combine(folder, UpdateFile);
        if (!File.Exists(network) || !File.Exists(update))
        {
            throw new InvalidDataException($"{folder}: found no linearised model; expected {NetworkFile} and {UpdateFile}.");
        }
        LinearizationScope scope;
        using (SafetensorsReader reader = SafetensorsReader.Open(update))
        {
            string hash = reader.Metadata.GetValueOrDefault(HashKey, "none");
            if (hash != Hash(network)) throw new InvalidDataException($"{update}: the update belongs to another {NetworkFile} than the one beside it (its SHA-256 is {hash}).");
            scope = Scope(reader);
        }
        return Load(update, Network.Load(network, device: device).Split(scope));
    }

    private static string Hash(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Sha256.Of(file);
    }

    private static string ScopeText(LinearizationScope scope)
        => scope.IsAll ? "all" : scope.IsHead ? "head" : scope.Blocks.ToString(CultureInfo.InvariantCulture);

    private static LinearizationScope Scope(SafetensorsReader reader)
    {
        string text = reader.Metadata.GetValueOrDefault(ScopeKey, "all");
        return text switch
        {
            "all" => LinearizationScope.All,
            "head" => LinearizationScope.Head,
            _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int blocks) && blocks > 0 => LinearizationScope.LastBlocks(blocks),
            _ => throw new InvalidDataException($"{reader.FilePath}: metadata '{ScopeKey}' is '{text}'; expected 'all', 'head' or a number of blocks."),
        };
    }
}
