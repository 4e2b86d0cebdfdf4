namespace GracefulKernels;

/// <summary>Shapes that come from files or go into them: checked products and one way to print them.</summary>
internal static class ArrayShape
{
    /// <summary>More dimensions than NumPy makes; a longer list is no array but an attempt to fill memory.</summary>
    public const int MaximumRank = 32;

    public static string Print(ReadOnlySpan<long> shape) => shape.Length == 0 ? "[]" : "[" + string.Join(" × ", shape.ToArray()) + "]";

    /// <summary>
    /// The number of elements, or false where the product of the dimensions other than 0 leaves 63 bits: a zero must not hide an overflow,
    /// because rows and strides are products over parts of the shape.
    /// </summary>
    public static bool TryCount(ReadOnlySpan<long> shape, out long count)
    {
        long product = 1;
        bool empty = false;
        count = 0;
        foreach (long dimension in shape)
        {
            if (dimension < 0) return false;
            if (dimension == 0)
            {
                empty = true;
                continue;
            }
            if (product > long.MaxValue / dimension) return false;
            product *= dimension;
        }
        count = empty ? 0 : product;
        return true;
    }

    /// <summary>Checks a shape given by a caller against the number of values beside it; no dimension at all is a single number.</summary>
    public static long[] Checked(ReadOnlySpan<long> shape, int length, string parameter)
    {
        if (shape.Length > MaximumRank)
        {
            throw new ArgumentException($"{parameter} has {shape.Length} dimensions; expected at most {MaximumRank}.", parameter);
        }
        if (!TryCount(shape, out long count) || count != length)
        {
            throw new ArgumentException($"{parameter} is {Print(shape)}; expected a shape of {length} elements (values.Length).", parameter);
        }
        return shape.ToArray();
    }
}
