namespace GracefulKernels.Kernels;

/// <summary>
/// An operand of <see cref="GpuProduct"/> as its kernel sees it: a matrix of <i>rows</i> (those of A, or the columns of B: what becomes a row or a column
/// of the output) by <i>inner</i> steps, stored or computed in any way. It is read in quads: four elements that lie beside each other in memory.
/// </summary>
/// <typeparam name="TWalk">Where a thread is: what it keeps in registers from one inner block to the next. Numbers only, no views.</typeparam>
/// <remarks>
/// To write a source: a struct of views and sizes, filled by the host, and a walk. <see cref="Begin"/> is called once for each quad that a thread loads of
/// a block (at most two) and again where a slice or the second product of a pair begins; divisions belong there. <see cref="Next"/> is called once a
/// block, <c>step</c> inner steps after the time before, until the product ends: it loads and moves on, with additions and comparisons only. Both may be
/// asked for rows and steps behind the ends and must give zeros there, without touching memory. A source of images, for
/// example, keeps its position and finds its tap from the inner step with a <see cref="FastDivisor"/>.
/// <para>Loads of 16 bytes need the host's word (<see cref="Float4.Fits{T}"/>, and sizes that are multiples of 4) and a branch that is the same for
/// all threads; the other branch loads single elements. Neighbouring quads go to neighbouring threads.</para>
/// </remarks>
internal interface ITileSource<TWalk> where TWalk : unmanaged
{
    /// <summary>A constant: whether a quad is four inner steps of one row; else it is four rows of one inner step.</summary>
    bool AlongInner { get; }

    /// <summary>A constant: whether there are products of pairs with this operand. Their code is as long again.</summary>
    bool Pairs { get; }

    /// <summary>The walk of the quad whose first element is (<paramref name="row"/>, <paramref name="inner"/>). Either may lie behind the end.</summary>
    TWalk Begin(int row, int inner);

    /// <summary>The quad, and on by <paramref name="step"/> inner steps.</summary>
    Float4 Next(ref TWalk walk, int step);
}

/// <summary>Where the tiles of <see cref="GpuProduct"/> go. Whole rows of a tile come in order, so that neighbouring threads store neighbouring quads.</summary>
internal interface ITileOutput
{
    /// <summary>Whether <see cref="StoreMask"/> wants the bits: the same for all threads.</summary>
    bool WritesMask { get; }

    /// <summary>
    /// Takes four columns of a row, from <paramref name="column"/> (a multiple of 4) on; places behind the ends are left out here. Returns a bit
    /// for each: the mask, where one is written.
    /// </summary>
    int Store(int row, int column, int slice, Float4 value);

    /// <summary>Takes the mask of 16 columns, from 16·<paramref name="word"/> on.</summary>
    void StoreMask(int row, int word, int bits);
}
