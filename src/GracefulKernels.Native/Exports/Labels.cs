namespace GracefulKernels.Native;

/// <summary>Checks of labels and predictions, by the library's own.</summary>
internal static unsafe class Labels
{
    /// <summary>Class numbers pass through fp32 lanes, which hold whole numbers up to here.</summary>
    public const int MostClasses = 1 << 24;

    /// <summary>Each is <paramref name="ignoreIndex"/> or in [0, classes); returns how many are not ignored.</summary>
    public static long Check(int* labels, int rows, int classes, int ignoreIndex)
        => GracefulKernels.Check.Labels(new ReadOnlySpan<int>(labels, rows), classes, ignoreIndex);

    /// <summary>Each is below the classes; a negative one is none.</summary>
    public static void CheckPredictions(int* predictions, int rows, int classes, string name)
        => GracefulKernels.Check.Predictions(new ReadOnlySpan<int>(predictions, rows), classes, name);
}
