using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>
/// What one combination of base loss, distance and temperature needs: constants to the JIT, so that no element meets a branch.
/// </summary>
internal interface IRowLoss
{
    static abstract bool CrossEntropy { get; }

    static abstract bool Smoothed { get; }

    static abstract bool Squared { get; }

    /// <summary>A KL distance in either direction.</summary>
    static abstract bool Divergence { get; }

    /// <summary>KL(p_new ‖ p_old).</summary>
    static abstract bool Reversed { get; }

    static abstract bool Matching { get; }

    /// <summary>Differences of the top K classes.</summary>
    static abstract bool TopDifference { get; }

    /// <summary>How often e^{x/τ} is squared to give eˣ; −1 where τ is not 1, 2 or 4 and a second exponential is taken.</summary>
    static abstract int Squarings { get; }
}

internal interface IBaseOperator
{
    static abstract BaseLoss Kind { get; }

    static abstract bool Smoothed { get; }
}

internal interface IDistanceOperator
{
    static abstract OldDistance Kind { get; }
}

internal interface ITemperature
{
    static abstract int Squarings { get; }
}

/// <remarks>
/// Inlined by force: a large row pass runs out of the JIT's budget, and a constant that stays a call costs it its registers.
/// </remarks>
internal readonly struct RowLossOf<TBase, TDistance, TTemperature> : IRowLoss
    where TBase : struct, IBaseOperator
    where TDistance : struct, IDistanceOperator
    where TTemperature : struct, ITemperature
{
    public static bool CrossEntropy
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TBase.Kind == BaseLoss.CrossEntropy;
    }

    public static bool Smoothed
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TBase.Smoothed;
    }

    public static bool Squared
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TBase.Kind == BaseLoss.Squared;
    }

    public static bool Divergence
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TDistance.Kind is OldDistance.KlOldNew or OldDistance.KlNewOld;
    }

    public static bool Reversed
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TDistance.Kind == OldDistance.KlNewOld;
    }

    public static bool Matching
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TDistance.Kind == OldDistance.LogitMatching;
    }

    public static bool TopDifference
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TDistance.Kind == OldDistance.LogitDifference;
    }

    public static int Squarings
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TTemperature.Squarings;
    }
}

internal readonly struct NoBase : IBaseOperator
{
    public static BaseLoss Kind => BaseLoss.None;

    public static bool Smoothed => false;
}

internal readonly struct CrossEntropyBase : IBaseOperator
{
    public static BaseLoss Kind => BaseLoss.CrossEntropy;

    public static bool Smoothed => false;
}

internal readonly struct SmoothedCrossEntropyBase : IBaseOperator
{
    public static BaseLoss Kind => BaseLoss.CrossEntropy;

    public static bool Smoothed => true;
}

internal readonly struct SquaredBase : IBaseOperator
{
    public static BaseLoss Kind => BaseLoss.Squared;

    public static bool Smoothed => false;
}

/// <summary>No distance, or the naive one: the base loss with another weight.</summary>
internal readonly struct NoDistance : IDistanceOperator
{
    public static OldDistance Kind => OldDistance.None;
}

internal readonly struct KlOldNewDistance : IDistanceOperator
{
    public static OldDistance Kind => OldDistance.KlOldNew;
}

internal readonly struct KlNewOldDistance : IDistanceOperator
{
    public static OldDistance Kind => OldDistance.KlNewOld;
}

internal readonly struct LogitMatchingDistance : IDistanceOperator
{
    public static OldDistance Kind => OldDistance.LogitMatching;
}

internal readonly struct LogitDifferenceDistance : IDistanceOperator
{
    public static OldDistance Kind => OldDistance.LogitDifference;
}

internal readonly struct TemperatureOne : ITemperature
{
    public static int Squarings => 0;
}

internal readonly struct TemperatureTwo : ITemperature
{
    public static int Squarings => 1;
}

internal readonly struct TemperatureFour : ITemperature
{
    public static int Squarings => 2;
}

internal readonly struct AnyTemperature : ITemperature
{
    public static int Squarings => -1;
}

/// <summary>A choice that the JIT sees as a constant.</summary>
internal interface IFlag
{
    static abstract bool IsSet { get; }
}

internal readonly struct Yes : IFlag
{
    public static bool IsSet => true;
}

internal readonly struct No : IFlag
{
    public static bool IsSet => false;
}
