namespace GracefulKernels;

/// <summary>What makes a gallery item near to a query.</summary>
public enum Similarity
{
    /// <summary><c>q·x / (‖q‖‖x‖)</c>, larger is nearer; 0 where a norm is 0.</summary>
    Cosine,

    /// <summary><c>‖q − x‖</c>, smaller is nearer.</summary>
    Euclidean,

    /// <summary><c>q·x</c>, larger is nearer.</summary>
    InnerProduct,
}
