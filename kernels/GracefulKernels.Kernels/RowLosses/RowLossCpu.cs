using System.Diagnostics;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public RowLossSums RowLoss(in RowLossOptions options, in RowLossOperands operands)
    {
        Debug.Assert(operands.Classes > 0 && operands.Labels.Length >= operands.Rows);
        OldDistance distance = operands.Old.IsEmpty ? OldDistance.None : options.Distance;
        return options.Base switch
        {
            BaseLoss.None => WithDistance<NoBase>(options, operands, distance),
            BaseLoss.Squared => WithDistance<SquaredBase>(options, operands, distance),
            _ when options.LabelSmoothing > 0 => WithDistance<SmoothedCrossEntropyBase>(options, operands, distance),
            _ => WithDistance<CrossEntropyBase>(options, operands, distance),
        };
    }

    private RowLossSums WithDistance<TBase>(in RowLossOptions options, in RowLossOperands operands, OldDistance distance)
        where TBase : struct, IBaseOperator => distance switch
        {
            OldDistance.KlOldNew => WithTemperature<TBase, KlOldNewDistance>(options, operands),
            OldDistance.KlNewOld => WithTemperature<TBase, KlNewOldDistance>(options, operands),
            OldDistance.LogitMatching => Run<RowLossOf<TBase, LogitMatchingDistance, TemperatureOne>>(options, operands,
                distance),
            OldDistance.LogitDifference => Run<RowLossOf<TBase, LogitDifferenceDistance, TemperatureOne>>(options, operands,
                distance),
            _ => Run<RowLossOf<TBase, NoDistance, TemperatureOne>>(options, operands, distance),
        };

    // Whether e^{z/τ} also serves at τ = 1 matters only to a cross-entropy beside the distance.
    private RowLossSums WithTemperature<TBase, TDistance>(in RowLossOptions options, in RowLossOperands operands)
        where TBase : struct, IBaseOperator
        where TDistance : struct, IDistanceOperator => (TBase.Kind == BaseLoss.CrossEntropy ? options.Temperature : 1f) switch
        {
            1f => Run<RowLossOf<TBase, TDistance, TemperatureOne>>(options, operands, TDistance.Kind),
            2f => Run<RowLossOf<TBase, TDistance, TemperatureTwo>>(options, operands, TDistance.Kind),
            4f => Run<RowLossOf<TBase, TDistance, TemperatureFour>>(options, operands, TDistance.Kind),
            _ => Run<RowLossOf<TBase, TDistance, AnyTemperature>>(options, operands, TDistance.Kind),
        };

    private RowLossSums Run<TLoss>(in RowLossOptions options, in RowLossOperands operands, OldDistance distance)
        where TLoss : struct, IRowLoss
    {
        bool naive = distance == OldDistance.Naive;
        float factor = options.TemperatureSquared ? options.Temperature * options.Temperature : 1f;
        // New and old logits, and the gradient.
        int bytesPerLogit = sizeof(float) * (operands.Old.IsEmpty ? 2 : 3);
        int perChunk = RowLossJob<TLanes, TDoubles, TLoss>.RowsPerChunk(operands.Classes);
        int chunks = (int)((operands.Rows + (long)perChunk - 1) / perChunk);
        RowLossPartial* partials = Scratch.Get<RowLossPartial>(ScratchSlot.PartialSums, chunks);
        var job = new RowLossJob<TLanes, TDoubles, TLoss>
        {
            Context = new RowLossContext
            {
                Classes = operands.Classes,
                InverseTemperature = 1f / options.Temperature,
                DivergenceFactor = factor,
                DistanceWeight = distance == OldDistance.None ? 0f : options.DistanceWeight,
                FocalAlpha = naive ? 0f : options.FocalAlpha,
                FocalBeta = options.FocalBeta,
                Smoothing = options.LabelSmoothing,
                TargetScale = options.TargetScale,
                GradientScale = options.GradientScale,
                TopK = options.TopOf(operands.Classes),
                RankBy = options.RankBy,
                Margin = options.Margin,
                Power = options.Power,
                OneSided = options.OneSided,
                ExcludesTrueClass = options.ExcludeTrueClass,
                IgnoreIndex = options.IgnoreIndex,
                HasOld = !operands.Old.IsEmpty,
                Naive = naive,
                WantsGradient = !operands.Gradient.IsEmpty,
                Streams = (long)operands.Rows * operands.Classes * bytesPerLogit > Streaming.Threshold,
            },
            Operands = operands,
            Partials = partials,
        };
        _workers.Run(chunks, ref job);
        double baseSum = 0, distanceSum = 0, weightedSum = 0;
        long valid = 0, undefined = 0;
        FlipTable flips = default;
        for (int i = 0; i < chunks; i++)
        {
            baseSum += partials[i].Base;
            distanceSum += partials[i].Distance;
            weightedSum += partials[i].WeightedDistance;
            valid += partials[i].Valid;
            undefined += partials[i].Undefined;
            flips += partials[i].Flips;
        }
        return new RowLossSums(baseSum, distanceSum, weightedSum, valid, undefined, flips);
    }

    public double WeightedSquaredLoss(
        long rows, int classes, Block<float> f, Block<float> targets, Block<float> weights, float scale, Block<float> gradient)
    {
        long elements = rows * classes;
        int chunks = Chunks.Count(elements, WeightedSquaredJob<TLanes, TDoubles>.Chunk);
        double* partials = Scratch.Get<double>(ScratchSlot.PartialSums, chunks);
        var job = new WeightedSquaredJob<TLanes, TDoubles>
        {
            Elements = elements,
            Values = f.Pointer,
            Targets = targets.Pointer,
            Weights = weights.IsEmpty ? null : weights.Pointer,
            Gradient = gradient.IsEmpty ? null : gradient.Pointer,
            Scale = scale,
            Partials = partials,
        };
        _workers.Run(chunks, ref job);
        double sum = 0;
        for (int i = 0; i < chunks; i++) sum += partials[i];
        return sum / 2;
    }
}
