using System.Globalization;

namespace GracefulKernels;

/// <summary>
/// A matrix that is to be inverted is not positive definite: a pivot of its Cholesky factorisation, or an eigenvalue, is not positive and finite. The message names
/// matrix, order, pivot and damping.
/// </summary>
public sealed class NotPositiveDefiniteException : ArithmeticException
{
    /// <summary>A failure at one pivot.</summary>
    /// <param name="name">What the matrix is, as the message begins: <c>Factor A of layer 'conv1'</c>.</param>
    /// <param name="order">n.</param>
    /// <param name="pivot">The first column, from 0, whose pivot is not positive and finite.</param>
    /// <param name="damping">What had been added to the diagonal, or null where that is not known.</param>
    public NotPositiveDefiniteException(string name, int order, int pivot, double? damping) : this(Describe(name, order, pivot, damping), name, order, pivot, damping) { }

    internal NotPositiveDefiniteException(string message, string name, int order, int pivot, double? damping) : base(message)
    {
        Name = name;
        Order = order;
        Pivot = pivot;
        Damping = damping;
    }

    /// <summary>What the matrix is.</summary>
    public string Name { get; }

    /// <summary>n, the number of rows and columns.</summary>
    public int Order { get; }

    /// <summary>The first column, from 0, whose pivot is not positive and finite.</summary>
    public int Pivot { get; }

    /// <summary>What had been added to the diagonal, or null where that is not known.</summary>
    public double? Damping { get; }

    private static string Describe(string name, int order, int pivot, double? damping)
    {
        string at = damping is double value ? $" at damping {value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant()}" : "";
        return $"{name} (n = {order}) is not positive definite: pivot {pivot}{at}.";
    }
}
