using ILGPU;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    /// <summary>Scores in scratch memory at a time: 64 MB.</summary>
    private const long TopKScores = 1 << 24;

    /// <summary>Queries at a time, so that a tile of all their scores fits.</summary>
    private const int TopKQueries = (int)(TopKScores / TopKGpuKernels.Tile);

    public void TopK(
        in TopKShape shape, Block<float> queries, Block<float> gallery, Block<float> offsets, Block<int> excluded, Block<int> indices, Block<float> scores)
    {
        if (shape.Queries == 0) return;
        using GpuCall call = Begin();
        ArrayView<float> q = call.Read(queries), x = call.Read(gallery), c = call.Read(offsets), s = call.Write(scores);
        ArrayView<int> left = call.Read(excluded), i = call.Write(indices);
        for (int first = 0; first < shape.Queries; first += TopKQueries)
        {
            int count = Math.Min(TopKQueries, shape.Queries - first);
            long results = (long)count * shape.K, from = (long)first * shape.K;
            ArrayView<ulong> lists = TopKLists(
                call, shape with { Queries = count }, RowsOf(q, first, count, shape.LdQueries), x, c, excluded.IsEmpty ? left : left.SubView(first, count));
            call.Launch(
                TopKGpuKernels.Store,
                (int)((results + GroupSize - 1) / GroupSize),
                new() { Lists = lists, Indices = i.SubView(from, results), Scores = s.SubView(from, results), Count = results });
        }
    }

    private ArrayView<ulong> TopKLists(
        in GpuCall call, in TopKShape shape, ArrayView<float> queries, ArrayView<float> gallery, ArrayView<float> offsets, ArrayView<int> excluded)
    {
        const int Tile = TopKGpuKernels.Tile;
        long results = (long)shape.Queries * shape.K;
        ArrayView<ulong> lists = call.Scratch<ulong>(GpuScratch.TopKLists, 2 * results);
        ArrayView<ulong> before = lists.SubView(0, results), after = lists.SubView(results, results);
        int block = (int)Math.Min(TopKScores / shape.Queries / Tile * Tile, (shape.Gallery + (long)Tile - 1) / Tile * Tile);
        int ld = Math.Max(block, Tile);
        ArrayView<float> scores = call.Scratch<float>(GpuScratch.TopKScores, (long)shape.Queries * ld);
        // An empty gallery has one empty tile.
        for (int first = 0, row = 0; row == 0 || row < shape.Gallery; first = row)
        {
            int rows = Math.Min(ld, shape.Gallery - first);
            if (rows > 0) TopKProduct(call, shape, queries, RowsOf(gallery, first, rows, shape.LdGallery), rows, scores, ld);
            do
            {
                call.Launch(
                    TopKGpuKernels.Merge,
                    shape.Queries,
                    new()
                    {
                        Scores = scores,
                        Offsets = offsets,
                        Excluded = excluded,
                        From = before,
                        To = after,
                        K = shape.K,
                        Ld = ld,
                        Column = row - first,
                        Row = row,
                        Count = Math.Min(Tile, shape.Gallery - row),
                        HasLists = row == 0 ? 0 : 1,
                    });
                (before, after) = (after, before);
                row += Tile;
            }
            while (row < first + rows);
        }
        return before;
    }

    /// <summary>
    /// Scores of a block of the gallery, always in fp32 and without slices of the inner dimension: equal rows must have equal scores in whichever block
    /// they lie.
    /// </summary>
    private void TopKProduct(in GpuCall call, in TopKShape shape, ArrayView<float> queries, ArrayView<float> gallery, int rows, ArrayView<float> scores, int ld)
    {
        GpuProductPlan plan = GpuProductPlan.For(shape.Queries > 64 ? GpuTileSize.Tile128x128 : GpuTileSize.Tile64x64, shape.Queries, rows, shape.Width, 1, 1, lower: false);
        AlongInner a = Along(queries, shape.Queries, shape.Width, shape.LdQueries), b = Along(gallery, rows, shape.Width, shape.LdGallery);
        MatrixOutput output = PartialOutput(scores, shape.Queries, ld, 0);
        output.Columns = rows;
        RunProduct(call, GemmGpuKernels.Nt(plan.Tile), plan, 1, new() { A = a, B = b, SecondA = a, SecondB = b }, output);
    }

    /// <summary>Some rows of a matrix; the last one may end before its gap does.</summary>
    private static ArrayView<float> RowsOf(ArrayView<float> matrix, int first, int rows, int ld)
        => matrix.SubView((long)first * ld, Math.Min((long)rows * ld, matrix.Length - ((long)first * ld)));
}
