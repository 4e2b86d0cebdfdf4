namespace GracefulKernels;

/// <summary>What one model makes of the queries and of the gallery's images.</summary>
/// <param name="Name">For tables.</param>
/// <param name="Queries">The queries, or null where the model is only a gallery's.</param>
/// <param name="Gallery">The gallery, or null where the model only makes queries.</param>
public sealed record ModelEmbeddings(string Name, Embeddings? Queries, Embeddings? Gallery);
