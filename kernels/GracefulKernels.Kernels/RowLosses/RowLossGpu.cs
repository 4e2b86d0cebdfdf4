using System.Diagnostics;
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace GracefulKernels.Kernels;

internal sealed partial class GpuKernels
{
    /// <summary>Warps of 32 threads that exchange registers: NVIDIA's, and the emulation that the tests run.</summary>
    private bool HasShuffles => _accelerator.AcceleratorType is AcceleratorType.Cuda or AcceleratorType.CPU && _accelerator.WarpSize == 32;

    public RowLossSums RowLoss(in RowLossOptions options, in RowLossOperands operands)
    {
        Debug.Assert(operands.Classes > 0 && operands.Labels.Length >= operands.Rows);
        if (operands.Rows == 0) return default;
        bool hasOld = !operands.Old.IsEmpty;
        OldDistance distance = hasOld ? options.Distance : OldDistance.None;
        bool naive = distance == OldDistance.Naive;
        using GpuCall call = Begin();
        bool top = distance == OldDistance.LogitDifference;
        RowLossArguments arguments = new()
        {
            New = call.Read(operands.New),
            Old = call.Read(operands.Old),
            Labels = call.Read(operands.Labels),
            Gradient = call.Write(operands.Gradient),
            Values = call.Write(operands.Values),
            PredictionsNew = call.Write(operands.PredictionsNew),
            // Without old logits they stay as they are.
            PredictionsOld = hasOld ? call.Write(operands.PredictionsOld) : Nothing<int>(),
            Terms = call.Scratch<Float4>(GpuScratch.RowTerms, operands.Rows),
            Rows = operands.Rows,
            Classes = operands.Classes,
            LdNew = operands.LdNew,
            LdOld = operands.LdOld,
            Parts = Parts(options, distance),
            Shift = ThreadsShift(operands.Classes, RowLossGpuKernels.ClassesPerThread),
            IgnoreIndex = options.IgnoreIndex,
            Naive = naive ? 1 : 0,
            InverseTemperature = 1f / options.Temperature,
            DivergenceFactor = options.TemperatureSquared ? options.Temperature * options.Temperature : 1f,
            DistanceWeight = distance == OldDistance.None ? 0f : options.DistanceWeight,
            FocalAlpha = naive ? 0f : options.FocalAlpha,
            FocalBeta = options.FocalBeta,
            Smoothing = options.LabelSmoothing,
            TargetScale = options.TargetScale,
            GradientScale = options.GradientScale,
            ExcludesTrueClass = options.ExcludeTrueClass ? 1 : 0,
            OneSided = options.OneSided ? 1 : 0,
            TopK = Math.Max(1, options.TopOf(operands.Classes)),
            Margin = options.Margin,
            Power = options.Power,
        };
        if (top) arguments.Chosen = TopClasses(call, options, operands, arguments);
        Launch(call, arguments);

        int groups = Groups(operands.Rows);
        ArrayView<double> partials = call.Scratch<double>(GpuScratch.Partials, (long)groups * RowLossGpuSums.TermColumns);
        call.Launch(RowLossGpuSums.Terms, groups, new() { Terms = arguments.Terms, Partials = partials, Rows = operands.Rows });
        Span<double> sums = stackalloc double[RowLossGpuSums.TermColumns];
        Columns(call, partials, groups, sums);
        return new RowLossSums(sums[0], sums[1], sums[2], (long)sums[3], (long)sums[4], hasOld ? TableOf(sums[5..]) : default);
    }

    public double WeightedSquaredLoss(
        long rows, int classes, Block<float> f, Block<float> targets, Block<float> weights, float scale, Block<float> gradient)
    {
        long elements = rows * classes;
        if (elements == 0) return 0;
        using GpuCall call = Begin();
        RowLossGpuSums.SquaredArguments arguments = new()
        {
            Values = call.Read(f),
            Targets = call.Read(targets),
            Weights = call.Read(weights),
            Gradient = call.Write(gradient),
            Elements = elements,
            Scale = scale,
        };
        bool quads = Float4.Fits(arguments.Values) && Float4.Fits(arguments.Targets) && Float4.Fits(arguments.Weights) && Float4.Fits(arguments.Gradient);
        int groups = Groups(elements, quads ? 16 : 4);
        arguments.Partials = call.Scratch<double>(GpuScratch.Partials, groups);
        call.Launch(quads ? RowLossGpuSums.Squared : RowLossGpuSums.SquaredSingles, groups, arguments);
        return SumOf(call, arguments.Partials) / 2;
    }

    private static int Parts(in RowLossOptions options, OldDistance distance)
    {
        int parts = options.Base switch
        {
            BaseLoss.None => 0,
            BaseLoss.Squared => RowLossParts.Squared,
            _ when options.LabelSmoothing > 0 => RowLossParts.CrossEntropy | RowLossParts.Smoothed,
            _ => RowLossParts.CrossEntropy,
        };
        parts |= distance switch
        {
            OldDistance.KlOldNew => RowLossParts.Divergence,
            OldDistance.KlNewOld => RowLossParts.Divergence | RowLossParts.Reversed,
            OldDistance.LogitMatching => RowLossParts.Matching,
            OldDistance.LogitDifference => RowLossParts.TopDifference,
            _ => 0,
        };
        // Whether e^{z/τ} also serves at τ = 1 matters only to a cross-entropy beside the distance.
        bool both = (parts & RowLossParts.CrossEntropy) != 0 && (parts & RowLossParts.Divergence) != 0;
        return parts | (both ? options.Temperature : 1f) switch
        {
            1f => RowLossParts.TemperatureOne,
            2f => RowLossParts.TemperatureTwo,
            4f => RowLossParts.TemperatureFour,
            _ => 0,
        };
    }

    /// <summary>Chooses the classes of LDI; nothing where every row takes all that it may, unless a reference may hold a NaN.</summary>
    private ArrayView<int> TopClasses(in GpuCall call, in RowLossOptions options, in RowLossOperands operands, in RowLossArguments rows)
    {
        int classes = operands.Classes, k = options.TopOf(classes);
        bool reference = options.RankBy == RankSource.Reference, all = k >= (options.UnknownLabels ? classes : classes - (options.ExcludeTrueClass ? 1 : 0));
        if (all && !reference) return Nothing<int>();
        TopClassesGpuKernels.Arguments choice = new()
        {
            Logits = reference ? call.Read(operands.Reference) : options.RankBy == RankSource.New ? rows.New : rows.Old,
            Labels = rows.Labels,
            Chosen = call.Scratch<int>(GpuScratch.TopClasses, (long)operands.Rows * TopClassesGpuKernels.Words(classes)),
            Rows = operands.Rows,
            Classes = classes,
            Ld = reference ? operands.LdReference : options.RankBy == RankSource.New ? operands.LdNew : operands.LdOld,
            Rounds = all ? 0 : k,
            All = all ? 1 : 0,
            Shift = Math.Min(BitOperations.Log2(GroupSize), ThreadsShift(classes, RowLossGpuKernels.ClassesPerThread)),
            ExcludesTrueClass = rows.ExcludesTrueClass,
        };
        int rowsAGroup = GroupSize >> choice.Shift;
        call.Launch(HasShuffles ? TopClassesGpuKernels.ChooseByShuffles : TopClassesGpuKernels.Choose, (int)(((long)choice.Rows + rowsAGroup - 1) / rowsAGroup), choice);
        return choice.Chosen;
    }

    /// <summary>Binary logarithm of how many threads share a row, so that none has more than <paramref name="perThread"/> elements.</summary>
    private static int ThreadsShift(int classes, int perThread)
        => BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)(((long)classes + perThread - 1) / perThread)));

    /// <summary>The kernel for a width and its alignment.</summary>
    private void Launch(in GpuCall call, in RowLossArguments g)
    {
        bool quads = g.Classes % 4 == 0 && g.LdNew % 4 == 0 && (g.LdOld % 4 == 0 || g.Old.Length == 0)
            && Float4.Fits(g.New) && Float4.Fits(g.Old) && Float4.Fits(g.Gradient);
        bool large = _accelerator.MaxNumThreadsPerGroup >= Group1024.Threads, shuffles = HasShuffles;
        bool packed = g.LdNew == g.Classes && (g.LdOld == g.Classes || g.Old.Length == 0);
        int kind = new CrossEntropyAndDivergence().Of(0) == g.Parts ? 2 : new CrossEntropyLoss().Of(0) == g.Parts ? 1 : 0;
        if (1 << g.Shift > (large ? Group1024.Threads : GroupSize))
        {
            call.Launch(!large ? RowLossGpuWide.AnySinglesSmall : quads ? RowLossGpuWide.Any : RowLossGpuWide.AnySingles, g.Rows, g);
            return;
        }
        GpuKernel<RowLossArguments> kernel;
        if (1 << g.Shift > GroupSize)
        {
            kernel = quads
                ? shuffles ? RowLossGpuKernels.AnyLargeByShuffles : RowLossGpuKernels.AnyLarge
                : shuffles ? RowLossGpuKernels.AnySinglesLargeByShuffles : RowLossGpuKernels.AnySinglesLarge;
        }
        else if (quads)
        {
            kernel = (kind, shuffles) switch
            {
                (0, false) => RowLossGpuKernels.Any,
                (0, true) => RowLossGpuKernels.AnyByShuffles,
                (1, false) => RowLossGpuKernels.CrossEntropy,
                (1, true) => RowLossGpuKernels.CrossEntropyByShuffles,
                (_, false) => RowLossGpuKernels.Divergence,
                (_, true) => RowLossGpuKernels.DivergenceByShuffles,
            };
        }
        else if (packed && g.Classes <= RowLossGpuNarrow.MostClasses)
        {
            kernel = (kind, shuffles) switch
            {
                (0, false) => RowLossGpuNarrow.Any,
                (0, true) => RowLossGpuNarrow.AnyByShuffles,
                (1, false) => RowLossGpuNarrow.CrossEntropy,
                (1, true) => RowLossGpuNarrow.CrossEntropyByShuffles,
                (_, false) => RowLossGpuNarrow.Divergence,
                (_, true) => RowLossGpuNarrow.DivergenceByShuffles,
            };
        }
        else
        {
            kernel = shuffles ? RowLossGpuKernels.AnySinglesByShuffles : RowLossGpuKernels.AnySingles;
        }
        int rows = kernel.GroupSize >> g.Shift;
        call.Launch(kernel, (int)(((long)g.Rows + rows - 1) / rows), g);
    }

    /// <summary>Sums of columns of partial sums, on the host.</summary>
    private static void Columns(in GpuCall call, ArrayView<double> partials, int groups, Span<double> sums)
    {
        ArrayView<double> result = call.Scratch<double>(GpuScratch.Result, sums.Length);
        call.Launch(RowLossGpuSums.Columns, sums.Length, new() { Partials = partials, Result = result, Groups = groups, Columns = sums.Length });
        call.Fetch(result, sums);
    }

    private static FlipTable TableOf(ReadOnlySpan<double> c)
        => new((long)c[0], (long)c[1], (long)c[2], (long)c[3], (long)c[4], (long)c[5], (long)c[6]);
}
