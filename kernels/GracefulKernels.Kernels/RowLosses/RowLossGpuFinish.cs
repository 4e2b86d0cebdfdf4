using System.Runtime.CompilerServices;
using ILGPU;

namespace GracefulKernels.Kernels;

/// <summary>
/// What is known of the rows of a group, in shared memory: one number of each kind a row. The first threads of the group, one a row, go from sums
/// to values, weights and gradient coefficients; the rest wait, for the same steps in every thread would take longer than the elements.
/// </summary>
internal struct RowLossGpuFinish
{
    /// <summary>Numbers of a row.</summary>
    public const int Count = 20;

    private const int MaxNew = 0, MaxOld = 1, ArgmaxNew = 2, ArgmaxOld = 3, Label = 4, Look = 5, Centre = 6, CentreExp = 7, ShiftNew = 8, ShiftOld = 9,
        Offset = 10, Plain = 11, RestNew = 12, RestNewT = 13, RestOldT = 14, Distance = 15, Shifted = 16;

    // Coefficients take the places of what the threads of the row no longer read.
    private const int First = 6, Second = 7, OfBase = 8, Constant = 9, AtLabel = 10;

    private const int LookCentred = 1, LookPlain = 2;

    /// <summary>In the place of an ignored row's label; −1 is one that is none of the classes.</summary>
    private const int Ignored = -2;

    private readonly ArrayView<float> _memory;
    private readonly int _rows;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RowLossGpuFinish(ArrayView<float> memory, int rows)
    {
        _memory = memory;
        _rows = rows;
    }

    /// <summary>The maxima, out of their keys. An ignored row goes along with label 0, and is dropped at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void SetMaxima(in RowLossArguments g, int r, long row, ulong keyNew, ulong keyOld)
    {
        int label = g.Labels[row];
        bool valid = label != g.IgnoreIndex;
        int argmaxNew = RowGpuKey.Index(keyNew), argmaxOld = -1;
        Set(r, MaxNew, RowGpuKey.Value(keyNew));
        SetInt(r, ArgmaxNew, argmaxNew);
        if (g.Old.Length > 0)
        {
            argmaxOld = RowGpuKey.Index(keyOld);
            Set(r, MaxOld, RowGpuKey.Value(keyOld));
            if (g.PredictionsOld.Length > 0) g.PredictionsOld[row] = argmaxOld;
        }
        SetInt(r, ArgmaxOld, argmaxOld);
        SetInt(r, Label, valid ? label : Ignored);
        if (g.PredictionsNew.Length > 0) g.PredictionsNew[row] = argmaxNew;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly RowGpuFacts Facts(int r, long row) => new()
    {
        Row = row,
        MaxNew = Get(r, MaxNew),
        MaxOld = Get(r, MaxOld),
        ArgmaxNew = GetInt(r, ArgmaxNew),
        ArgmaxOld = GetInt(r, ArgmaxOld),
        Label = GetInt(r, Label),
    };

    /// <summary>
    /// KL as a difference of log-sum-exps. Where that difference is small it has lost digits: such a row takes the centred form. With the sums good
    /// to about 4e-7, a value above ¼ + |E|/16 keeps a relative error below 3e-6.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void SetSums(int parts, in RowLossArguments g, int r, RowGpuSums sums)
    {
        bool divergence = (parts & RowLossParts.Divergence) != 0;
        Set(r, RestNew, divergence && (parts & RowLossParts.Squared) == 0 && (parts & RowLossParts.TemperatureOne) != 0 ? sums.New : sums.Base);
        Set(r, RestNewT, sums.New);
        Set(r, RestOldT, sums.Old);
        Set(r, Distance, sums.Distance);
        Set(r, Shifted, sums.Shifted);
        if (!divergence) return;
        bool reversed = (parts & RowLossParts.Reversed) != 0;
        float maxNew = Get(r, MaxNew), maxOld = Get(r, MaxOld);
        float sumNew = Defined(1f + sums.New, maxNew), sumOld = Defined(1f + sums.Old, maxOld);
        float p = reversed ? sumNew : sumOld, q = reversed ? sumOld : sumNew;
        float centre = sums.Distance / p * g.InverseTemperature, ratio = q / p;
        float plain = float.IsNaN(ratio) ? ratio : centre + GpuMath.Log(ratio);
        bool isCentred = (Magnitude(centre) * (1f / 16)) + 0.25f > plain;
        bool valid = IsValid(r);
        Set(r, Plain, plain);
        Set(r, Centre, centre);
        Set(r, CentreExp, GpuMath.Exp(centre));
        SetInt(r, Look, !valid ? 0 : isCentred ? LookCentred : reversed ? LookPlain : 0);
        // How the second look takes z_old − z_new − (max_old − max_new): where the maxima are near each other, the differences between models
        // first, for they are exact or nearly so; else (and for infinities) each row against its own maximum.
        float offset = maxOld - maxNew, sizeNew = Magnitude(maxNew), sizeOld = Magnitude(maxOld);
        float larger = sizeNew > sizeOld ? sizeNew : sizeOld;
        bool near = (larger * 0.5f >= Magnitude(offset)) & (larger < float.PositiveInfinity);
        Set(r, ShiftNew, near ? 0f : maxNew);
        Set(r, ShiftOld, near ? 0f : maxOld);
        Set(r, Offset, near ? offset : 0f);
    }

    /// <summary>Whether the row needs the second look.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Looks(int r) => GetInt(r, Look) > 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly RowGpuCentre CentreOf(int r) => new()
    {
        Centre = Get(r, Centre),
        CentreExp = Get(r, CentreExp),
        ShiftNew = Get(r, ShiftNew),
        ShiftOld = Get(r, ShiftOld),
        Offset = Get(r, Offset),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsValid(int r) => GetInt(r, Label) != Ignored;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly RowGpuCoefficients Coefficients(int r) => new()
    {
        First = Get(r, First),
        Second = Get(r, Second),
        OfBase = Get(r, OfBase),
        Constant = Get(r, Constant),
        AtLabel = Get(r, AtLabel),
    };

    /// <summary>Value, terms and coefficients of a row. <paramref name="second"/>: the sums of the second look.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Finish(int parts, in RowLossArguments g, int r, long row, RowGpuSums second)
    {
        RowGpuFacts facts = Facts(r, row);
        bool valid = facts.Label != Ignored, hasOld = g.Old.Length > 0, crossEntropy = (parts & RowLossParts.CrossEntropy) != 0;
        int label = facts.Label < 0 ? 0 : facts.Label;
        bool rightNew = facts.ArgmaxNew == label, rightOld = hasOld && facts.ArgmaxOld == label, isCentred = GetInt(r, Look) == LookCentred;
        float labelNew = g.New[(row * g.LdNew) + label], labelOld = hasOld ? g.Old[(row * g.LdOld) + label] : 0f;
        float weight = g.FocalAlpha + (rightOld ? g.FocalBeta : 0f), pull = weight * g.DistanceWeight;
        float rest = Get(r, RestNew), sumNew = Defined(1f + rest, facts.MaxNew), baseValue = 0f;
        float shifted = RowLossGpuElements.Shift(labelNew, facts.MaxNew), share = g.Smoothing / g.Classes;
        if (crossEntropy)
        {
            float logSum = float.IsNaN(sumNew) ? sumNew : GpuMath.LogOnePlus(rest);
            baseValue = (-(1f - g.Smoothing) * shifted) + logSum;
            if ((parts & RowLossParts.Smoothed) != 0) baseValue -= share * Get(r, Shifted);
        }
        if ((parts & RowLossParts.Squared) != 0) baseValue = rest * 0.5f;

        float distance = 0f, drift = 0f, growth = 0f;
        if ((parts & RowLossParts.Divergence) != 0)
        {
            float p = (parts & RowLossParts.Reversed) != 0 ? Defined(1f + Get(r, RestNewT), facts.MaxNew) : Defined(1f + Get(r, RestOldT), facts.MaxOld);
            drift = second.New / p;
            growth = (second.Base / p) + drift;
            float careful = GpuMath.LogOnePlus(growth) - drift;
            distance = (isCentred ? (careful < 0f ? 0f : careful) : Get(r, Plain)) * g.DivergenceFactor;
        }
        if ((parts & RowLossParts.Matching) != 0) distance = Get(r, Distance) * 0.5f;
        if ((parts & RowLossParts.TopDifference) != 0)
        {
            bool known = (facts.ArgmaxNew >= 0) & (facts.ArgmaxOld >= 0);
            if (g.Chosen.Length > 0) known &= TopClassesGpuKernels.IsKnown(g.Chosen, row, g.Classes);
            distance = known ? Get(r, Distance) / g.TopK : float.NaN;
        }
        if (g.Naive != 0) distance = baseValue;
        // A weight of zero takes an infinite distance out, but no NaN.
        float nothing = float.IsNaN(distance) ? distance : 0f;
        float weighted = weight == 0f ? nothing : weight * distance, pulled = pull == 0f ? nothing : pull * distance;
        float value = valid ? baseValue + pulled : 0f;
        if (g.Values.Length > 0) g.Values[row] = value;
        float flags = 0f;
        if (valid)
        {
            // Sums of floats: the compiler translates a conversion of chosen integers wrongly.
            flags = RowTermFlags.Valid;
            if (float.IsNaN(value)) flags += RowTermFlags.Undefined;
            if (rightOld) flags += RowTermFlags.RightOld;
            if (rightNew) flags += RowTermFlags.RightNew;
            if (facts.ArgmaxNew == facts.ArgmaxOld) flags += RowTermFlags.Same;
            if (facts.ArgmaxOld < 0) flags += RowTermFlags.NoOld;
            if (facts.ArgmaxNew < 0) flags += RowTermFlags.NoNew;
        }
        g.Terms[row] = new Float4(valid ? baseValue : 0f, valid ? distance : 0f, valid ? weighted : 0f, flags);
        if (g.Gradient.Length == 0) return;

        float first = 0f, secondBy = 0f, ofBase = 0f, constant = 0f, atLabel = 0f, baseScale = g.Naive != 0 ? g.GradientScale * (1f + pull) : g.GradientScale;
        float labelExpNew = 0f;
        if ((parts & RowLossParts.Divergence) != 0)
        {
            bool reversed = (parts & RowLossParts.Reversed) != 0;
            labelExpNew = GpuMath.ExpOfNegative(shifted * g.InverseTemperature);
            float labelExpOld = GpuMath.ExpOfNegative(RowLossGpuElements.Shift(labelOld, facts.MaxOld) * g.InverseTemperature);
            RowGpuSums unused = default;
            float centred = RowLossGpuElements.Centre(parts, g, CentreOf(r), labelNew, labelOld, labelExpNew, labelExpOld, ref unused);
            float factor = g.GradientScale * pull * (g.DivergenceFactor * g.InverseTemperature);
            float totalNew = Defined(1f + Get(r, RestNewT), facts.MaxNew), totalOld = Defined(1f + Get(r, RestOldT), facts.MaxOld);
            if (reversed)
            {
                // (1/τ) p_new (δ − E[δ]) = (1/τ) p_new (E[x] − x)
                first = -(factor / totalNew);
                secondBy = first * drift;
                atLabel = (first * centred) - (secondBy * labelExpNew);
            }
            else
            {
                // (1/τ) (p_new − p_old); centred: p_old·(eˣ − 1 − E[eˣ − 1]) / E[eˣ]
                first = factor / (isCentred ? totalOld * (1f + growth) : totalNew);
                secondBy = isCentred ? first * growth : factor / totalOld;
                atLabel = (first * (isCentred ? centred : labelExpNew)) - (secondBy * labelExpOld);
            }
        }
        if ((parts & RowLossParts.Matching) != 0)
        {
            first = g.GradientScale * pull;
            atLabel = RowLossGpuElements.Weighted(first, RowLossGpuElements.Shift(labelNew, labelOld));
        }
        if ((parts & RowLossParts.TopDifference) != 0)
        {
            first = g.GradientScale * pull / g.TopK;
            RowGpuSums unused = default;
            atLabel = RowLossGpuElements.Weighted(first, RowLossGpuElements.Difference(g, facts, labelNew, labelOld, label, ref unused));
            // Without a distance there is no gradient either.
            if (float.IsNaN(distance)) constant = float.NaN;
        }
        if (crossEntropy)
        {
            ofBase = baseScale / sumNew;
            if ((parts & RowLossParts.Smoothed) != 0) constant -= baseScale * share;
            float labelExp = (parts & RowLossParts.Divergence) != 0
                ? RowLossGpuElements.AtOne(parts, labelExpNew, labelNew, facts.MaxNew)
                : GpuMath.ExpOfNegative(shifted);
            // p − 1 at a label that is the argmax: by what the other classes have, for 1 − p would lose it.
            float missing = rightNew ? -(rest / sumNew) : (labelExp / sumNew) - 1f;
            atLabel += baseScale * (missing + (g.Smoothing - share));
        }
        if ((parts & RowLossParts.Squared) != 0)
        {
            ofBase = baseScale;
            atLabel += baseScale * (labelNew - g.TargetScale);
        }
        Set(r, First, first);
        Set(r, Second, secondBy);
        Set(r, OfBase, ofBase);
        Set(r, Constant, constant);
        Set(r, AtLabel, float.IsNaN(constant) ? constant : atLabel);
    }

    /// <summary>NaN where the row's maximum is −∞ or NaN: there is no softmax.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Defined(float sum, float max) => max > float.NegativeInfinity ? sum : float.NaN;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Magnitude(float x) => x < 0f ? -x : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Get(int r, int kind) => _memory[(kind * _rows) + r];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Set(int r, int kind, float value) => _memory[(kind * _rows) + r] = value;

    /// <summary>Whole numbers keep their bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int GetInt(int r, int kind) => (int)Interop.FloatAsInt(Get(r, kind));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SetInt(int r, int kind, int value) => Set(r, kind, Interop.IntAsFloat((uint)value));
}
