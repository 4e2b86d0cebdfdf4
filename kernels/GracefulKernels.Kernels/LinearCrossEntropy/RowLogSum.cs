namespace GracefulKernels.Kernels;

/// <summary>What one row's cross-entropy needs of its logits, cut by cut. The label's logit stays apart: what the other classes have is what <c>1 − p_y</c> is, to full precision.</summary>
internal unsafe struct RowLogSum
{
    /// <summary>The largest logit among the other classes so far; NaN where one of them is.</summary>
    public float MaxOfOthers;

    /// <summary>Σ over them of <c>e^{z − MaxOfOthers}</c>.</summary>
    public double Others;

    /// <summary>Σ z over all classes, for label smoothing.</summary>
    public double Sum;

    public float LabelLogit;

    /// <summary>After <see cref="Finish"/>: the largest logit of all.</summary>
    public float Max;

    /// <summary>After <see cref="Finish"/>: what <c>e^{z − Max}</c> is multiplied by in the gradient.</summary>
    public float Coefficient;

    /// <summary>After <see cref="Finish"/>: the gradient at the label.</summary>
    public float AtLabel;

    public static RowLogSum Empty => new() { MaxOfOthers = float.NegativeInfinity };

    /// <summary>Adds the other classes of a cut: their largest logit and their sum relative to it.</summary>
    public void Add<TLanes, TDoubles>(float max, double sum)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        if (float.IsNaN(max) || float.IsNaN(MaxOfOthers)) MaxOfOthers = float.NaN;
        else if (max > MaxOfOthers)
        {
            Others = (Others * Exp<TLanes, TDoubles>(MaxOfOthers - max)) + sum;
            MaxOfOthers = max;
        }
        // Equal infinities are 0 apart.
        else Others += max == MaxOfOthers ? sum : sum * Exp<TLanes, TDoubles>(max - MaxOfOthers);
    }

    /// <summary>The row's loss, <c>log Σ e^z − (1 − ε)·z_y − (ε/C)·Σ z</c>; leaves what the gradient needs.</summary>
    public float Finish<TLanes, TDoubles>(int classes, float smoothing, float scale)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        float label = LabelLogit, others = MaxOfOthers;
        if (float.IsNaN(label) || float.IsNaN(others) || (float.IsNegativeInfinity(label) && float.IsNegativeInfinity(others)))
        {
            Max = Coefficient = AtLabel = float.NaN;
            return float.NaN;
        }
        bool wins = label >= others;
        Max = wins ? label : others;
        double atOthers = float.IsNegativeInfinity(others) ? 0 : others == Max ? Others : Others * Exp<TLanes, TDoubles>(others - Max);
        double atLabel = wins ? 1 : Exp<TLanes, TDoubles>(label - Max), total = atOthers + atLabel;
        Coefficient = (float)(scale / total);
        double missing = wins ? -atOthers / total : (atLabel / total) - 1, share = (double)smoothing / classes;
        AtLabel = (float)(scale * (missing + (smoothing - share)));
        // The largest of all counts 1, so that the sum is 1 and more.
        double value = LogOnePlus<TLanes, TDoubles>((float)(wins ? atOthers : Others - 1 + atLabel)) + ((1 - smoothing) * (wins ? 0 : (double)Max - label));
        return smoothing > 0 ? (float)(value - (share * Shifted(classes))) : (float)value;
    }

    /// <summary>Σ (z − Max); 0 where every logit is the same infinity.</summary>
    private readonly double Shifted(int classes)
    {
        if (!float.IsPositiveInfinity(Max)) return Sum - ((double)classes * Max);
        return LabelLogit == MaxOfOthers && Others == classes - 1 ? 0 : double.NegativeInfinity;
    }

    private static float Exp<TLanes, TDoubles>(float x)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
        => First<TLanes, TDoubles>(LaneMath.Exp<TLanes, TDoubles>(TLanes.Broadcast(x)));

    private static float LogOnePlus<TLanes, TDoubles>(float y)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
        => First<TLanes, TDoubles>(LaneMath.LogOnePlus<TLanes, TDoubles>(TLanes.Broadcast(y)));

    private static float First<TLanes, TDoubles>(TLanes lanes)
        where TLanes : struct, ILanes<TLanes, TDoubles>
        where TDoubles : struct, IDoubleLanes<TDoubles>
    {
        float first;
        TLanes.StorePartial(&first, 1, lanes);
        return first;
    }
}
