namespace GracefulKernels.Experiments.Data;

/// <summary>Where data and pre-trained weights lie: <c>GRACEFUL_DATA</c>, or <c>shared/data</c> beside the repository; Fashion-MNIST where Debian puts it.</summary>
internal static class DataFolders
{
    private const string FashionPackage = "/usr/share/datasets/fashion-mnist";

    /// <summary>A file of the data folder.</summary>
    /// <exception cref="FileNotFoundException">It is not there; the message says where it was looked for.</exception>
    public static string Data(string file)
    {
        string? named = Environment.GetEnvironmentVariable("GRACEFUL_DATA");
        if (named is not null) return Existing(Path.Combine(named, file), "the folder that GRACEFUL_DATA names");
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = Path.Combine(at.FullName, "shared", "data", file);
            if (File.Exists(path)) return path;
        }
        throw new FileNotFoundException($"shared/data/{file} is not beside the repository; set GRACEFUL_DATA to the folder that holds it.");
    }

    /// <summary>A file of Fashion-MNIST: in <c>GRACEFUL_FASHION</c>, or in the folder of Debian's package.</summary>
    public static string Fashion(string file)
        => Existing(Path.Combine(Environment.GetEnvironmentVariable("GRACEFUL_FASHION") ?? FashionPackage, file), "apt-get install dataset-fashion-mnist");

    private static string Existing(string path, string hint) => File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing ({hint}).");
}
