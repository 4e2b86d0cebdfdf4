namespace GracefulKernels.Kernels;

/// <summary>What is known of a row between the passes. "Rest" is a sum of exponentials without the argmax's own 1.</summary>
internal enum RowStatistic
{
    MaxNew,
    MaxOld,
    ArgmaxNew,
    ArgmaxOld,
    Label,
    LabelNew,
    LabelOld,
    RestNew,
    RestNewAtTemperature,
    RestOldAtTemperature,
    Cross,
    ShiftedSum,
    Squares,
    MatchingSquares,
    TopSum,
    LabelSlope,
    LabelExpNew,
    LabelExpNewAtTemperature,
    LabelExpOldAtTemperature,
    LabelCentred,
    Centre,
    CentreExp,
    ShiftNew,
    ShiftOld,
    Offset,
    CentredSum,
    CentredDrift,
    PlainDivergence,
    CoefficientFirst,
    CoefficientSecond,
    CoefficientBase,
    Constant,
    LabelGradient,
    Value,
    Count,
}

/// <summary>Up to sixteen rows' statistics, one lane a row, in scratch memory.</summary>
internal readonly unsafe struct RowStatistics(float* memory)
{
    /// <summary>Rows in a group.</summary>
    public const int Rows = 16;

    public const int Length = (int)RowStatistic.Count * Rows;

    /// <summary>The sixteen values of one statistic.</summary>
    public float* this[RowStatistic statistic] => memory + ((int)statistic * Rows);

    public void Clear() => new Span<float>(memory, Length).Clear();
}

/// <summary>What the rows of one call have in common.</summary>
internal unsafe struct RowLossContext
{
    public int Classes;
    public float InverseTemperature;
    public float DivergenceFactor;
    public float DistanceWeight;
    public float FocalAlpha;
    public float FocalBeta;
    public float Smoothing;
    public float TargetScale;
    public float GradientScale;
    public int TopK;
    public RankSource RankBy;
    public float Margin;
    public float Power;
    public bool OneSided;
    public bool ExcludesTrueClass;
    public int IgnoreIndex;
    public bool HasOld;
    public bool Naive;
    public bool WantsGradient;
    public bool Streams;
}

/// <summary>Sums over a part of the rows.</summary>
internal struct RowLossPartial
{
    public double Base;
    public double Distance;
    public double WeightedDistance;
    public long Valid;
    public long Undefined;
    public FlipTable Flips;
}

/// <summary>
/// Where one row's numbers lie: logits and gradient in the caller's memory, the rest in scratch (rows padded to sixteen).
/// </summary>
internal unsafe struct RowPointers
{
    public float* New;
    public float* Old;
    public float* Reference;
    public float* Gradient;
    public float* NextNew;
    public float* NextOld;
    public float* Tail;
    public float* ExpNew;
    public float* ExpOld;
    public float* ExpNewAtOne;
    public float* Centred;
}
