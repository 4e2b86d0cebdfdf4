using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>Matrices and vectors in anyone's memory.</summary>
internal static partial class Check
{
    /// <summary>A matrix has the shape that the others ask of it, and one that kernels can count.</summary>
    /// <param name="anyRows">The operation goes through the rows in parts: they may be more than a kernel counts.</param>
    public static void Shape<T>(in MatrixView<T> view, long rows, long columns, string name, string meaning, bool anyRows = false) where T : unmanaged
    {
        if (view.Rows != rows || view.Columns != columns)
        {
            throw new ArgumentException($"{name} is [{view.Rows} × {view.Columns}]; expected [{rows} × {columns}] ({meaning}).", name);
        }
        KernelSizes(view, name, anyRows);
    }

    /// <summary>Rows, columns and leading dimension are numbers of 32 bits, which is what one call of a kernel takes; elements may be more.</summary>
    public static void KernelSizes<T>(in MatrixView<T> view, string name, bool anyRows = false) where T : unmanaged
    {
        if ((view.Rows > int.MaxValue && !anyRows) || view.Columns > int.MaxValue || view.Ld > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                name, view.Rows, $"{name} is [{view.Rows} × {view.Columns}] with rows {view.Ld} elements apart; expected at most {int.MaxValue} {(anyRows ? "columns and elements from row to row" : "of each")}.");
        }
    }

    public static void Length<T>(Block<T> vector, long expected, string name, string meaning) where T : unmanaged
    {
        if (vector.Length != expected) throw new ArgumentException($"{name} is [{vector.Length}]; expected [{expected}] ({meaning}).", name);
    }

    /// <summary>Rows follow each other without gaps, where a kernel takes no leading dimension.</summary>
    public static void NoGaps<T>(in MatrixView<T> view, string name) where T : unmanaged
    {
        if (view.HasGaps)
        {
            throw new ArgumentException($"{name} is [{view.Rows} × {view.Columns}] with rows {view.Ld} elements apart; expected {view.Columns}: this operation takes it without gaps.", name);
        }
    }

    public static void Apart(Extent output, Extent other, string name, string otherName)
    {
        if (output.Overlaps(other)) throw new ArgumentException($"{name} overlaps {otherName}.", name);
    }

    /// <summary>As for a span, of any length.</summary>
    public static long Labels(Block<int> labels, int classes, int ignoreIndex)
    {
        long valid = 0;
        for (long first = 0; first < labels.Length; first += Piece)
        {
            valid += Labels(labels.Slice(first, Math.Min(Piece, labels.Length - first)).Span, classes, ignoreIndex, first);
        }
        return valid;
    }

    /// <summary>As for a span, of any length.</summary>
    public static void Predictions(Block<int> predictions, int classes, string name, long start = 0)
    {
        for (long first = 0; first < predictions.Length; first += Piece)
        {
            Predictions(predictions.Slice(first, Math.Min(Piece, predictions.Length - first)).Span, classes, name, start + first);
        }
    }

    private const long Piece = 1 << 30;
}
