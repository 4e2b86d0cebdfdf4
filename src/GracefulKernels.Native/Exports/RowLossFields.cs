using System.Runtime.InteropServices;

namespace GracefulKernels.Native;

/// <summary><c>gk_loss_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RowLossFields
{
    public int Base, Distance, Reduction, IgnoreIndex;
    public float LabelSmoothing, TargetScale, DistanceWeight, Temperature, FocalAlpha, FocalBeta, Margin, Power;
    public int TemperatureSquared, TopK, RankBy, OneSided, ExcludeTrueClass;

    /// <summary><c>GK_LOSS_OPTIONS_DEFAULT</c>.</summary>
    public static RowLossFields Default => new()
    {
        Base = 1,
        Distance = 1,
        IgnoreIndex = -100,
        TargetScale = 15f,
        DistanceWeight = 1f,
        Temperature = 1f,
        FocalAlpha = 1f,
        FocalBeta = 5f,
        Power = 2f,
        TopK = 10,
    };

    /// <summary>Byte for byte.</summary>
    public readonly bool Same(RowLossFields other)
    {
        RowLossFields own = this;
        return MemoryMarshal.AsBytes(new ReadOnlySpan<RowLossFields>(ref own)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<RowLossFields>(ref other)));
    }

    /// <summary>Checked by what holds them.</summary>
    public readonly CongruenceOptions ToOptions() => new()
    {
        Base = Argument.Choice<LabelLoss>(Base, 3, "options.base"),
        Distance = Argument.Choice<CongruenceDistance>(Distance, 6, "options.distance"),
        Reduction = Argument.Choice<LossReduction>(Reduction, 2, "options.reduction"),
        IgnoreIndex = IgnoreIndex,
        LabelSmoothing = LabelSmoothing,
        TargetScale = TargetScale,
        DistanceWeight = DistanceWeight,
        Temperature = Temperature,
        TemperatureSquared = TemperatureSquared != 0,
        FocalAlpha = FocalAlpha,
        FocalBeta = FocalBeta,
        Margin = Margin,
        Power = Power,
        TopK = TopK,
        RankBy = Argument.Choice<RankBy>(RankBy, 3, "options.rank_by"),
        OneSided = OneSided != 0,
        ExcludeTrueClass = ExcludeTrueClass != 0,
    };
}
