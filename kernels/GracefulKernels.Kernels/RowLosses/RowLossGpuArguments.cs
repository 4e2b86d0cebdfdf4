using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>What one row loss is made of, as bits: a constant to kernels of one loss, a number to the kernels of any.</summary>
internal static class RowLossParts
{
    public const int CrossEntropy = 1, Smoothed = 2, Squared = 4, Divergence = 8, Reversed = 16, Matching = 32;

    /// <summary>e^{z/τ} serves at τ = 1 too: as it is, squared, or squared twice. With none of these a second exponential is taken.</summary>
    public const int TemperatureOne = 64, TemperatureTwo = 128, TemperatureFour = 256;

    /// <summary>LDI.</summary>
    public const int TopDifference = 512;
}

/// <summary>Which parts a kernel computes.</summary>
internal interface IRowLossParts
{
    int Of(int given);
}

internal struct AnyLoss : IRowLossParts
{
    public readonly int Of(int given) => given;
}

/// <summary>Cross-entropy alone.</summary>
internal struct CrossEntropyLoss : IRowLossParts
{
    public readonly int Of(int given) => RowLossParts.CrossEntropy | RowLossParts.TemperatureOne;
}

/// <summary>Cross-entropy beside KL(p_old ‖ p_new) at τ = 1.</summary>
internal struct CrossEntropyAndDivergence : IRowLossParts
{
    public readonly int Of(int given) => RowLossParts.CrossEntropy | RowLossParts.Divergence | RowLossParts.TemperatureOne;
}

/// <summary>Operands of every row-loss kernel. Views that are not asked for have length 0.</summary>
internal struct RowLossArguments
{
    public ArrayView<float> New, Old, Gradient, Values;
    public ArrayView<int> Labels, PredictionsNew, PredictionsOld;

    /// <summary>Of each row: base, distance, weighted distance, <see cref="RowTermFlags"/>.</summary>
    public ArrayView<Float4> Terms;

    /// <summary>The classes of LDI as <see cref="TopClassesGpuKernels"/> leaves them; of length 0 where they are all classes, or all but the label.</summary>
    public ArrayView<int> Chosen;

    public int Rows, Classes, LdNew, LdOld, LdGradient;

    /// <summary><see cref="RowLossParts"/>.</summary>
    public int Parts;

    /// <summary>Binary logarithm of the number of threads that share a row.</summary>
    public int Shift;

    public int IgnoreIndex;

    /// <summary>1 where the distance is the base loss again.</summary>
    public int Naive;

    /// <summary>Whether LDI leaves the label out (1), and counts only what moves towards a flip (1).</summary>
    public int ExcludesTrueClass, OneSided;

    /// <summary>What the sum of LDI is divided by.</summary>
    public float TopK;

    public float Margin, Power;

    public float InverseTemperature, DivergenceFactor, DistanceWeight, FocalAlpha, FocalBeta, Smoothing, TargetScale, GradientScale;
}

/// <summary>What is counted of a row, as bits (a small whole number, exact in the fp32 that carries it).</summary>
internal static class RowTermFlags
{
    public const int Valid = 1, Undefined = 2, RightOld = 4, RightNew = 8, Same = 16, NoOld = 32, NoNew = 64;
}
