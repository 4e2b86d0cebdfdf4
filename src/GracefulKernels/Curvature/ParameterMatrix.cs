using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Where the matrix of a block lies in flat vectors. They keep weight and bias apart, as the convolutions want them; a layer with a bias is therefore copied to
/// [W | b] and back around its products: passes over memory the size of the layer, small beside the products.
/// </summary>
internal sealed class ParameterMatrix(ParameterBlock block, ParameterLayout layout)
{
    // The option-A shortcut of a [rows] × [columns] image is a copy between row strides, with zeros where the other part belongs.
    private readonly ShortcutShape _weightCopy = new(1, 1, block.Rows, block.Columns - 1, 1, 0, 1);
    private readonly ShortcutShape _biasCopy = new(1, 1, block.Rows, 1, 1, block.Columns - 1, 0);
    private readonly ParameterInfo _weight = layout[block.Weight];
    private readonly ParameterInfo? _bias = block.Bias is null ? null : layout[block.Bias];

    public int Rows => block.Rows;

    public int Columns => block.Columns;

    public int Length => Rows * Columns;

    /// <summary>The matrix of <paramref name="v"/>: in place where there is no bias, else in <paramref name="packed"/>; <paramref name="scratch"/> is as long.</summary>
    public Block<float> Pack(IKernels kernels, Block<float> v, Block<float> packed, Block<float> scratch)
    {
        Block<float> weight = v.Slice(_weight.Offset, _weight.Length);
        if (_bias is null) return weight;
        kernels.Shortcut(_weightCopy, weight, packed);
        kernels.Shortcut(_biasCopy, v.Slice(_bias.Offset, _bias.Length), scratch);
        kernels.Add(packed, scratch, packed);
        return packed;
    }

    /// <summary>Where a result is to be written so that <see cref="Unpack"/> brings it to <paramref name="y"/>.</summary>
    public Block<float> Target(Block<float> y, Block<float> packed) => _bias is null ? y.Slice(_weight.Offset, _weight.Length) : packed;

    /// <summary>The matrix to its places in <paramref name="y"/>; nothing where it lies there.</summary>
    public void Unpack(IKernels kernels, Block<float> matrix, Block<float> y)
    {
        if (_bias is null) return;
        kernels.ShortcutAdjoint(_weightCopy, matrix, 0f, y.Slice(_weight.Offset, _weight.Length));
        kernels.ShortcutAdjoint(_biasCopy, matrix, 0f, y.Slice(_bias.Offset, _bias.Length));
    }
}
