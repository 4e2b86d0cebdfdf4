using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract unsafe class FlipKernelTests(KernelFamily family)
{
    private const int Ignore = -100;

    private bool IsEmulated => ReferenceEquals(family, KernelFamily.Emulated);

    /// <summary>Each set of the family; on the CPU with these numbers of threads.</summary>
    private IEnumerable<IKernels> Sets(params int[] threads)
        => family.IsCpu ? KernelSetCases.Targets.SelectMany(_ => threads, (t, n) => KernelSetCases.Get(t, n)) : family.Sets;

    [Fact]
    public void CountsFromLogitsAreExact()
    {
        foreach (int classes in Some(Enumerable.Range(1, 70), 3).Concat(family.IsCpu ? [127, 129, 1000] : IsEmulated ? [33, 128, 1001] : [31, 32, 33, 64, 127, 128, 129, 1000, 1001, 1003, 8192, 9001, 32000]))
        {
            // In half of the cases rows follow each other without a gap.
            int rows = classes * 5 % 41, ld = classes + (classes % 4);
            if (rows == 0 && classes > 70) rows = 3;
            (float[] old, float[] updated, int[] labels) = Logits(rows, classes, ld, classes);
            int length = rows == 0 ? 0 : ((rows - 1) * ld) + classes;
            bool before = classes % 2 == 0;
            using var o = new GuardedBuffer<float>(old.AsSpan(0, length), before);
            using var n = new GuardedBuffer<float>(updated.AsSpan(0, length), before);
            using var y = new GuardedBuffer<int>(labels, before);
            foreach (IKernels kernels in Sets(2))
            {
                using var perClass = new GuardedBuffer<long>(classes * FlipTable.Fields, before);
                using var predictions = new GuardedBuffer<int>(rows, before);
                perClass.Span.Clear();
                FlipTable table = kernels.FlipsFromLogits(rows, classes, o.Block, ld, n.Block, ld, y.Block, Ignore, perClass.Block);
                perClass.AssertUntouchedOutside();
                kernels.Argmax(rows, classes, ld, n.Block, predictions.Block);
                predictions.AssertUntouchedOutside();
                int[] a = new int[rows], b = new int[rows];
                for (int r = 0; r < rows; r++)
            {
                    a[r] = LossReference.Argmax(old.AsSpan(r * ld, classes));
                    b[r] = LossReference.Argmax(updated.AsSpan(r * ld, classes));
            }
            Assert.Equal(b, predictions.Span.ToArray());
            Assert.Equal(Count(a, b, labels, null), table);
            for (int c = 0; c < classes; c++) Assert.Equal(Count(a, b, labels, c),
                Table(perClass.Span.Slice(c * FlipTable.Fields, FlipTable.Fields)));
            }
        }
    }

    [Fact]
    public void NothingOutsideIsTouchedForAnyNumberOfRows()
    {
        foreach (int rows in Some(Enumerable.Range(1, 70), 7))
        {
            // Without counts by class, whole sixteens of narrow rows have a path of their own.
            foreach (int classes in new[] { 1, 2, 3, 10, 16, 17, 64, 65 + (rows % 6) })
            {
                (float[] old, float[] updated, int[] labels) = Logits(rows, classes, classes, rows);
                using var o = new GuardedBuffer<float>(old, rows % 2 == 0);
                using var n = new GuardedBuffer<float>(updated, rows % 2 == 0);
                using var y = new GuardedBuffer<int>(labels, rows % 2 == 0);
                int[] a = [.. Enumerable.Range(0, rows).Select(r => LossReference.Argmax(old.AsSpan(r * classes, classes)))];
                int[] b = [.. Enumerable.Range(0, rows).Select(r => LossReference.Argmax(updated.AsSpan(r * classes, classes)))];
                foreach (IKernels kernels in Sets(1))
                {
                    FlipTable table = kernels.FlipsFromLogits(rows, classes, o.Block, classes, n.Block, classes, y.Block, Ignore, default);
                    Assert.Equal(Count(a, b, labels, null), table);
                }
            }
        }
    }

    [Fact]
    public void ManyChunksAndThreadsCountTheSame()
    {
        const int Classes = 10;
        int rows = IsEmulated ? 2000 : 20000;
        (float[] old, float[] updated, int[] labels) = Logits(rows, Classes, Classes, 1);
        int[] a = new int[rows], b = new int[rows];
        for (int r = 0; r < rows; r++)
        {
            a[r] = LossReference.Argmax(old.AsSpan(r * Classes, Classes));
            b[r] = LossReference.Argmax(updated.AsSpan(r * Classes, Classes));
        }
        FlipTable expected = Count(a, b, labels, null);
        foreach (IKernels kernels in Sets(1, 2, 3, 5))
        {
            fixed (float* o = old, n = updated)
            fixed (int* y = labels, pa = a, pb = b)
            {
                var label = new Block<int>(y, rows);
                FlipTable table = kernels.FlipsFromLogits(
                    rows, Classes, new Block<float>(o, old.Length), Classes, new Block<float>(n, updated.Length), Classes,
                        label, Ignore, default);
                Assert.Equal(expected, table);
                using var perClass = new GuardedBuffer<long>(Classes * FlipTable.Fields);
                perClass.Span.Clear();
                Assert.Equal(
                    expected,
                    kernels.FlipsFromPredictions(rows, new Block<int>(pa, rows), new Block<int>(pb, rows), label, Ignore,
                        Classes, perClass.Block));
                FlipTable sum = default;
                for (int c = 0; c < Classes; c++) sum += Table(perClass.Span.Slice(c * FlipTable.Fields, FlipTable.Fields));
                Assert.Equal(expected, sum);
            }
        }
    }

    [Fact]
    public void PackedBitsAndPairs()
    {
        foreach (int rows in Some(Enumerable.Range(0, 71), 7).Concat(IsEmulated ? [129] : [127, 128, 129, 70001]))
        {
            int models = 1 + (rows % 9) + (rows % 5 == 4 ? 16 : 0), words = (rows + 63) / 64;
            var random = new Random(rows);
            int[] labels = [.. Enumerable.Range(0, rows).Select(_ => random.Next(8) == 0 ? Ignore : random.Next(4))];
            int[][] predictions = [.. Enumerable.Range(0, models).Select(_
                => labels.Select(y => random.Next(3) == 0 ? random.Next(-1, 4) : y).ToArray())];
            using var bits = new GuardedBuffer<ulong>(models * words);
            using var y = new GuardedBuffer<int>(labels);
            foreach (IKernels kernels in Sets(rows > 1000 ? [1, 2, 5] : [1]))
            {
                for (int m = 0; m < models; m++)
                {
                    using var p = new GuardedBuffer<int>(predictions[m]);
                    kernels.PackCorrect(rows, p.Block, y.Block, Ignore, bits.Block.Slice(m * words, words));
                    for (int i = 0; i < words * 64; i++)
                    {
                        bool right = i < rows && labels[i] != Ignore && labels[i] == predictions[m][i];
                        Assert.Equal(right, (bits.Span[(m * words) + (i / 64)] >> (i % 64) & 1) != 0);
                    }
                }
                using var counts = new GuardedBuffer<long>(models * models);
                kernels.PairwiseFlips(models, words, bits.Block, counts.Block);
                bits.AssertUntouchedOutside();
                counts.AssertUntouchedOutside();
                for (int a = 0; a < models; a++)
                {
                    for (int b = 0; b < models; b++) Assert.Equal(Count(predictions[a], predictions[b], labels,
                        null).NegativeFlips, counts.Span[(a * models) + b]);
                }
            }
        }
    }

    [Fact]
    public void PairsOfPredictionsThatDiffer()
    {
        // Whole blocks of carry-save adders, registers and single words; one plane to all 32, with negative predictions.
        foreach ((int rows, int models, int planes) in Some(Enumerable.Range(1, 70), 7).Select(r => (r, 1 + (r % 9), 1 + (r % 5)))
            .Concat(IsEmulated ? [(65, 3, 32)] : [(0, 2, 1), (65, 3, 32), (1000, 6, 10), (1000, 35, 3), (33000, 3, 7), (70001, 5, 32)]))
        {
            long words = (rows + 63) / 64;
            var random = new Random(rows);
            int lowest = planes == 32 ? -3 : 0, highest = planes == 32 ? 9 : 1 << planes;
            int[] labels = [.. Enumerable.Range(0, rows).Select(_ => random.Next(8) == 0 ? Ignore : 0)];
            int[][] predictions = [.. Enumerable.Range(0, models).Select(_
                => labels.Select(_ => random.Next(3) == 0 ? random.Next(lowest, highest) : 0).ToArray())];
            using var y = new GuardedBuffer<int>(labels);
            using var bits = new GuardedBuffer<ulong>((int)(models * planes * words));
            foreach (IKernels kernels in Sets(rows > 30000 ? [1, 2, 5] : [1]))
            {
                for (int m = 0; m < models; m++)
                {
                    using var p = new GuardedBuffer<int>(predictions[m]);
                    kernels.PackPredictions(rows, p.Block, y.Block, Ignore, planes,
                        bits.Block.Slice(m * planes * words, planes * words));
                    for (int plane = 0; plane < planes; plane++)
                    {
                        ReadOnlySpan<ulong> of = bits.Span.Slice((int)((m * planes + plane) * words), (int)words);
                        for (int i = 0; i < words * 64; i++)
                        {
                            bool set = i < rows && labels[i] != Ignore && (predictions[m][i] >> plane & 1) != 0;
                            if (set != ((of[i / 64] >> (i % 64) & 1) != 0)) Assert.Fail($"model {m}, plane {plane}, sample {i}");
                        }
                    }
                }
                using var counts = new GuardedBuffer<long>(models * models);
                kernels.PairwiseDiffer(models, planes, words, bits.Block, counts.Block);
                bits.AssertUntouchedOutside();
                counts.AssertUntouchedOutside();
                for (int a = 0; a < models; a++)
                {
                    for (int b = 0; b < models; b++) Assert.Equal(Count(predictions[a], predictions[b], labels, null).Differ,
                        counts.Span[(a * models) + b]);
                }
            }
        }
    }

    /// <summary>All on the CPU, whose code has a path for most numbers; every few on devices.</summary>
    private IEnumerable<int> Some(IEnumerable<int> numbers, int step)
        => family.IsCpu ? numbers : numbers.Where((_, i) => i % (IsEmulated ? 5 * step : step) == 0);

    private static (float[] Old, float[] New, int[] Labels) Logits(int rows, int classes, int ld, int seed)
    {
        var random = new Random(seed);
        float[] old = new float[rows * ld], updated = new float[rows * ld];
        int[] labels = new int[rows];
        for (int i = 0; i < old.Length; i++)
        {
            // Few distinct values: ties in most rows, infinities in many, a NaN in some.
            old[i] = Value(random.Next(9 * classes), random);
            updated[i] = Value(random.Next(9 * classes), random);
        }
        for (int r = 0; r < rows; r++) labels[r] = random.Next(6) == 0 ? Ignore : random.Next(classes);
        return (old, updated, labels);
    }

    private static float Value(int kind, Random random) => kind switch
    {
        0 => float.NaN,
        1 => float.PositiveInfinity,
        < 20 => float.NegativeInfinity,
        _ => random.Next(5),
    };

    private static FlipTable Table(ReadOnlySpan<long> c) => new(c[0], c[1], c[2], c[3], c[4], c[5], c[6]);

    private static FlipTable Count(int[] old, int[] updated, int[] labels, int? only)
    {
        FlipTable table = default;
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] == Ignore || (only is not null && labels[i] != only)) continue;
            bool a = old[i] == labels[i], b = updated[i] == labels[i];
            table += new FlipTable(
                a && b ? 1 : 0,
                !a && !b ? 1 : 0,
                !a && b ? 1 : 0,
                a && !b ? 1 : 0,
                old[i] != updated[i] ? 1 : 0,
                old[i] < 0 ? 1 : 0,
                updated[i] < 0 ? 1 : 0);
        }
        return table;
    }
}

public sealed class FlipKernelTestsOnCpu() : FlipKernelTests(KernelFamily.Cpu);

public sealed class FlipKernelTestsOnGpu() : FlipKernelTests(KernelFamily.Gpu);

[Collection(EmulatedCollection.Name)]
public sealed class FlipKernelTestsEmulated() : FlipKernelTests(KernelFamily.Emulated);
