using System.Numerics.Tensors;
using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>From tensor spans to what kernels take: strides are respected where a leading dimension can say them, and refused by name elsewhere.</summary>
internal static unsafe class TensorViews
{
    /// <summary>A matrix whose rows are contiguous; absent for the default span.</summary>
    /// <param name="tensor">[rows × columns].</param>
    /// <param name="pinned">Its first element.</param>
    /// <param name="name">The parameter.</param>
    /// <exception cref="ArgumentException">Not two dimensions, gaps between columns, or rows that overlap.</exception>
    public static MatrixView<T> Matrix<T>(in ReadOnlyTensorSpan<T> tensor, T* pinned, string name) where T : unmanaged
    {
        if (tensor.Rank == 0) return default;
        MatrixView<T> view = Operand(tensor, pinned, name, out bool transposed);
        return transposed ? throw Refused(tensor, name, "1 from a column to the next: this operation takes contiguous rows") : view;
    }

    /// <summary>The same where either rows or columns are contiguous.</summary>
    /// <param name="transposed">Columns are: the view is of what is stored, the transpose.</param>
    /// <exception cref="ArgumentException">Not two dimensions, gaps between both, or rows that overlap.</exception>
    public static MatrixView<T> Operand<T>(in ReadOnlyTensorSpan<T> tensor, T* pinned, string name, out bool transposed) where T : unmanaged
    {
        if (tensor.Rank != 2) throw new ArgumentException($"{name} is {Shape(tensor)} with {tensor.Rank} dimensions; expected a matrix, 2.", name);
        long rows = tensor.Lengths[0], columns = tensor.Lengths[1], down = tensor.Strides[0], along = tensor.Strides[1];
        transposed = false;
        if (rows == 0 || columns == 0) return new MatrixView<T>(default, rows, columns, columns);
        // A dimension of one element has no next one: its stride says nothing.
        if (columns == 1 || along == 1)
        {
            if (rows > 1 && down < columns) throw Refused(tensor, name, $"at least {columns} from a row to the next: rows must not overlap");
            return new MatrixView<T>(new Block<T>(pinned, ((rows - 1) * down) + columns), rows, columns, down);
        }
        if (rows > 1 && down != 1) throw Refused(tensor, name, "1 in one of both dimensions");
        transposed = true;
        if (along < rows) throw Refused(tensor, name, $"at least {rows} from a column to the next: columns must not overlap");
        return new MatrixView<T>(new Block<T>(pinned, ((columns - 1) * along) + rows), columns, rows, along);
    }

    /// <summary>A vector without gaps; empty for the default span.</summary>
    /// <exception cref="ArgumentException">Not one dimension, or gaps.</exception>
    public static Block<T> Vector<T>(in ReadOnlyTensorSpan<T> tensor, T* pinned, string name) where T : unmanaged
    {
        if (tensor.Rank == 0) return default;
        if (tensor.Rank != 1) throw new ArgumentException($"{name} is {Shape(tensor)} with {tensor.Rank} dimensions; expected a vector, 1.", name);
        if (tensor.Lengths[0] > 1 && tensor.Strides[0] != 1) throw Refused(tensor, name, "1: this operation takes it without gaps");
        return new Block<T>(pinned, tensor.Lengths[0]);
    }

    private static ArgumentException Refused<T>(in ReadOnlyTensorSpan<T> tensor, string name, string expected)
        => new($"{name} is {Shape(tensor)} with the strides [{string.Join(", ", tensor.Strides.ToArray())}]; expected {expected}.", name);

    private static string Shape<T>(in ReadOnlyTensorSpan<T> tensor) => $"[{string.Join(" × ", tensor.Lengths.ToArray())}]";
}
