using System.Diagnostics;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void TopK(
        in TopKShape shape, Block<float> queries, Block<float> gallery, Block<float> offsets, Block<int> excluded, Block<int> indices, Block<float> scores)
    {
        Debug.Assert(shape.Width >= 1 && shape.K is >= 1 and <= TopKShape.MostK);
        Debug.Assert(shape.LdQueries >= shape.Width && shape.LdGallery >= shape.Width);
        Debug.Assert(indices.Length == (long)shape.Queries * shape.K && scores.Length == indices.Length);
        if (shape.Queries == 0) return;
        long work = (long)shape.Queries * shape.Gallery * shape.Width;
        var cut = new TopKCut(shape, _workers.ThreadsFor(work));
        var job = new TopKSweep<TLanes, TDoubles>
        {
            Shape = shape,
            Cut = cut,
            Queries = queries.Pointer,
            Gallery = gallery.Pointer,
            Offsets = offsets.IsEmpty ? null : offsets.Pointer,
            Excluded = excluded.IsEmpty ? null : excluded.Pointer,
            Indices = indices.Pointer,
            Scores = scores.Pointer,
            Lists = cut.Stretches == 1 ? null : Scratch.Get<ulong>(ScratchSlot.TopKLists, (long)shape.Queries * cut.Stretches * shape.K),
        };
        _workers.Run(cut.Groups * cut.Stretches, ref job, work);
        if (cut.Stretches == 1) return;
        var merge = new TopKMerge { Shape = shape, Stretches = cut.Stretches, Lists = job.Lists, Indices = job.Indices, Scores = job.Scores };
        _workers.Run(merge.Chunks, ref merge, 4L * shape.Queries * cut.Stretches * shape.K);
    }
}
