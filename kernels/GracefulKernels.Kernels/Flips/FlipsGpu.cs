using ILGPU;
using ILGPU.Runtime;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    /// <summary>Rows whose counts by class are ints.</summary>
    private const long RowsPerSlice = 1L << 30;

    public void Argmax(int rows, int classes, int ld, Block<float> logits, Block<int> predictions)
    {
        using GpuCall call = Begin();
        Argmax(call, rows, classes, ld, call.Read(logits), call.Write(predictions));
    }

    public FlipTable FlipsFromLogits(
        int rows,
        int classes,
        Block<float> oldLogits,
        int ldOld,
        Block<float> newLogits,
        int ldNew,
        Block<int> labels,
        int ignoreIndex,
        Block<long> perClass)
    {
        if (rows == 0) return default;
        using GpuCall call = Begin();
        // Two predictions a row are small beside its logits.
        ArrayView<int> predictions = call.Scratch<int>(GpuScratch.RowTerms, 2L * rows), old = predictions.SubView(0, rows), updated = predictions.SubView(rows, rows);
        Argmax(call, rows, classes, ldOld, call.Read(oldLogits), old);
        Argmax(call, rows, classes, ldNew, call.Read(newLogits), updated);
        return Count(call, rows, old, updated, call.Read(labels), ignoreIndex, classes, perClass);
    }

    public FlipTable FlipsFromPredictions(
        long rows,
        Block<int> oldPredictions,
        Block<int> newPredictions,
        Block<int> labels,
        int ignoreIndex,
        int classes,
        Block<long> perClass)
    {
        if (rows == 0) return default;
        using GpuCall call = Begin();
        return Count(call, rows, call.Read(oldPredictions), call.Read(newPredictions), call.Read(labels), ignoreIndex, classes, perClass);
    }

    public void PackCorrect(long rows, Block<int> predictions, Block<int> labels, int ignoreIndex, Block<ulong> bits)
        => Pack(PackGpuKernels.Correct, rows, predictions, labels, ignoreIndex, 1, bits);

    public void PackPredictions(long rows, Block<int> predictions, Block<int> labels, int ignoreIndex, int planes, Block<ulong> bits)
        => Pack(PackGpuKernels.Predictions, rows, predictions, labels, ignoreIndex, planes, bits);

    public void PairwiseFlips(int models, long words, Block<ulong> bits, Block<long> counts)
        => Pairs(PairwiseGpuKernels.BothSet, PairwiseGpuKernels.Flips, models, 1, words, bits, counts);

    public void PairwiseDiffer(int models, int planes, long words, Block<ulong> bits, Block<long> counts)
        => Pairs(PairwiseGpuKernels.NumbersDiffer, PairwiseGpuKernels.Differ, models, planes, words, bits, counts);

    private void Argmax(in GpuCall call, int rows, int classes, int ld, ArrayView<float> logits, ArrayView<int> predictions)
    {
        ArgmaxGpuKernels.Arguments arguments = new() { Logits = logits, Predictions = predictions, Rows = rows, Classes = classes, Ld = ld };
        bool quads = classes % 4 == 0 && ld % 4 == 0 && Float4.Fits(logits);
        if (!quads && ld == classes && classes <= ArgmaxGpuKernels.MostStaged)
        {
            call.Launch(ArgmaxGpuKernels.Narrow, (int)(((long)rows + GroupSize - 1) / GroupSize), arguments);
            return;
        }
        arguments.Shift = Math.Min(ThreadsShift(classes, ArgmaxGpuKernels.ClassesPerThread), 8);
        GpuKernel<ArgmaxGpuKernels.Arguments> kernel = quads
            ? HasShuffles ? ArgmaxGpuKernels.QuadsByShuffles : ArgmaxGpuKernels.Quads
            : HasShuffles ? ArgmaxGpuKernels.SinglesByShuffles : ArgmaxGpuKernels.Singles;
        int perGroup = GroupSize >> arguments.Shift;
        call.Launch(kernel, (int)(((long)rows + perGroup - 1) / perGroup), arguments);
    }

    private FlipTable Count(
        in GpuCall call, long rows, ArrayView<int> old, ArrayView<int> updated, ArrayView<int> labels, int ignoreIndex, int classes, Block<long> perClass)
    {
        if (!perClass.IsEmpty) CountByClass(call, rows, old, updated, labels, ignoreIndex, classes, call.Update(perClass));
        int groups = Groups(rows, 4);
        ArrayView<double> partials = call.Scratch<double>(GpuScratch.Partials, (long)groups * FlipTable.Fields);
        call.Launch(
            FlipCountGpuKernels.Count, groups, new() { Old = old, New = updated, Labels = labels, Partials = partials, Rows = rows, IgnoreIndex = ignoreIndex });
        Span<double> sums = stackalloc double[FlipTable.Fields];
        Columns(call, partials, groups, sums);
        return TableOf(sums);
    }

    private void CountByClass(
        in GpuCall call, long rows, ArrayView<int> old, ArrayView<int> updated, ArrayView<int> labels, int ignoreIndex, int classes, ArrayView<long> perClass)
    {
        if (_accelerator.AcceleratorType == AcceleratorType.OpenCL)
        {
            call.Launch(
                FlipCountGpuKernels.OwnClass,
                (classes + GroupSize - 1) / GroupSize,
                new() { Old = old, New = updated, Labels = labels, Totals = perClass, Rows = rows, IgnoreIndex = ignoreIndex, Classes = classes });
            return;
        }
        int fields = checked(classes * FlipTable.Fields), groups = (fields + GroupSize - 1) / GroupSize;
        ArrayView<int> counts = call.Scratch<int>(GpuScratch.FlipCounts, fields);
        for (long first = 0; first < rows; first += RowsPerSlice)
        {
            long here = Math.Min(RowsPerSlice, rows - first);
            call.Launch(FlipCountGpuKernels.Clear, groups, new() { Counts = counts, Totals = perClass });
            call.Launch(
                classes <= FlipCountGpuKernels.MostInShared ? FlipCountGpuKernels.FewClasses : FlipCountGpuKernels.Classes,
                Groups(here, 16),
                new() { Old = old, New = updated, Labels = labels, Counts = counts, First = first, Rows = here, IgnoreIndex = ignoreIndex, Classes = classes });
            call.Launch(FlipCountGpuKernels.AddTable, groups, new() { Counts = counts, Totals = perClass });
        }
    }

    private void Pack(
        GpuKernel<PackGpuKernels.Arguments> kernel, long rows, Block<int> predictions, Block<int> labels, int ignoreIndex, int planes, Block<ulong> bits)
    {
        long words = (rows + 63) / 64;
        if (words == 0) return;
        using GpuCall call = Begin();
        call.Launch(
            kernel,
            (int)((words + PackGpuKernels.WordsPerGroup - 1) / PackGpuKernels.WordsPerGroup),
            new()
            {
                Predictions = call.Read(predictions),
                Labels = call.Read(labels),
                Bits = call.Write(bits),
                Rows = rows,
                Words = words,
                Planes = planes,
                IgnoreIndex = ignoreIndex,
            });
    }

    private void Pairs(
        GpuKernel<PairwiseGpuKernels.Arguments> pairs,
        GpuKernel<PairwiseGpuKernels.TableArguments> table,
        int models,
        int planes,
        long words,
        Block<ulong> bits,
        Block<long> counts)
    {
        if (models == 0) return;
        using GpuCall call = Begin();
        int tiles = (models + PairwiseGpuKernels.Tile - 1) / PairwiseGpuKernels.Tile, tilePairs = tiles * (tiles + 1) / 2;
        // Slices that fill the device, each of some stages, and whose counts stay small.
        long stage = PairwiseGpuKernels.Staged / planes, stages = (words + stage - 1) / stage, table64 = (long)models * models;
        long slices = Math.Min(Math.Max(1, Wave / tilePairs), Math.Max(1, (8L << 20) / table64));
        long perSlice = Math.Max(8, (stages + slices - 1) / slices) * stage;
        int count = (int)((words + perSlice - 1) / perSlice);
        ArrayView<long> partials = call.Scratch<long>(GpuScratch.FlipCounts, count * table64);
        call.Launch(
            pairs,
            new Index3D(count, tilePairs, 1),
            new() { Bits = call.Read(bits), Counts = partials, Words = words, WordsPerSlice = perSlice, Models = models, Planes = planes, Tiles = tiles });
        call.Launch(
            table,
            new Index3D((models + GroupSize - 1) / GroupSize, models, 1),
            new() { Slices = partials, Counts = call.Write(counts), Models = models, SliceCount = count });
    }
}
