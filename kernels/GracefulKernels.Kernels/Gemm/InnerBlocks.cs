namespace GracefulKernels.Kernels;

/// <summary>
/// How the inner dimension of one product, or of two that are added, is cut into blocks. An element of the output is one chain of
/// fused multiply-adds inside a block, and the blocks are added in order: so the cut decides bits, and follows from the shape alone.
/// </summary>
internal readonly struct InnerBlocks
{
    /// <summary>Products whose B has at most so many elements are swept in one block: B stays in the second-level cache, or near it.</summary>
    private const long SweepElements = 600_000;

    private const int SweepLength = 8192;

    /// <summary>
    /// Long enough that the output is seldom read again, short enough that a block of A has rows enough to use a panel of B for a while: with it,
    /// two panels and the block fill a second-level cache of 1 MB to three quarters.
    /// </summary>
    private const int BlockLength = 1024;

    /// <summary>A turned A that is swept is packed tile by tile and must stay in the first-level cache.</summary>
    private const int TurnedLength = 512;

    private readonly int _k;
    private readonly int _length;
    private readonly int _blocksPerProduct;
    private readonly int _products;

    /// <summary>Whether the whole inner dimension, of both products, is one block.</summary>
    private readonly bool _isOneBlock;

    public InnerBlocks(int k, int products, int columns, bool turned)
    {
        _k = k;
        _products = products;
        long total = (long)k * products;
        _isOneBlock = total <= TurnedLength || (!turned && total <= SweepLength && total * columns <= SweepElements);
        int blocks = Math.Max(1, (k + BlockLength - 1) / BlockLength);
        _length = (((k + blocks - 1) / blocks) + 3) & ~3;
        _blocksPerProduct = Math.Max(1, (k + _length - 1) / Math.Max(_length, 1));
        Count = _isOneBlock ? 1 : products * _blocksPerProduct;
        MaxLength = _isOneBlock ? (int)total : _length;
        IsSwept = _isOneBlock && total * columns <= SweepElements;
    }

    public int Count { get; }

    /// <summary>Whether the whole inner dimension is one block and all of B stays in the second-level cache, or near it.</summary>
    public bool IsSwept { get; }

    /// <summary>Length of the longest block.</summary>
    public int MaxLength { get; }

    /// <summary>Block number <paramref name="block"/> as parts of products: its first product, how many, and the range of k within each.</summary>
    public void Get(int block, out int product, out int products, out int start, out int length)
    {
        if (_isOneBlock)
        {
            product = 0;
            products = _products;
            start = 0;
            length = _k;
            return;
        }
        product = block / _blocksPerProduct;
        products = 1;
        start = (block - (product * _blocksPerProduct)) * _length;
        length = Math.Min(_length, _k - start);
    }
}
