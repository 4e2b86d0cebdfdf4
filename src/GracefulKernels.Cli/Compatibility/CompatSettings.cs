namespace GracefulKernels.Cli.Compatibility;

/// <summary>What <c>graceful compat</c> was asked for.</summary>
/// <param name="OldGallery">Path of the gallery by the old model.</param>
/// <param name="OldQueries">Path, or null.</param>
/// <param name="NewQueries">Path.</param>
/// <param name="NewGallery">Path, or null.</param>
/// <param name="BestQueries">Path of the queries by a new model without constraint, or null.</param>
/// <param name="BestGallery">Path of its gallery, or null.</param>
/// <param name="Labels">Path of the gallery's labels.</param>
/// <param name="QueryLabels">Path, or null where the queries are the gallery's images.</param>
/// <param name="Similarity">What is near.</param>
/// <param name="Ks">Recalls.</param>
/// <param name="Rates">Rates of verification and of open-set search.</param>
/// <param name="FitWidths">Whether queries are made to fit a gallery's width.</param>
internal sealed record CompatSettings(
    string OldGallery,
    string? OldQueries,
    string NewQueries,
    string? NewGallery,
    string? BestQueries,
    string? BestGallery,
    string Labels,
    string? QueryLabels,
    Similarity Similarity,
    IReadOnlyList<int> Ks,
    RetrievalOptions Rates,
    bool FitWidths);
