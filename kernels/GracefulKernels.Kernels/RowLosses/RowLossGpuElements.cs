using System.Runtime.CompilerServices;

namespace GracefulKernels.Kernels;

/// <summary>What each thread of a row knows of it, read from shared memory.</summary>
internal struct RowGpuFacts
{
    public float MaxNew, MaxOld;
    public int ArgmaxNew, ArgmaxOld, Label;

    /// <summary>Which row it is.</summary>
    public long Row;
}

/// <summary>How the second look of KL goes over a row.</summary>
internal struct RowGpuCentre
{
    public float Centre, CentreExp, ShiftNew, ShiftOld, Offset;
}

/// <summary>The gradient is <c>First·A − Second·B + OfBase·C + Constant</c>, and <c>AtLabel</c> at the label.</summary>
internal struct RowGpuCoefficients
{
    public float First, Second, OfBase, Constant, AtLabel;
}

/// <summary>Exponentials of four classes at temperature τ; with LDI, which needs no old ones, the slopes in their place.</summary>
internal struct RowGpuExponentials
{
    public Float4 New, Old;
}

/// <summary>
/// The element-wise steps of the row losses, as <see cref="RowTerms{TLanes,TDoubles,TLoss}"/> has them for rows that may hold ±∞: the products 0·∞
/// and the differences ∞ − ∞ that have a meaning are given it.
/// </summary>
internal static class RowLossGpuElements
{
    /// <summary>z − max; 0 at the maximum itself, also where it is infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Shift(float z, float max) => z == max ? 0f : z - max;

    /// <summary>p·x, 0 where p is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Weighted(float p, float x) => p * (p == 0f ? 0f : x);

    /// <summary>e^z of the new logits, from e^{z/τ} where that serves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float AtOne(int parts, float atTemperature, float z, float max)
    {
        if ((parts & RowLossParts.TemperatureOne) != 0) return atTemperature;
        float squared = atTemperature * atTemperature;
        if ((parts & RowLossParts.TemperatureTwo) != 0) return squared;
        if ((parts & RowLossParts.TemperatureFour) != 0) return squared * squared;
        return GpuMath.ExpOfNegative(Shift(z, max));
    }

    /// <summary>The exponentials of four classes, and their part of the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowGpuExponentials Accumulate(
        int parts, in RowLossArguments g, RowGpuFacts row, Float4 n, Float4 o, int first, int step, ref RowGpuSums sums)
    {
        RowGpuExponentials exps = default;
        exps.New.X = New(parts, g, row, n.X, first, ref sums);
        exps.New.Y = New(parts, g, row, n.Y, first + step, ref sums);
        exps.New.Z = New(parts, g, row, n.Z, first + (2 * step), ref sums);
        exps.New.W = New(parts, g, row, n.W, first + (3 * step), ref sums);
        if ((parts & RowLossParts.Divergence) != 0)
        {
            exps.Old.X = Old(parts, g, row, n.X, o.X, exps.New.X, first, ref sums);
            exps.Old.Y = Old(parts, g, row, n.Y, o.Y, exps.New.Y, first + step, ref sums);
            exps.Old.Z = Old(parts, g, row, n.Z, o.Z, exps.New.Z, first + (2 * step), ref sums);
            exps.Old.W = Old(parts, g, row, n.W, o.W, exps.New.W, first + (3 * step), ref sums);
        }
        if ((parts & RowLossParts.Matching) != 0)
        {
            float x = Shift(n.X, o.X), y = Shift(n.Y, o.Y), z = Shift(n.Z, o.Z), w = Shift(n.W, o.W);
            sums.Distance += (x * x) + (y * y) + ((z * z) + (w * w));
        }
        if ((parts & RowLossParts.TopDifference) != 0)
        {
            exps.Old.X = Difference(g, row, n.X, o.X, first, ref sums);
            exps.Old.Y = Difference(g, row, n.Y, o.Y, first + step, ref sums);
            exps.Old.Z = Difference(g, row, n.Z, o.Z, first + (2 * step), ref sums);
            exps.Old.W = Difference(g, row, n.W, o.W, first + (3 * step), ref sums);
        }
        return exps;
    }

    /// <summary>One class of LDI: adds <c>e^p</c> with <c>e = (size of Δ − ξ)₊</c> if it is among the chosen, and gives the slope <c>p·e^{p−1}·sign Δ</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Difference(in RowLossArguments g, RowGpuFacts row, float n, float o, int index, ref RowGpuSums sums)
    {
        float difference = Shift(n, o), size = difference < 0f ? -difference : difference;
        if (g.OneSided != 0) size = index == row.Label ? -difference : difference;
        float excess = size - g.Margin, value = 0f, steepness = 0f;
        bool counts = (excess > 0f) & (index < g.Classes) & ((g.ExcludesTrueClass == 0) | (index != row.Label));
        if (counts && g.Chosen.Length > 0) counts = TopClassesGpuKernels.Has(g.Chosen, row.Row, g.Classes, index);
        if (counts)
        {
            if (g.Power == 2f)
            {
                value = excess * excess;
                steepness = excess + excess;
            }
            else if (g.Power == 1f)
            {
                value = excess;
                steepness = 1f;
            }
            else
            {
                float argument = (g.Power - 1f) * GpuMath.Log(excess < 1.17549435e-38f ? 1.17549435e-38f : excess);
                bool endless = (excess == float.PositiveInfinity) | (argument > 88.7f);
                float power = endless ? float.PositiveInfinity : GpuMath.Exp(argument);
                value = power * excess;
                steepness = power * g.Power;
            }
        }
        sums.Distance += value;
        return difference < 0f ? -steepness : steepness;
    }

    /// <summary>Four steps of the second look at KL: what the gradient is made of, and the sums (in <c>Base</c>: P·(eˣ − 1 − x), <c>New</c>: P·x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Centre(int parts, in RowLossArguments g, RowGpuCentre row, Float4 n, Float4 o, RowGpuExponentials exps, ref RowGpuSums sums)
        => new(
            Centre(parts, g, row, n.X, o.X, exps.New.X, exps.Old.X, ref sums),
            Centre(parts, g, row, n.Y, o.Y, exps.New.Y, exps.Old.Y, ref sums),
            Centre(parts, g, row, n.Z, o.Z, exps.New.Z, exps.Old.Z, ref sums),
            Centre(parts, g, row, n.W, o.W, exps.New.W, exps.Old.W, ref sums));

    /// <summary>
    /// One step of the centred form. With P the distribution that KL weighs by, Q the other, δ = log(P/Q) up to a constant and
    /// x = c − δ: adds P·(eˣ − 1 − x) and P·x. Q·e^c = P·eˣ, so no exponential is needed where the series ends.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Centre(int parts, in RowLossArguments g, RowGpuCentre row, float n, float o, float expNew, float expOld, ref RowGpuSums sums)
    {
        bool reversed = (parts & RowLossParts.Reversed) != 0;
        float b = Shift(n, row.ShiftNew), a = Shift(o, row.ShiftOld);
        float scale = reversed ? g.InverseTemperature : -g.InverseTemperature;
        float x = ((a - b - row.Offset) * scale) + row.Centre;
        float p = reversed ? expNew : expOld, q = reversed ? expOld : expNew;
        float px = Weighted(p, x);
        float series = px * x * GpuMath.ExpRemainder(x);
        float direct = (q * row.CentreExp) - (p + px);
        float magnitude = x < 0f ? -x : x;
        float term = magnitude < 1f ? series : direct;
        sums.Base += term;
        sums.New += px;
        return reversed ? px : term + px;
    }

    /// <summary>The gradient of four classes. <paramref name="terms"/> are the centred terms of a row that has some.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Gradient(
        int parts, RowGpuFacts row, RowGpuCoefficients by, bool centred, Float4 n, Float4 o, RowGpuExponentials exps, Float4 terms, int first, int step)
        => new(
            Gradient(parts, row, by, centred, n.X, o.X, exps.New.X, exps.Old.X, terms.X, first),
            Gradient(parts, row, by, centred, n.Y, o.Y, exps.New.Y, exps.Old.Y, terms.Y, first + step),
            Gradient(parts, row, by, centred, n.Z, o.Z, exps.New.Z, exps.Old.Z, terms.Z, first + (2 * step)),
            Gradient(parts, row, by, centred, n.W, o.W, exps.New.W, exps.Old.W, terms.W, first + (3 * step)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float New(int parts, in RowLossArguments g, RowGpuFacts row, float n, int index, ref RowGpuSums sums)
    {
        float exp = 0f;
        bool live = index < g.Classes;
        if ((parts & (RowLossParts.CrossEntropy | RowLossParts.Divergence)) != 0)
        {
            float shifted = Shift(n, row.MaxNew);
            bool divergence = (parts & RowLossParts.Divergence) != 0;
            exp = GpuMath.ExpOfNegative(divergence ? shifted * g.InverseTemperature : shifted);
            // The argmax's own 1 stays out of the sums: what is left is exact to its own size, also where it is tiny.
            float rest = index == row.ArgmaxNew ? 0f : exp;
            if (divergence) sums.New += rest;
            if ((parts & RowLossParts.CrossEntropy) != 0)
            {
                if (!divergence) sums.Base += rest;
                else if ((parts & RowLossParts.TemperatureOne) == 0) sums.Base += index == row.ArgmaxNew ? 0f : AtOne(parts, exp, n, row.MaxNew);
            }
            if ((parts & RowLossParts.Smoothed) != 0) sums.Shifted += live ? shifted : 0f;
        }
        if ((parts & RowLossParts.Squared) != 0)
        {
            float residual = live ? n - (index == row.Label ? g.TargetScale : 0f) : 0f;
            sums.Base += residual * residual;
        }
        return exp;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Old(int parts, in RowLossArguments g, RowGpuFacts row, float n, float o, float expNew, int index, ref RowGpuSums sums)
    {
        float a = Shift(o, row.MaxOld), b = Shift(n, row.MaxNew);
        float expOld = GpuMath.ExpOfNegative(a * g.InverseTemperature);
        sums.Distance += (parts & RowLossParts.Reversed) != 0 ? Weighted(expNew, b - a) : Weighted(expOld, a - b);
        sums.Old += index == row.ArgmaxOld ? 0f : expOld;
        return expOld;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Gradient(
        int parts, RowGpuFacts row, RowGpuCoefficients by, bool centred, float n, float o, float expNew, float expOld, float term, int index)
    {
        float result = by.Constant;
        bool divergence = (parts & RowLossParts.Divergence) != 0;
        if ((parts & RowLossParts.Squared) != 0) result += by.OfBase * n;
        if ((parts & RowLossParts.CrossEntropy) != 0) result += by.OfBase * (divergence ? AtOne(parts, expNew, n, row.MaxNew) : expNew);
        if (divergence)
        {
            float second = (parts & RowLossParts.Reversed) != 0 ? expNew : expOld;
            result = (by.First * (centred ? term : expNew)) + (result - (by.Second * second));
        }
        if ((parts & RowLossParts.Matching) != 0) result += Weighted(by.First, Shift(n, o));
        if ((parts & RowLossParts.TopDifference) != 0) result += Weighted(by.First, expOld);
        bool labelled = (parts & (RowLossParts.CrossEntropy | RowLossParts.Squared)) != 0;
        return labelled && index == row.Label ? by.AtLabel : result;
    }
}
