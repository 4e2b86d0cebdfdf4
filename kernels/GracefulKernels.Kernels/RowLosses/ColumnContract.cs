namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>Some columns of a matrix side by side: <c>taken[r, j] = source[r, columns[j]]</c>.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">[n], each a column of the source.</param>
    /// <param name="source">Rows <paramref name="ld"/> elements apart.</param>
    /// <param name="ld">Leading dimension of the source.</param>
    /// <param name="taken">[rows × n], contiguous.</param>
    void TakeColumns(int rows, Block<int> columns, Block<float> source, int ld, Block<float> taken);

    /// <summary>
    /// <c>destination[r, columns[j]] += factors[r]·source[r, j]</c>. A row whose factor is 0 stays as it is, whatever the source holds there.
    /// </summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">[n], each a column of the destination, none twice.</param>
    /// <param name="factors">[rows].</param>
    /// <param name="source">[rows × n], contiguous; may be exactly the destination where columns are 0 to n − 1 and n is <paramref name="ld"/>.</param>
    /// <param name="destination">Rows <paramref name="ld"/> elements apart.</param>
    /// <param name="ld">Leading dimension of the destination.</param>
    void AddColumns(int rows, Block<int> columns, Block<float> factors, Block<float> source, Block<float> destination, int ld);
}
